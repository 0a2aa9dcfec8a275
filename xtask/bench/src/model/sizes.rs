//! What a run takes of memory and of time to start, on paper.

use tracer_common::{record::Call, thread::Thread};

/// A ring puts this in front of each record.
const RING_HEADER: usize = 8;
/// The ring of births and deaths.
const LIVES: u64 = 1 << 20;
/// The kernel allocates what it stores with a task in powers of two: the state with its links,
/// and for a task's first storage of any kind the list that it hangs on.
const STORAGE_LINKS: usize = 72;
const STORAGE_LIST: u64 = 256;

/// Sizes that decide the memory of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) cpus: u64,
    pub(crate) threads: u64,
    /// `--ring-size`
    pub(crate) ring_bytes: u64,
    /// One CPU's ring of samples.
    pub(crate) sample_ring_bytes: u64,
}

impl Sizes {
    /// Calls that the ring of one CPU holds.
    pub(crate) fn records(&self) -> f64 {
        self.ring_bytes as f64 / (size_of::<Call>() + RING_HEADER) as f64
    }

    /// Rings, in the kernel: locked from start to end.
    pub(crate) fn rings(&self) -> u64 {
        self.cpus * (self.ring_bytes + self.sample_ring_bytes) + LIVES
    }

    /// States of target threads, in the kernel: as long as the threads live.
    pub(crate) fn states(&self) -> u64 {
        let state = (size_of::<Thread>() + STORAGE_LINKS).next_power_of_two() as u64;
        self.threads * (state + STORAGE_LIST)
    }

    /// What the rings add to the resident memory of the tracer: each is mapped twice, one behind
    /// the other, so that a record never falls apart, and each page counts twice.
    pub(crate) fn shown_resident(&self) -> u64 {
        2 * self.rings()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn rings_are_the_memory_that_grows_with_cpus() {
        let two = Sizes { cpus: 2, threads: 10, ring_bytes: 2 * MIB, sample_ring_bytes: 64 << 10 };
        assert_eq!(two.rings(), 2 * (2 * MIB + (64 << 10)) + MIB);
        let many = Sizes { cpus: 192, ..two };
        assert_eq!(many.rings() / MIB, 397);
        assert_eq!(many.shown_resident(), 2 * many.rings());
    }

    #[test]
    fn a_call_takes_72_bytes_of_a_ring() {
        let sizes = Sizes { cpus: 1, threads: 1, ring_bytes: 7200, sample_ring_bytes: 0 };
        assert_eq!(sizes.records(), 100.0);
    }

    #[test]
    fn ten_thousand_threads_take_a_few_mib() {
        let sizes = Sizes { cpus: 1, threads: 10_000, ring_bytes: 0, sample_ring_bytes: 0 };
        assert!(sizes.states() < 16 * MIB, "{}", sizes.states());
    }
}
