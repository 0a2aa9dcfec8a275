//! A dispatcher that gives tasks to worker processes and gathers their answers.
//!
//! # The story
//!
//! A program hands its work to a pool of processes, and is no faster than without, although as many
//! workers are alive as there are CPUs. It asks each for its result before it gives the next its
//! task (`pool.apply` in a loop, or `submit(…).result()`): one works at a time, and the others wait
//! for a task. Nothing burns CPU, and each wait by itself looks like the wait of any idle pool;
//! what tells is that there is never more than one that could run.
//!
//! # What it does
//!
//! The first process forks `--procs` workers, which read tasks from a pipe and write their answers
//! to another. In each round every worker gets one task, of `--steps` steps of arithmetic: one
//! after the other by default (`--serial`), and all at once with `--healthy`.
//!
//! # Truth
//!
//! One line per process: `workload`, `pid`, `role` `"dispatcher"` or `"worker"`, `iterations`
//! (rounds or tasks), `calls` (of `read` and `write` on the pipes), `errors`, and a span, of a
//! worker from its start to its end.

mod dispatcher;
mod worker;

use anyhow::Result;
use serde::Serialize;

use crate::line;
use crate::procs::Procs;
use crate::tally::Tally;
use crate::truth::Span;
use crate::until::Until;

const HELP: &str = "\
The dispatcher waits for each worker's answer before it gives the next one its task, so that only
one works at a time; with --healthy it gives all of them their tasks first.

Example: NUM_PROCS=4 workloads gather --serial --seconds 10";

/// How many workers, how they are asked, and for how long.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    procs: Procs,
    /// Ask one worker after the other: what happens without --healthy too
    #[arg(long, conflicts_with = "healthy")]
    serial: bool,
    /// Ask all workers at once
    #[arg(long)]
    healthy: bool,
    /// Steps of arithmetic in a task; 5,000,000 take about 10 ms
    #[arg(long, value_name = "N", default_value_t = 5_000_000)]
    steps: u64,
    #[command(flatten)]
    until: Until,
}

/// Runs the dispatcher and its workers.
pub(crate) fn run(args: &Args) -> Result<()> {
    dispatcher::run(args)
}

/// The truth of one process.
#[derive(Debug, Serialize)]
struct Account {
    workload: &'static str,
    pid: u32,
    role: &'static str,
    iterations: u64,
    #[serde(flatten)]
    tally: Tally,
    #[serde(flatten)]
    span: Span,
}

/// Prints the truth of this process.
fn tell(role: &'static str, iterations: u64, tally: Tally, span: Span) -> Result<()> {
    let (workload, pid) = ("gather", std::process::id());
    line::print(&Account { workload, pid, role, iterations, tally, span })
}
