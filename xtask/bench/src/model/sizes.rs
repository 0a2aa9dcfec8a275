//! What a run takes of memory and of time to start, on paper.

use tracer_common::{ring::Slot, shape::Cell, thread::Thread};

/// The ring of births and deaths, and the one of what is saved from full rings.
const RARE: u64 = 4 << 20;
/// Each CPU's part of the cells that a full ring is folded into, for two epochs.
const CELLS: u64 = 2 * Cell::PER_EPOCH as u64 * size_of::<Cell>() as u64;
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
    pub(crate) ring_bytes: u32,
    /// One CPU's ring of samples.
    pub(crate) sample_ring_bytes: u64,
}

impl Sizes {
    /// Calls that the ring of one CPU holds.
    pub(crate) fn records(&self) -> f64 {
        Slot::fit(self.ring_bytes).into()
    }

    /// The rings of calls, in the kernel: locked from start to end, and memory of the tracer too.
    fn records_bytes(&self) -> u64 {
        self.cpus * u64::from(Slot::fit(self.ring_bytes)) * size_of::<Slot>() as u64
    }

    /// The other rings, likewise.
    fn rare_bytes(&self) -> u64 {
        self.cpus * self.sample_ring_bytes + RARE
    }

    /// All rings.
    pub(crate) fn rings(&self) -> u64 {
        self.records_bytes() + self.rare_bytes()
    }

    /// Cells of folded distributions, in the kernel too.
    pub(crate) fn cells(&self) -> u64 {
        self.cpus * CELLS
    }

    /// States of target threads, in the kernel: as long as the threads live.
    pub(crate) fn states(&self) -> u64 {
        let state = (size_of::<Thread>() + STORAGE_LINKS).next_power_of_two() as u64;
        self.threads * (state + STORAGE_LIST)
    }

    /// What the rings add to the resident memory of the tracer. Those of the kernel's own kind are
    /// mapped twice, one behind the other, so that a record never falls apart: each page counts twice.
    pub(crate) fn shown_resident(&self) -> u64 {
        self.records_bytes() + 2 * self.rare_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn rings_are_the_memory_that_grows_with_cpus() {
        let two = Sizes { cpus: 2, threads: 10, ring_bytes: 2 << 20, sample_ring_bytes: 64 << 10 };
        assert_eq!(two.rings(), 2 * (16_384 * 88 + (64 << 10)) + 4 * MIB);
        let many = Sizes { cpus: 192, ..two };
        assert_eq!(many.rings() / MIB, 280);
        assert_eq!(many.shown_resident() / MIB, 296);
    }

    #[test]
    fn a_ring_holds_a_power_of_two_of_records_within_its_bytes() {
        let sizes = |ring_bytes| Sizes { cpus: 1, threads: 1, ring_bytes, sample_ring_bytes: 0 };
        assert_eq!(sizes(4096).records(), 32.0);
        assert_eq!(sizes(2 << 20).records(), 16_384.0);
    }

    #[test]
    fn ten_thousand_threads_take_a_few_mib() {
        let sizes = Sizes { cpus: 1, threads: 10_000, ring_bytes: 0, sample_ring_bytes: 0 };
        assert!(sizes.states() < 16 * MIB, "{}", sizes.states());
    }
}
