//! A word that threads wait on in the kernel, and that is woken only if someone waits.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Result;

use crate::raw::futex;
use crate::tally::{Tally, WaitEnd};
use crate::truth::monotonic;

/// The word, and how many wait on it.
#[derive(Debug)]
pub(super) struct Word {
    value: AtomicU32,
    waiters: AtomicU32,
}

impl Word {
    /// A word that holds `value`.
    pub(super) fn new(value: u32) -> Self {
        Self { value: AtomicU32::new(value), waiters: AtomicU32::new(0) }
    }

    /// What it holds.
    pub(super) fn load(&self) -> u32 {
        self.value.load(Ordering::SeqCst)
    }

    /// Makes it hold `value`.
    pub(super) fn store(&self, value: u32) {
        self.value.store(value, Ordering::SeqCst);
    }

    /// Makes it hold `new` if it holds `old`; whether it did.
    pub(super) fn replace(&self, old: u32, new: u32) -> bool {
        self.value.compare_exchange(old, new, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Sleeps while it holds `expected`, until woken, or for `at_most`. One `futex` call.
    pub(super) fn wait(
        &self,
        expected: u32,
        at_most: Option<Duration>,
        tally: &mut Tally,
    ) -> Result<WaitEnd> {
        self.waiters.fetch_add(1, Ordering::SeqCst);
        let start = monotonic()?;
        let deadline = at_most.map(|time| start.saturating_add(time));
        let waited = futex::wait(&self.value, expected, deadline);
        self.waiters.fetch_sub(1, Ordering::SeqCst);
        tally.futex_wait_ended(monotonic()?.saturating_sub(start), waited)
    }

    /// Wakes one who waits. One `futex` call if someone does, or is about to; else none.
    pub(super) fn wake(&self, tally: &mut Tally) -> Result<()> {
        if self.waiters.load(Ordering::SeqCst) > 0 {
            tally.futex_woke(futex::wake(&self.value))?;
        }
        Ok(())
    }
}
