//! The accounts of all processes, or threads, over a stretch of time.

use std::collections::BTreeMap;

use tracer_common::record::Call;

use super::{
    calls::{CallKind, Calls},
    churn::Churn,
    futexes::Futexes,
    locks::{self, ByLock},
    samples::Samples,
    stays::Stays,
};

/// Whose account: a process, or with `--threads` one of its threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// The process.
    pub cookie: u64,
    /// Its thread; `None` for all of them together.
    pub tid: Option<u32>,
}

/// What one owner did.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Its system calls, by kind.
    pub calls: BTreeMap<CallKind, Calls>,
    /// Memory that it gave back and took again.
    pub churn: Churn,
    /// Its futex calls, by the word.
    pub futexes: Futexes,
    /// Its time on and off the CPUs.
    pub stays: Stays,
    /// Where it was found while it was on one.
    pub samples: Samples,
    /// Its waits for the kernel's own locks.
    pub locks: ByLock,
}

impl Account {
    /// Adds what came after, or what others did.
    pub fn absorb(&mut self, other: &Self) {
        for (kind, calls) in &other.calls {
            self.calls.entry(*kind).or_default().absorb(calls);
        }
        self.churn.absorb(&other.churn);
        self.futexes.absorb(&other.futexes);
        self.stays.absorb(&other.stays);
        self.samples.absorb(&other.samples);
        locks::absorb(&mut self.locks, &other.locks);
    }
}

/// Every account.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    by_owner: BTreeMap<Owner, Account>,
}

impl Accounts {
    /// The account of an owner, made if it is new.
    pub fn of(&mut self, owner: Owner) -> &mut Account {
        self.by_owner.entry(owner).or_default()
    }

    /// The calls of the kind and the owner of `call`.
    pub fn calls(&mut self, owner: Owner, call: &Call) -> &mut Calls {
        self.of(owner).calls.entry(CallKind::of(call)).or_default()
    }

    /// The account of an owner, if it has done anything.
    #[must_use]
    pub fn get(&self, owner: Owner) -> Option<&Account> {
        self.by_owner.get(&owner)
    }

    /// Everyone who has an account.
    pub fn all_owners(&self) -> impl Iterator<Item = Owner> {
        self.by_owner.keys().copied()
    }

    /// All accounts.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.by_owner.values()
    }

    /// The owners of one process: itself, or those of its threads that have done anything.
    pub fn owners(&self, cookie: u64) -> impl Iterator<Item = Owner> {
        let all = Owner { cookie, tid: None }..=Owner { cookie, tid: Some(u32::MAX) };
        self.by_owner.range(all).map(|(owner, _)| *owner)
    }

    /// Adds the accounts of the stretch of time that followed.
    pub fn absorb(&mut self, later: &Self) {
        for calls in self.by_owner.values_mut().flat_map(|account| account.calls.values_mut()) {
            calls.forget_open();
        }
        for (owner, account) in &later.by_owner {
            self.by_owner.entry(*owner).or_default().absorb(account);
        }
    }
}
