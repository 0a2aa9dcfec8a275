//! An `execve` by a thread that is not the leader: the leader dies in its call, and the thread
//! that made the `execve` goes on under the leader's tid.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, anyhow};
use nix::unistd::gettid;
use serde::Serialize;

use super::query_break;
use crate::handshake::{Ready, Start};
use crate::line;
use crate::tally::Tally;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Queries of the break that the thread makes before its execve
    #[arg(long, value_name = "N", default_value_t = 10)]
    calls_before: u64,
    /// Queries of the break that the new program makes
    #[arg(long, value_name = "N", default_value_t = 10)]
    calls: u64,
    #[command(flatten)]
    start: Start,
}

/// The truth before the execve; the new program tells its own, as `syscalls` does.
#[derive(Debug, Serialize)]
struct Account {
    workload: &'static str,
    pid: u32,
    tid: i32,
    #[serde(flatten)]
    tally: Tally,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let program = env::current_exe().context("cannot find this program's own file")?;
    args.start.when_asked(&Ready::alone())?;
    let (calls_before, calls) = (args.calls_before, args.calls);
    let life = move || -> Result<()> {
        let mut tally = Tally::new();
        query_break(calls_before, &mut tally)?;
        line::print(&Account {
            workload: "exec-thread",
            pid: std::process::id(),
            tid: gettid().as_raw(),
            tally,
        })?;
        let error = Command::new(program).args(["syscalls", &format!("brk-query={calls}")]).exec();
        Err(error).context("cannot execute this program again")
    };
    let thread = thread::Builder::new().spawn(life).context("cannot start a thread")?;
    // Joined only if the execve failed.
    thread.join().map_err(|_| anyhow!("the thread panicked"))?
}
