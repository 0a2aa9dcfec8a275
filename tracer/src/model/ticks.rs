//! The kernel's own counts for each thread, which only ever grow: what they grew by.

use std::collections::BTreeMap;

use tracer_common::record::{Life, Standing};

/// Counts of one thread since its birth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// User time by ticks.
    pub(super) utime_ns: u64,
    /// System time by ticks.
    pub(super) stime_ns: u64,
    /// Page faults without I/O.
    pub(super) minor_faults: u64,
    /// Page faults with I/O.
    pub(super) major_faults: u64,
}

impl Counts {
    /// At a turning point.
    #[must_use]
    pub(super) const fn at(life: &Life) -> Self {
        let Life { utime_ns, stime_ns, minor_faults, major_faults, .. } = *life;
        Self { utime_ns, stime_ns, minor_faults, major_faults }
    }

    /// When it was looked at.
    #[must_use]
    pub(super) const fn of(standing: &Standing) -> Self {
        let Standing { slice: _, utime_ns, stime_ns, minor_faults, major_faults } = *standing;
        Self { utime_ns, stime_ns, minor_faults, major_faults }
    }

    const fn since(self, before: Self) -> Self {
        Self {
            utime_ns: self.utime_ns.saturating_sub(before.utime_ns),
            stime_ns: self.stime_ns.saturating_sub(before.stime_ns),
            minor_faults: self.minor_faults.saturating_sub(before.minor_faults),
            major_faults: self.major_faults.saturating_sub(before.major_faults),
        }
    }
}

/// The last counts of every thread that lives.
#[derive(Clone, Debug, Default)]
pub(super) struct Ticks {
    by_tid: BTreeMap<u32, Counts>,
}

impl Ticks {
    /// A thread is there from now on.
    pub(super) fn begin(&mut self, tid: u32, counts: Counts) {
        self.by_tid.insert(tid, counts);
    }

    /// What its counts have grown by; nothing if it is new.
    pub(super) fn grow(&mut self, tid: u32, counts: Counts) -> Counts {
        let before = self.by_tid.insert(tid, counts).unwrap_or(counts);
        counts.since(before)
    }

    /// The same, for the last time.
    pub(super) fn end(&mut self, tid: u32, counts: Counts) -> Counts {
        let before = self.by_tid.remove(&tid).unwrap_or(counts);
        counts.since(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(utime_ns: u64) -> Counts {
        Counts { utime_ns, ..Counts::default() }
    }

    #[test]
    fn a_thread_that_was_there_before_counts_from_when_it_was_found() {
        let mut ticks = Ticks::default();
        ticks.begin(1, user(100));
        assert_eq!(ticks.grow(1, user(130)), user(30));
        assert_eq!(ticks.end(1, user(135)), user(5));
    }

    #[test]
    fn a_reused_id_does_not_count_from_its_predecessor() {
        let mut ticks = Ticks::default();
        ticks.begin(1, user(100));
        ticks.end(1, user(100));
        ticks.begin(1, user(0));
        assert_eq!(ticks.grow(1, user(7)), user(7));
    }

    #[test]
    fn a_thread_never_announced_counts_nothing_at_first() {
        assert_eq!(Ticks::default().grow(1, user(50)), user(0));
    }
}
