//! Threads whose futex waits never end: they are cut off by the end of their process.

use std::sync::atomic::AtomicU32;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::builder::RangedU64ValueParser;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use procfs::process::Process;
use serde::Serialize;

use crate::arguments::seconds;
use crate::line;
use crate::raw::futex;
use crate::roll_call::roll_call;

/// The word on which all wait; nobody ever wakes them.
static WORD: AtomicU32 = AtomicU32::new(0);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Threads that wait
    #[arg(long, value_name = "T", default_value = "4",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=4096))]
    threads: usize,
    /// How long after its truth the process lives on
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "0.5")]
    seconds: Duration,
    /// End by SIGKILL; without, the first thread calls exit_group
    #[arg(long)]
    sigkill: bool,
}

/// The truth, told once all threads are in their calls.
#[derive(Debug, Serialize)]
struct Account {
    workload: &'static str,
    pid: u32,
    tids: Vec<i32>,
    /// Calls that will be cut off, by name; the call by which the process ends is not among them.
    ended_by_exit: EndedByExit,
    by: &'static str,
}

#[derive(Debug, Serialize)]
struct EndedByExit {
    futex: usize,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let (caller, answerer) = roll_call()?;
    for _ in 0..args.threads {
        let answerer = answerer.try_clone()?;
        let life = move || -> Result<()> {
            answerer.here()?;
            drop(answerer);
            loop {
                futex::wait(&WORD, 0, None)?;
            }
        };
        thread::Builder::new().spawn(life).context("cannot start a thread")?;
    }
    drop(answerer);
    let tids = caller.wait_for(args.threads)?;
    for tid in &tids {
        wait_until_asleep(*tid)?;
    }
    line::print(&Account {
        workload: "killed-in-call",
        pid: std::process::id(),
        ended_by_exit: EndedByExit { futex: tids.len() },
        tids,
        by: if args.sigkill { "SIGKILL" } else { "exit_group" },
    })?;
    thread::sleep(args.seconds);
    if args.sigkill {
        kill(Pid::this(), Signal::SIGKILL).context("cannot send SIGKILL to this process")?;
    }
    Ok(())
}

/// After its report a thread sleeps nowhere but in the futex wait.
fn wait_until_asleep(tid: i32) -> Result<()> {
    let task = Process::myself()?.task_from_tid(tid)?;
    while task.stat().with_context(|| format!("cannot read the state of thread {tid}"))?.state
        != 'S'
    {
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
