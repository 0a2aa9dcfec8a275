//! What the programs have kept of calls and stays that were not sent.

use anyhow::{Context as _, Result};
use aya::maps::{Array, PerCpuArray};
use tracer_common::{
    control::Control,
    cpu::Counter,
    fold::{FoldedCalls, FoldedStays},
    shape::Cell,
};

use super::Programs;

/// The task iterators.
pub(super) const CALLS: &str = "folded_calls";
pub(super) const STAYS: &str = "folded_stays";

/// The number of cells, for so many CPUs.
pub(super) const fn cells(cpus: u32) -> u32 {
    cpus.saturating_mul(2 * Cell::PER_EPOCH)
}

/// Sums of the calls and stays whose threads had no place for them, on one CPU, since the start.
#[derive(Clone, Debug)]
pub struct OfAll {
    /// Their calls, by kind.
    pub calls: Vec<FoldedCalls>,
    /// Their stays.
    pub stays: FoldedStays,
}

impl Programs {
    /// Tells the programs what counts from now on.
    ///
    /// # Errors
    /// If the map cannot be written.
    pub fn control(&mut self, control: &Control) -> Result<()> {
        let map = self.bpf.map_mut("CONTROL").context("the eBPF object has no control")?;
        Ok(Array::<_, Control>::try_from(map)?.set(0, control, 0)?)
    }

    /// How many calls and stays have been folded since the start.
    ///
    /// # Errors
    /// If the map cannot be read.
    pub fn folded(&self) -> Result<u64> {
        Ok(self.count(Counter::FoldedCalls)? + self.count(Counter::FoldedSlices)?)
    }

    /// How many of them are known of no process.
    ///
    /// # Errors
    /// If the map cannot be read.
    pub fn folded_of_nobody(&self) -> Result<u64> {
        Ok(self.count(Counter::HomelessCalls)? + self.count(Counter::HomelessSlices)?)
    }

    /// The calls that were folded in the epoch before: one [`FoldedCalls`] after another.
    ///
    /// # Errors
    /// If the task iterator fails.
    pub fn folded_calls(&mut self) -> Result<Vec<u8>> {
        self.walk(CALLS)
    }

    /// The stays that were: one [`FoldedStays`] after another.
    ///
    /// # Errors
    /// If the task iterator fails.
    pub fn folded_stays(&mut self) -> Result<Vec<u8>> {
        self.walk(STAYS)
    }

    /// Takes out the cells of the epoch that began at `epoch_ns`. It must be over, on every CPU.
    pub fn take_cells(&mut self, epoch_ns: u64, cell: impl FnMut(Cell)) {
        let (place, size) = (Control::place(epoch_ns) as usize, Cell::PER_EPOCH as usize);
        self.cells.take(size, |chunk| chunk % 2 == place, cell);
    }

    /// What was folded of threads that had no place for it, on each CPU.
    ///
    /// # Errors
    /// If a map cannot be read.
    pub fn folded_of_all(&self) -> Result<Vec<OfAll>> {
        let map = |name| self.bpf.map(name).context("the eBPF object has no sums of all");
        let stays: PerCpuArray<_, FoldedStays> = PerCpuArray::try_from(map("ALL_STAYS")?)?;
        let calls: PerCpuArray<_, FoldedCalls> = PerCpuArray::try_from(map("ALL_CALLS")?)?;
        let mut of_all: Vec<OfAll> = stays
            .get(&0, 0)?
            .iter()
            .map(|stays| OfAll { calls: Vec::new(), stays: *stays })
            .collect();
        for place in 0..calls.len() {
            let cpus = calls.get(&place, 0)?;
            for (of_all, row) in of_all.iter_mut().zip(cpus.iter()) {
                if row.count > 0 {
                    of_all.calls.push(*row);
                }
            }
        }
        Ok(of_all)
    }

    /// Waits until no program works any more with what it was told before now.
    pub fn wait_for_programs(&self) {
        super::sys::wait_for_every_cpu();
    }
}
