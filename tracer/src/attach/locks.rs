//! The programs that count waits for the kernel's own locks: not every kernel has the tracepoints.

use anyhow::{Context as _, Result};
use aya::{
    Btf, BtfError,
    maps::PerCpuArray,
    programs::{BtfTracePoint, ProgramError},
};
use tracer_common::locks::{ByCall, Lock, Waits};

use super::{
    Programs,
    refusal::{refused, refused_program},
};

/// Each program is named as its tracepoint.
const TRACEPOINTS: [&str; 2] = ["contention_begin", "contention_end"];
/// The task iterator.
pub(super) const ITERATOR: &str = "lock_waits";

impl Programs {
    /// Whether waits for locks are counted on this kernel.
    #[must_use]
    pub fn counts_lock_waits(&self) -> bool {
        self.counts_lock_waits
    }

    /// What every target thread has waited for locks, if it has: one
    /// [`LockWaits`](tracer_common::locks::LockWaits) after another.
    ///
    /// # Errors
    /// If the task iterator fails.
    pub fn lock_waits(&mut self) -> Result<Vec<u8>> {
        if self.counts_lock_waits { self.walk(ITERATOR) } else { Ok(Vec::new()) }
    }

    /// What all targets have waited for each kind of lock, by the places of [`ByCall`]; nothing of
    /// places and kinds without a wait.
    ///
    /// # Errors
    /// If the map cannot be read.
    pub fn lock_waits_by_call(&self) -> Result<Vec<(Lock, usize, Waits)>> {
        let map = self.bpf.map("LOCKS_BY_CALL").context("the eBPF object has no sums by call")?;
        let by_lock: PerCpuArray<_, ByCall> = PerCpuArray::try_from(map)?;
        let mut found = Vec::new();
        for lock in Lock::ALL {
            let cpus = by_lock.get(&(lock as u32), 0)?;
            for place in 0..ByCall::PLACES {
                let waits = cpus.iter().map(|cpu| cpu.waits[place]);
                let (count, ns) =
                    waits.fold((0, 0), |(count, ns), cpu| (count + cpu.count, ns + cpu.ns));
                if count > 0 {
                    found.push((lock, place, Waits { count, ns }));
                }
            }
        }
        Ok(found)
    }

    /// Loads the programs. False if the kernel has no such tracepoints.
    pub(super) fn load_locks(&mut self, btf: &Btf) -> Result<bool> {
        for name in TRACEPOINTS {
            let program: &mut BtfTracePoint = self.program(name)?.try_into()?;
            match program.load(name, btf) {
                Ok(()) => {}
                Err(ProgramError::Btf(BtfError::UnknownBtfTypeName { .. })) => return Ok(false),
                Err(e) => return Err(refused_program(&format!("the program for `{name}`"), e)),
            }
        }
        Ok(true)
    }

    /// Attaches the programs.
    pub(super) fn attach_locks(&mut self) -> Result<()> {
        for name in TRACEPOINTS {
            let program: &mut BtfTracePoint = self.program(name)?.try_into()?;
            let attached = program.attach();
            attached.map_err(|e| refused(&format!("attaching to the tracepoint `{name}`"), e))?;
        }
        Ok(())
    }

    /// Detaches them.
    pub(super) fn detach_locks(&mut self) -> Result<()> {
        for name in TRACEPOINTS {
            let program: &mut BtfTracePoint = self.program(name)?.try_into()?;
            program.unload()?;
        }
        Ok(())
    }
}
