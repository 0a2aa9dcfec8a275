//! The process that sleeps in calls of 1 s while it is stopped and continued.

use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::errno::Errno;
use serde::Serialize;

use crate::gate::Waiter;
use crate::line;
use crate::raw::{futex, thread};
use crate::tally::{Call, Tally};
use crate::truth::monotonic;

/// How long each call lasts.
const LASTING: Duration = Duration::from_secs(1);

/// Two calls that the kernel resumes by `restart_syscall`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Sleep {
    /// nanosleep
    Nanosleep,
    /// A futex wait with a timeout
    Futex,
}

/// The truth: each call counts once, however often it was stopped and continued.
#[derive(Debug, Serialize)]
struct Account {
    workload: &'static str,
    pid: u32,
    #[serde(flatten)]
    tally: Tally,
}

/// Makes calls until `limit` has passed.
pub(super) fn run(sleep: Sleep, limit: Duration, start: &Waiter) -> Result<()> {
    start.wait().context("cannot wait for the parent")?;
    let mut tally = Tally::new();
    let word = AtomicU32::new(0);
    let begun = Instant::now();
    while begun.elapsed() < limit {
        match sleep {
            Sleep::Nanosleep => tally.succeeds(Call::Nanosleep, thread::nanosleep(LASTING))?,
            Sleep::Futex => {
                let start = monotonic()?;
                let waited = futex::wait(&word, 0, Some(start.saturating_add(LASTING)));
                tally.futex_waited(monotonic()?.saturating_sub(start));
                tally.fails(Call::Futex, Errno::ETIMEDOUT, waited)?;
            }
        }
    }
    line::print(&Account { workload: "restart", pid: std::process::id(), tally })
}
