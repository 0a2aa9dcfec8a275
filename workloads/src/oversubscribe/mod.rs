//! A pool of threads, larger than the CPUs it may use, that multiplies matrices.
//!
//! # The story
//!
//! A service multiplies matrices in a container that is given one or two of the machine's CPUs. The
//! BLAS library counts the CPUs of the machine and starts as many threads. Each product is split
//! over all of them, and the product is done when the last of them has done its strip; who comes
//! early waits, and keeps its CPU while it waits. So the thread that everyone waits for is often
//! the one that has no CPU, and 16 threads on 2 CPUs are up to several hundred times slower than
//! one.
//!
//! The wait has two faces. Up to `OpenBLAS` 0.3.26 it calls `sched_yield` again and again: over a
//! hundred thousand calls a second. From 0.3.27 on it spins in user mode: **no call at all**,
//! nearly all time is user time, and only threads that wait for a CPU tell that something is wrong.
//! With a CPU quota the threads use it up together, early in each period, and then all stand still.
//!
//! # What it does
//!
//! `--threads` threads (8 for each CPU allowed, if not given) multiply two `--size` × `--size`
//! matrices of doubles; each computes a strip of the result's rows, and all meet at a barrier after
//! each product. `--wait yield` or `spin` is the face. Nothing is allocated anew but the packed
//! copies that the product itself needs, from memory that `malloc` is told to keep, as a BLAS
//! library does. `--quota CPUS` makes a control group (v1 or v2) with that quota, joins it, and
//! removes it at the end; that takes a right to write to the hierarchy, usually root's.
//!
//! `--healthy` takes as many threads as there are CPUs allowed, by affinity and quota; one if the
//! quota is smaller than that, which one thread uses up too.
//!
//! # Truth
//!
//! One line: `workload`, `pid`, `tids` if there is more than one thread, `iterations` (products),
//! `threads`, `cpus_allowed`, `calls` (`sched_yield`: all that the barrier made), `errors` and a
//! span; with `--quota` also `quota {cpus, periods, throttled, throttled_ns}`, from the group's
//! `cpu.stat` at the end.

mod barrier;
mod pool;
mod product;
mod quota;

use anyhow::Result;
use clap::builder::RangedU64ValueParser;

use self::quota::Quota;
use crate::handshake::Start;
use crate::procs::cpus_allowed;
use crate::until::Until;

const HELP: &str = "\
Each product is split over all threads, with a barrier after it, as a BLAS library does. With more
threads than CPUs the one that all wait for is often the one without a CPU, while the others hold
the CPUs waiting: by sched_yield (OpenBLAS up to 0.3.26), or by spinning in user mode, without any
call (OpenBLAS from 0.3.27 on).

Example: workloads oversubscribe --threads 16 --wait spin --quota 1 --seconds 10";

/// How the threads that come early wait for the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Wait {
    /// By sched_yield, again and again
    Yield,
    /// In user mode, without any call
    Spin,
}

/// How many threads, how they wait, and for how long.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Args {
    /// Threads in the pool [default: 8 for each CPU this process may use]
    #[arg(long, value_name = "T",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=4096))]
    threads: Option<usize>,
    /// How a thread waits for the others
    #[arg(long, value_name = "HOW", default_value = "yield")]
    wait: Wait,
    /// Rows and columns of the matrices
    #[arg(long, value_name = "M", default_value = "128",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=8192))]
    size: usize,
    /// Run in a control group of this many CPUs' worth of time, such as 1 or 0.5
    #[arg(long, value_name = "CPUS", value_parser = quota::cpus)]
    quota: Option<f64>,
    /// As many threads as CPUs are allowed, whatever --threads says
    #[arg(long)]
    healthy: bool,
    #[command(flatten)]
    until: Until,
    #[command(flatten)]
    start: Start,
}

/// Runs the pool, in a control group if asked to.
pub(crate) fn run(args: &Args) -> Result<()> {
    let Some(cpus) = args.quota else { return pool(args, None) };
    let quota = Quota::join(cpus)?;
    let result = pool(args, Some(&quota));
    // The group is left whatever the result; of two errors the first one is told.
    let left = quota.leave();
    result.and(left)
}

fn pool(args: &Args, quota: Option<&Quota>) -> Result<()> {
    let cpus_allowed = cpus_allowed()?;
    let threads = match (args.healthy, args.threads) {
        (true, _) => cpus_allowed,
        (false, Some(threads)) => threads,
        (false, None) => 8 * cpus_allowed,
    };
    pool::run(args, threads, cpus_allowed, quota)
}
