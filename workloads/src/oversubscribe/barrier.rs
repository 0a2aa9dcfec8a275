//! A barrier at which no one sleeps.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use anyhow::Result;

use super::Wait;
use crate::raw::thread::sched_yield;
use crate::tally::{Call, Tally};

/// Where all `members` meet, any number of times.
#[derive(Debug)]
pub(super) struct Barrier {
    members: usize,
    wait: Wait,
    arrived: AtomicUsize,
    /// How often all have met.
    meetings: AtomicU32,
}

impl Barrier {
    /// A barrier at which no one has arrived.
    pub(super) fn new(members: usize, wait: Wait) -> Self {
        Self { members, wait, arrived: AtomicUsize::new(0), meetings: AtomicU32::new(0) }
    }

    /// Waits until all have arrived. Before anyone goes on, the last one does `last`; what it
    /// writes is seen by all.
    pub(super) fn meet(&self, tally: &mut Tally, last: impl FnOnce()) -> Result<()> {
        let meeting = self.meetings.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.members {
            last();
            self.arrived.store(0, Ordering::Relaxed);
            self.meetings.store(meeting.wrapping_add(1), Ordering::Release);
            return Ok(());
        }
        match self.wait {
            Wait::Yield => yield_until_all_arrived(&self.meetings, meeting, tally),
            Wait::Spin => {
                spin_until_all_arrived(&self.meetings, meeting);
                Ok(())
            }
        }
    }
}

#[inline(never)]
fn yield_until_all_arrived(meetings: &AtomicU32, meeting: u32, tally: &mut Tally) -> Result<()> {
    while meetings.load(Ordering::Acquire) == meeting {
        tally.succeeds(Call::SchedYield, sched_yield())?;
    }
    Ok(())
}

#[inline(never)]
fn spin_until_all_arrived(meetings: &AtomicU32, meeting: u32) {
    while meetings.load(Ordering::Acquire) == meeting {
        spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;
    use std::thread;

    use super::*;

    #[test]
    fn no_one_goes_on_before_the_last_has_come() {
        for wait in [Wait::Yield, Wait::Spin] {
            let (barrier, arrivals) = (Barrier::new(3, wait), AtomicU64::new(0));
            let life = || {
                let mut tally = Tally::new();
                for meeting in 1..=20 {
                    arrivals.fetch_add(1, Ordering::Relaxed);
                    let all = || assert_eq!(arrivals.load(Ordering::Relaxed), 3 * meeting);
                    barrier.meet(&mut tally, all).unwrap();
                    assert!(arrivals.load(Ordering::Relaxed) >= 3 * meeting);
                }
            };
            thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(life);
                }
            });
            assert_eq!(arrivals.into_inner(), 60);
        }
    }
}
