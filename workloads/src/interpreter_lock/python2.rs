//! Python 2's lock: every so many byte codes it is released, and taken again at once.

use anyhow::Result;

use super::bytecode::Frame;
use super::word::Word;
use crate::tally::Tally;
use crate::until::Limit;

/// A semaphore of one, as glibc makes them: 1 if free, 0 if held.
#[derive(Debug)]
pub(super) struct Lock(Word);

impl Lock {
    /// A free lock.
    pub(super) fn new() -> Self {
        Self(Word::new(1))
    }

    /// Takes the lock; whoever finds it held sleeps until a release. The one who released it has
    /// mostly taken it again before anyone woken by that gets there; and if it is free at the
    /// moment of the call, the call fails with `EAGAIN`.
    #[inline(never)]
    fn take_lock(&self, tally: &mut Tally) -> Result<()> {
        while !self.0.replace(1, 0) {
            self.0.wait(0, None, tally)?;
        }
        Ok(())
    }

    #[inline(never)]
    fn release_lock(&self, tally: &mut Tally) -> Result<()> {
        self.0.store(1);
        self.0.wake(tally)
    }
}

/// Runs one thread; returns its rounds of byte codes.
pub(super) fn interpret(lock: &Lock, limit: &Limit, tally: &mut Tally) -> Result<u64> {
    let (mut frame, mut rounds) = (Frame::new(), 0);
    lock.take_lock(tally)?;
    while !limit.reached(rounds) {
        frame.interpret_bytecodes();
        rounds += 1;
        lock.release_lock(tally)?;
        lock.take_lock(tally)?;
    }
    lock.release_lock(tally)?;
    Ok(rounds)
}
