//! How futex calls ended, and how long the waits were.

use std::time::Duration;

use anyhow::bail;
use nix::errno::Errno;
use serde::Serialize;

use crate::truth::nanoseconds;

/// Durations of the same thing, as the program measured them around each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Durations {
    count: u64,
    total: u64,
    min: u64,
    max: u64,
}

impl Durations {
    /// One that lasted this long.
    pub(super) fn one(lasted: Duration) -> Self {
        let lasted = nanoseconds(lasted);
        Self { count: 1, total: lasted, min: lasted, max: lasted }
    }

    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            total: self.total + other.total,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }
}

/// How a futex wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitEnd {
    /// By a wake.
    Woken,
    /// At once, for the word did not hold what was expected (`EAGAIN`).
    OtherValue,
    /// At its deadline (`ETIMEDOUT`).
    TimedOut,
}

/// How futex calls ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Ends {
    /// Calls to wait.
    waits: u64,
    /// Those that slept and were woken.
    woken: u64,
    /// Those that found another value in the word.
    eagain: u64,
    /// Those that were not woken in time.
    timed_out: u64,
    /// Calls to wake.
    wakes: u64,
    /// Those that woke someone.
    woke: u64,
}

impl Ends {
    /// Notes a wait and how it ended.
    ///
    /// # Errors
    /// If it ended in a way of its own.
    pub(super) fn note_wait(&mut self, result: Result<(), Errno>) -> anyhow::Result<WaitEnd> {
        self.waits += 1;
        let (count, end) = match result {
            Ok(()) => (&mut self.woken, WaitEnd::Woken),
            Err(Errno::EAGAIN) => (&mut self.eagain, WaitEnd::OtherValue),
            Err(Errno::ETIMEDOUT) => (&mut self.timed_out, WaitEnd::TimedOut),
            Err(error) => bail!("futex wait failed: {error}"),
        };
        *count += 1;
        Ok(end)
    }

    /// Notes a wake that met this many.
    pub(super) fn note_wake(&mut self, woken: u64) {
        self.wakes += 1;
        self.woke += u64::from(woken > 0);
    }

    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            waits: self.waits + other.waits,
            woken: self.woken + other.woken,
            eagain: self.eagain + other.eagain,
            timed_out: self.timed_out + other.timed_out,
            wakes: self.wakes + other.wakes,
            woke: self.woke + other.woke,
        }
    }
}
