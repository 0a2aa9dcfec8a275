//! Python 3's lock: whoever wants it waits for 5 ms, then asks for it, and is given it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;

use super::bytecode::Frame;
use super::word::Word;
use crate::tally::{Tally, WaitEnd};
use crate::until::Limit;

/// `sys.getswitchinterval()`.
const SWITCH_INTERVAL: Duration = Duration::from_millis(5);

const FREE: u32 = 0;
const HELD: u32 = 1;

/// The lock, with what `CPython` keeps beside it.
#[derive(Debug)]
pub(super) struct Lock {
    held: Word,
    /// How often it went from one thread to another.
    switches: Word,
    last_holder: AtomicUsize,
    drop_request: AtomicBool,
}

impl Lock {
    /// A free lock.
    pub(super) fn new() -> Self {
        Self {
            held: Word::new(FREE),
            switches: Word::new(0),
            last_holder: AtomicUsize::new(usize::MAX),
            drop_request: AtomicBool::new(false),
        }
    }

    /// Takes the lock for thread `me`. Who has waited for 5 ms while no one else was given it asks
    /// the holder to drop it.
    #[inline(never)]
    fn take_gil(&self, me: usize, tally: &mut Tally) -> Result<()> {
        while !self.held.replace(FREE, HELD) {
            let switches = self.switches.load();
            let end = self.held.wait(HELD, Some(SWITCH_INTERVAL), tally)?;
            if end == WaitEnd::TimedOut && self.switches.load() == switches {
                self.drop_request.store(true, Ordering::SeqCst);
            }
        }
        self.drop_request.store(false, Ordering::SeqCst);
        if self.last_holder.swap(me, Ordering::SeqCst) != me {
            self.switches.store(self.switches.load().wrapping_add(1));
            self.switches.wake(tally)?;
        }
        Ok(())
    }

    /// Drops the lock; if someone had asked for it, sleeps until someone else has taken it, so that
    /// the thread that drops it does not take it again.
    #[inline(never)]
    fn drop_gil(&self, tally: &mut Tally) -> Result<()> {
        let switches = self.switches.load();
        let asked_for = self.drop_request.load(Ordering::SeqCst);
        self.held.store(FREE);
        self.held.wake(tally)?;
        while asked_for && self.switches.load() == switches {
            self.switches.wait(switches, None, tally)?;
        }
        Ok(())
    }
}

/// Runs thread `me`; returns its rounds of byte codes.
pub(super) fn interpret(lock: &Lock, me: usize, limit: &Limit, tally: &mut Tally) -> Result<u64> {
    let (mut frame, mut rounds) = (Frame::new(), 0);
    lock.take_gil(me, tally)?;
    while !limit.reached(rounds) {
        frame.interpret_bytecodes();
        rounds += 1;
        if lock.drop_request.load(Ordering::Relaxed) {
            lock.drop_gil(tally)?;
            lock.take_gil(me, tally)?;
        }
    }
    lock.drop_gil(tally)?;
    Ok(rounds)
}
