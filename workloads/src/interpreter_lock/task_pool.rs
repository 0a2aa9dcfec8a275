//! A pool of threads that look for tasks, and yield as long as there are none.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::Result;

use crate::crunch::crunch;
use crate::raw::thread::sched_yield;
use crate::tally::{Call, Tally};
use crate::until::Limit;

/// Tasks in a parallel loop, for each thread.
const TASKS_PER_THREAD: u64 = 4;
/// Steps of a task: some 10 µs if optimised.
const TASK_STEPS: u64 = 5_000;
/// Steps that the caller does alone between two parallel loops: some 50 µs.
const SERIAL_STEPS: u64 = 25_000;

/// Tasks, numbered from 0.
#[derive(Debug, Default)]
pub(super) struct Pool {
    /// Tasks there have been.
    published: AtomicU64,
    /// Tasks that a thread has taken.
    taken: AtomicU64,
    /// Tasks that are done.
    done: AtomicU64,
    closed: AtomicBool,
}

impl Pool {
    /// What the calling thread does: in turn something alone, and a loop that it shares with the
    /// others. Returns how many such rounds.
    pub(super) fn call(&self, threads: u64, limit: &Limit, tally: &mut Tally) -> Result<u64> {
        let mut rounds = 0;
        while !limit.reached(rounds) {
            run_serial_part();
            let tasks = self.published.load(Ordering::SeqCst) + threads * TASKS_PER_THREAD;
            self.published.store(tasks, Ordering::SeqCst);
            while self.take_task() {
                self.run_task();
            }
            while self.done.load(Ordering::SeqCst) < tasks {
                yield_without_task(tally)?;
            }
            rounds += 1;
        }
        self.closed.store(true, Ordering::SeqCst);
        Ok(rounds)
    }

    /// What every other thread does.
    pub(super) fn serve(&self, tally: &mut Tally) -> Result<()> {
        while !self.closed.load(Ordering::SeqCst) {
            if self.take_task() {
                self.run_task();
            } else {
                yield_without_task(tally)?;
            }
        }
        Ok(())
    }

    /// Tasks done by all.
    pub(super) fn tasks_done(&self) -> u64 {
        self.done.load(Ordering::SeqCst)
    }

    /// Whether there was a task, which is the caller's now.
    fn take_task(&self) -> bool {
        let published = self.published.load(Ordering::SeqCst);
        let next = |taken| (taken < published).then_some(taken + 1);
        self.taken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next).is_ok()
    }

    #[inline(never)]
    fn run_task(&self) {
        crunch(TASK_STEPS);
        self.done.fetch_add(1, Ordering::SeqCst);
    }
}

#[inline(never)]
fn run_serial_part() {
    crunch(SERIAL_STEPS);
}

#[inline(never)]
fn yield_without_task(tally: &mut Tally) -> Result<()> {
    tally.succeeds(Call::SchedYield, sched_yield())
}
