//! A process that is in one long futex wait from its start, and makes counted calls after it.

use std::sync::atomic::AtomicU32;
use std::time::Duration;

use anyhow::Result;
use nix::errno::Errno;
use serde::Serialize;

use super::query_break;
use crate::arguments::seconds;
use crate::line;
use crate::raw::futex;
use crate::tally::{Call, Tally};
use crate::truth::monotonic;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How long the wait lasts
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Duration,
    /// Queries of the break after it
    #[arg(long, value_name = "N", default_value_t = 10)]
    calls: u64,
}

/// The truth, told at the end.
#[derive(Debug, Serialize)]
struct Account {
    workload: &'static str,
    pid: u32,
    #[serde(flatten)]
    tally: Tally,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let word = AtomicU32::new(0);
    let mut tally = Tally::new();
    let start = monotonic()?;
    let waited = futex::wait(&word, 0, Some(start.saturating_add(args.seconds)));
    tally.futex_waited(monotonic()?.saturating_sub(start));
    tally.fails(Call::Futex, Errno::ETIMEDOUT, waited)?;
    query_break(args.calls, &mut tally)?;
    line::print(&Account { workload: "mid-call", pid: std::process::id(), tally })
}
