//! The accounts of all processes, or threads, over a stretch of time.

use std::collections::BTreeMap;

use tracer_common::record::Call;

use super::calls::{CallKind, Calls};

/// Whose account: a process, or with `--threads` one of its threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// The process.
    pub cookie: u64,
    /// Its thread; `None` for all of them together.
    pub tid: Option<u32>,
}

/// The calls of one owner, by kind.
pub type Account = BTreeMap<CallKind, Calls>;

/// Every account.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    by_owner: BTreeMap<Owner, Account>,
}

impl Accounts {
    /// The calls of the kind and the owner of `call`.
    pub fn of(&mut self, owner: Owner, call: &Call) -> &mut Calls {
        self.by_owner.entry(owner).or_default().entry(CallKind::of(call)).or_default()
    }

    /// The account of an owner, if it has made a call.
    #[must_use]
    pub fn get(&self, owner: Owner) -> Option<&Account> {
        self.by_owner.get(&owner)
    }

    /// The owners of one process: itself, or those of its threads that have made calls.
    pub fn owners(&self, cookie: u64) -> impl Iterator<Item = Owner> {
        let all = Owner { cookie, tid: None }..=Owner { cookie, tid: Some(u32::MAX) };
        self.by_owner.range(all).map(|(owner, _)| *owner)
    }

    /// Adds the accounts of the stretch of time that followed.
    pub fn absorb(&mut self, later: &Self) {
        for calls in self.by_owner.values_mut().flat_map(BTreeMap::values_mut) {
            calls.forget_open();
        }
        for (owner, account) in &later.by_owner {
            let mine = self.by_owner.entry(*owner).or_default();
            for (kind, calls) in account {
                mine.entry(*kind).or_default().absorb(calls);
            }
        }
    }
}
