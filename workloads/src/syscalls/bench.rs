//! What the calls are made on, and the making.

use std::sync::atomic::AtomicU32;

use anyhow::{Context, Result};
use nix::errno::Errno;

use super::plan::Plan;
use super::step::{Act, Step};
use crate::raw::heap::{self, Heap};
use crate::raw::memory::{self, Mapping};
use crate::raw::{LENGTH, compat, futex, thread};
use crate::tally::{Call, Tally};
use crate::truth::monotonic;

/// A mapping and a futex word for one thread. Made before the steps, for it takes a `mmap`.
#[derive(Debug)]
pub(super) struct Bench {
    ground: Mapping,
    writable: bool,
    word: AtomicU32,
}

impl Bench {
    /// The value the futex word holds.
    const HELD: u32 = 0;

    /// Everything the steps need.
    pub(super) fn new() -> Result<Self> {
        let ground = Mapping::new(LENGTH).context("cannot map the memory to work on")?;
        Ok(Self { ground, writable: true, word: AtomicU32::new(Self::HELD) })
    }

    /// Does all steps of `plan` and counts them. Nothing is allocated on the way.
    ///
    /// # Errors
    /// If a call ended otherwise than stated.
    pub(super) fn perform(&mut self, plan: &Plan, tally: &mut Tally) -> Result<()> {
        let mut heap = Heap::here();
        for step in plan.steps() {
            for _ in 0..step.times {
                self.act(step, &mut heap, tally)?;
            }
        }
        Ok(())
    }

    fn act(&mut self, step: &Step, heap: &mut Heap, tally: &mut Tally) -> Result<()> {
        match step.act {
            Act::BrkGrow => tally.moves_break(Call::BrkGrow, LENGTH, heap.grow()?),
            Act::BrkShrink => tally.moves_break(Call::BrkShrink, LENGTH, heap.shrink()?),
            Act::BrkQuery => {
                tally.succeeds(Call::BrkQuery, Ok::<_, Errno>(heap::query())).map(drop)
            }
            Act::BrkFail => tally.refuses_break(heap::ask_impossible()),
            Act::Mmap => {
                let mapping = tally.succeeds(Call::Mmap, Mapping::new(LENGTH))?;
                tally.succeeds(Call::Munmap, mapping.unmap())
            }
            Act::Populate => {
                let mapping = tally.succeeds(Call::Mmap, Mapping::populated(64 * LENGTH))?;
                tally.succeeds(Call::Munmap, mapping.unmap())
            }
            Act::Madvise => tally.succeeds(Call::Madvise, self.ground.release_pages()),
            Act::Mprotect => {
                self.writable = !self.writable;
                tally.succeeds(Call::Mprotect, self.ground.protect(self.writable))
            }
            Act::Mremap => {
                let other = if self.ground.length() == LENGTH { 2 * LENGTH } else { LENGTH };
                tally.succeeds(Call::Mremap, self.ground.resize(other))
            }
            Act::FutexWait => self.wait_for_timeout(step, tally),
            Act::FutexWake => tally.succeeds(Call::Futex, futex::wake(&self.word)).map(drop),
            Act::FutexEagain => {
                let waited = futex::wait(&self.word, Self::HELD + 1, None);
                tally.fails(Call::Futex, Errno::EAGAIN, waited)
            }
            Act::SchedYield => tally.succeeds(Call::SchedYield, thread::sched_yield()),
            Act::Getppid => tally.succeeds(Call::Getppid, thread::getppid()).map(drop),
            Act::Nanosleep => tally.succeeds(Call::Nanosleep, thread::nanosleep(step.lasting)),
            Act::Fail => tally.fails(Call::Munmap, Errno::EINVAL, memory::unmap_unaligned()),
            Act::Compat => tally.succeeds(Call::CompatGetpid, compat::getpid()).map(drop),
            Act::CompatChdir => {
                tally.fails(Call::CompatChdir, Errno::EFAULT, compat::chdir_nowhere())
            }
            Act::Spin => {
                let start = monotonic()?;
                while monotonic()?.saturating_sub(start) < step.lasting {}
                Ok(())
            }
        }
    }

    fn wait_for_timeout(&self, step: &Step, tally: &mut Tally) -> Result<()> {
        let start = monotonic()?;
        let deadline = start.saturating_add(step.lasting);
        let waited = futex::wait(&self.word, Self::HELD, Some(deadline));
        tally.futex_waited(monotonic()?.saturating_sub(start));
        tally.fails(Call::Futex, Errno::ETIMEDOUT, waited)
    }
}
