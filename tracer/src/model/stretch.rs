//! A stretch of time that is accounted for.

use tracer_common::record::{Call, Standing};

use super::{
    Keep,
    accounts::{Account, Accounts},
    concurrency::Concurrency,
    locks::{self, ByPlace},
    pauses::Pauses,
};

/// The accounts of a stretch of time.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// Its beginning.
    pub start_ns: u64,
    /// Its end.
    pub end_ns: u64,
    /// What was done in it.
    pub accounts: Accounts,
    /// How many ran at the same time.
    pub concurrency: Concurrency,
    /// Who was held up.
    pub pauses: Pauses,
    /// Where all waited for the kernel's own locks.
    pub locks_by_place: ByPlace,
    /// What the kernel has summed and does not know whose it is: a part of the sum over all only.
    pub of_nobody: Account,
}

impl Stretch {
    /// One that begins here, in which nothing has been done.
    pub(super) fn begin(start_ns: u64, keep: Keep) -> Self {
        Self {
            start_ns,
            end_ns: u64::MAX,
            accounts: Accounts::default(),
            concurrency: Concurrency::default(),
            pauses: Pauses::over(keep.pauses_over_ns),
            locks_by_place: ByPlace::new(),
            of_nobody: Account::default(),
        }
    }

    /// Adds the stretch that followed.
    pub fn absorb(&mut self, later: &Self) {
        self.end_ns = later.end_ns;
        self.accounts.absorb(&later.accounts);
        self.concurrency.absorb(&later.concurrency);
        self.pauses.absorb(&later.pauses);
        locks::absorb(&mut self.locks_by_place, &later.locks_by_place);
        self.of_nobody.absorb(&later.of_nobody);
    }
}

/// What is found under way when a stretch ends.
#[derive(Clone, Copy, Debug)]
pub struct UnderWay<'a> {
    /// The calls that are open.
    pub calls: &'a [Call],
    /// How every thread stands.
    pub threads: &'a [Standing],
    /// Nothing follows: what is under way will send no more.
    pub last: bool,
}
