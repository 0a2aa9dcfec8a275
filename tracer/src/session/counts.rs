//! What the programs have counted of what went wrong.

use anyhow::Result;
use tracer_common::cpu::Counter;

use crate::attach::Programs;

/// What went wrong in the kernel, since the start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) lost_calls: u64,
    pub(super) homeless_calls: u64,
    pub(super) homeless_slices: u64,
    pub(super) lost_samples: u64,
    pub(super) lost_lives: u64,
    pub(super) no_state: u64,
    pub(super) missed_switches: u64,
    pub(super) unknown_calls: u64,
    pub(super) lost_lock_waits: u64,
}

impl Counts {
    pub(super) fn read(programs: &Programs) -> Result<Self> {
        Ok(Self {
            lost_calls: programs.count(Counter::LostCalls)?,
            homeless_calls: programs.count(Counter::HomelessCalls)?,
            homeless_slices: programs.count(Counter::HomelessSlices)?,
            lost_samples: programs.count(Counter::LostSamples)?,
            lost_lives: programs.count(Counter::LostLives)?,
            no_state: programs.count(Counter::NoState)?,
            missed_switches: programs.count(Counter::MissedSwitches)?,
            unknown_calls: programs.count(Counter::UnknownCalls)?,
            lost_lock_waits: programs.count(Counter::LostLockWaits)?,
        })
    }
}
