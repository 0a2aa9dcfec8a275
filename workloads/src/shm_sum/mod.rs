//! Processes that sum disjoint parts of one array in shared memory.
//!
//! # The story
//!
//! In a notebook someone sums a large array, puts it into shared memory, and gives each of 16
//! processes a part. It takes two seconds where `np.sum` in one process takes seven milliseconds.
//! The sum is not what is slow: each process that is executed anew imports its modules first (a
//! good part of a second of CPU, thousands of page faults), and all of that for a task of less than
//! a millisecond. With forked workers, which inherit everything, or with a hundred passes over the
//! array, it is worth it.
//!
//! # What it does
//!
//! The parent makes a segment of `--mib` MiB of doubles. In each round (`--iterations` or
//! `--seconds` limit these) it starts `--procs` workers, each of which sums its part `--passes`
//! times and ends; then it adds up their sums and compares them with what is known.
//!
//! `--start exec` (as `multiprocessing`'s `spawn`) executes the workers anew, and each imports
//! `--modules` modules: it opens and reads a file, and makes objects of it that are mapped, touched
//! and kept, as an interpreter does that imports numpy. `--start fork` forks them, and they import
//! nothing.
//!
//! `--healthy` does the same rounds in the one process, without workers.
//!
//! # Truth
//!
//! One line per worker and round: `workload`, `pid`, `role` `"worker"`, `iterations` (passes),
//! `sum`, `start_up_cpu_ns` (CPU time of the process before its first pass, its execution and
//! imports), `task_cpu_ns`, and a span over the passes. And at the end one of the parent: `role`
//! `"parent"`, `iterations` (rounds), `workers` (started in all), `children` (their pids),
//! `passes`, `sum`, and a span, which with `--healthy` has the passes in it.

mod segment;
mod start_up;
mod worker;

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::process::Stdio;

use anyhow::{Context, Result};
use clap::builder::RangedU64ValueParser;
use nix::unistd::Pid;
use serde::Serialize;

use self::segment::Segment;
use self::worker::Job;
use crate::procs::Procs;
use crate::raw::fork::{Side, fork};
use crate::truth::{Moment, Span};
use crate::until::Until;
use crate::workers::{self, Allocator};
use crate::{children, line};

const HELP: &str = "\
Each round starts the workers, lets each sum its part of the array, and waits for their ends. A
worker that is executed anew imports its modules first, which takes far longer than a pass over
its part; one that is forked has them, and 100 passes are worth the start.

Example: NUM_PROCS=16 workloads shm-sum --start exec --passes 1 --iterations 3";

/// How workers are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Method {
    /// As a copy of the parent
    Fork,
    /// By executing the program anew, which then imports its modules
    Exec,
}

/// How many workers, how they are started, and for how long.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    procs: Procs,
    /// How the workers are started
    #[arg(long, value_name = "HOW", default_value = "exec")]
    start: Method,
    /// How often each worker sums its part
    #[arg(long, value_name = "P", default_value_t = 1)]
    passes: u64,
    #[command(flatten)]
    size: Size,
    /// Sum in one process, without workers
    #[arg(long)]
    healthy: bool,
    #[command(flatten)]
    until: Until,
    #[command(subcommand)]
    role: Option<Role>,
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, clap::Args)]
struct Size {
    /// Size of the array in MiB
    #[arg(long, value_name = "MIB", default_value = "64",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=65536))]
    mib: usize,
    /// Modules that an executed worker imports: 128 KiB and about a millisecond each
    #[arg(long, value_name = "M", default_value_t = 200)]
    modules: u32,
}

#[derive(Debug, clap::Subcommand)]
enum Role {
    /// One executed worker, its segment on standard input: what the parent starts
    #[command(hide = true)]
    Worker {
        #[command(flatten)]
        job: Job,
        #[command(flatten)]
        size: Size,
    },
}

/// The truth of the parent.
#[derive(Debug, Serialize)]
struct Account {
    workload: &'static str,
    pid: u32,
    role: &'static str,
    iterations: u64,
    workers: usize,
    children: Vec<i32>,
    passes: u64,
    sum: Option<f64>,
    #[serde(flatten)]
    span: Span,
}

/// Whether this is still the parent.
enum Progress {
    Done,
    ThisIsAForkedWorker,
}

/// Runs the rounds, or one worker.
pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(Role::Worker { job, size }) = &args.role {
        let _modules = start_up::import_modules(size.modules)?;
        return worker::run(*job, &inherited(size.mib)?);
    }
    let told_to_end = workers::heed_signals()?;
    let count = if args.healthy { 1 } else { usize::try_from(args.procs.count()?)? };
    let segment = Segment::new(args.size.mib)?;
    let memory = segment.map()?;
    let (mut iterations, mut sum, mut children) = (0, None, Vec::new());
    let start = Moment::now()?;
    let limit = args.until.begin(told_to_end);
    while !limit.reached(iterations) {
        if args.healthy {
            segment.leave_sum(0, worker::sum_passes(&memory, &segment.part(0, 1), args.passes))?;
        } else if let Progress::ThisIsAForkedWorker = round(args, count, &segment, &mut children)? {
            return Ok(());
        }
        // Without a pass there is no sum.
        sum = (args.passes > 0).then(|| segment.take_sum(count)).transpose()?;
        iterations += 1;
    }
    let span = Moment::now()?.since(&start);
    line::print(&Account {
        workload: "shm-sum",
        pid: std::process::id(),
        role: "parent",
        iterations,
        workers: children.len(),
        children: children.into_iter().map(Pid::as_raw).collect(),
        passes: args.passes,
        sum,
        span,
    })
}

/// Starts all workers and waits for their ends.
fn round(
    args: &Args,
    count: usize,
    segment: &Segment,
    children: &mut Vec<Pid>,
) -> Result<Progress> {
    let first = children.len();
    for index in 0..count {
        let job = Job { index, count, passes: args.passes };
        let child = match args.start {
            Method::Exec => execute(args.size, job, segment)?,
            Method::Fork => match fork()? {
                Side::Parent(child) => child,
                Side::Child => {
                    worker::run(job, segment)?;
                    return Ok(Progress::ThisIsAForkedWorker);
                }
            },
        };
        children.push(child);
    }
    children::wait_for_all(&children[first..])?;
    Ok(Progress::Done)
}

fn execute(size: Size, job: Job, segment: &Segment) -> Result<Pid> {
    let mut command = workers::command(&["shm-sum", "worker"], Allocator::AsItIs)?;
    command.args(job.to_arguments());
    command.args(["--mib", &size.mib.to_string(), "--modules", &size.modules.to_string()]);
    command.stdin(Stdio::from(segment.file()?));
    let child = command.spawn().context("cannot start a worker")?;
    Ok(Pid::from_raw(i32::try_from(child.id()).context("a pid beyond what the kernel gives")?))
}

/// The segment on standard input.
fn inherited(mib: usize) -> Result<Segment> {
    let file = io::stdin().as_fd().try_clone_to_owned().context("there is no segment")?;
    Ok(Segment::of(File::from(file), mib))
}
