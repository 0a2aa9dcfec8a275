//! The process that reads an empty pipe while a signal handler runs again and again.

use std::io;

use anyhow::{Context, Result};
use nix::errno::Errno;
use serde::Serialize;

use crate::gate::Waiter;
use crate::line;
use crate::raw::signal;
use crate::tally::{Call, Tally};

/// The truth: with `SA_RESTART` one read, which the kernel enters anew after each run of the
/// handler; without, one read more than runs, all but the last ended by EINTR.
#[derive(Debug, Serialize)]
struct Account {
    workload: &'static str,
    pid: u32,
    handler_runs: u64,
    #[serde(flatten)]
    tally: Tally,
}

/// Reads until the end of `pipe`.
pub(super) fn run(restart: bool, start: &Waiter, pipe: &Waiter) -> Result<()> {
    signal::count_usr1(restart)?;
    start.wait().context("cannot wait for the parent")?;
    let mut tally = Tally::new();
    loop {
        match pipe.try_wait() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                tally.fails(Call::Read, Errno::EINTR, Err(Errno::EINTR))?;
            }
            other => break tally.succeeds(Call::Read, other)?,
        }
    }
    line::print(&Account {
        workload: "restart",
        pid: std::process::id(),
        handler_runs: signal::runs(),
        tally,
    })
}
