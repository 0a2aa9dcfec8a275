//! Threads of which only one can work at a time, and what the others do meanwhile.
//!
//! # The story
//!
//! Someone gives their Python program threads, and it gets slower than with one, with half of its
//! time in the kernel. `strace` shows hundreds of thousands of `futex` calls, or of `sched_yield`.
//! Three things can be behind that:
//!
//! * **Python 2** releases its interpreter lock every hundred byte codes and takes it again at
//!   once. A thread woken by the release finds it held again, and waits again; most waits end at
//!   once with `EAGAIN`, for the lock is free at that very moment. Two threads make 400,000 `futex`
//!   calls a second, all on one word, and do half of what one did.
//! * **Python 3** threads wait for the lock for 5 ms, then ask its holder to drop it, which then
//!   waits until it is taken. Little is lost, but nothing is won either: one thread works at a
//!   time, and the others are in timed `futex` waits.
//! * **A task pool** (TBB under numba, say) keeps threads that look for tasks and `sched_yield` as
//!   long as there are none: half a million calls a second for a loop that is too short to share.
//!
//! # What it does
//!
//! `--style python2` and `python3`: `--threads` threads interpret byte codes, forty at a time,
//! under one lock that works as that Python's does, by direct `futex` calls. `--style pool`: the
//! first thread does something alone, then shares 4 tasks of some 10 µs for each thread, and so on.
//!
//! `--healthy` is one thread, which never waits: no `futex` and no `sched_yield` call.
//!
//! # Truth
//!
//! One line: `workload`, `pid`, `tids` if there is more than one thread, `style`, `threads`,
//! `iterations` (rounds of forty byte codes of all threads together; of a pool, parallel
//! loops), `tasks` of a pool, `calls`, `errors`, `futex {waits, woken, eagain, timed_out, wakes,
//! woke}` (`woke`: wakes that met someone) if there were any, `futex_wait_ns {count, total, min,
//! max}` as measured around each wait, and a span. The counts are of all `futex` and `sched_yield`
//! calls that the threads made at their work. `--iterations` is for each thread.

mod bytecode;
mod python2;
mod python3;
mod task_pool;
mod word;

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;

use self::task_pool::Pool;
use crate::crew::{self, Cue};
use crate::handshake::Start;
use crate::tally::Tally;
use crate::until::{Limit, Until};
use crate::workers;

const WORKLOAD: &str = "interpreter-lock";

const HELP: &str = "\
python2: the lock is released and taken again every forty byte codes; others wake up too late,
         and most waits end at once with EAGAIN: hundreds of thousands of futex calls a second
python3: others wait 5 ms at a time, then ask for the lock and are given it
pool:    no lock; threads without a task call sched_yield until there is one, as TBB's do

Example: workloads interpreter-lock --style python2 --threads 8 --seconds 10";

/// Whose way of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Style {
    /// Release and take at once: most futex waits end with EAGAIN
    Python2,
    /// Futex waits of 5 ms, then a request
    Python3,
    /// Idle threads of a task pool yield
    Pool,
}

/// How many threads, how they wait, and for how long.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Args {
    /// How a thread waits
    #[arg(long, value_name = "STYLE", default_value = "python2")]
    style: Style,
    /// Threads
    #[arg(long, value_name = "T", default_value = "2",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=4096))]
    threads: usize,
    /// One thread, whatever --threads says
    #[arg(long)]
    healthy: bool,
    #[command(flatten)]
    until: Until,
    #[command(flatten)]
    start: Start,
}

/// What this workload tells besides what all tell.
#[derive(Debug, Serialize)]
struct Facts {
    style: Style,
    threads: usize,
    iterations: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tasks: Option<u64>,
}

/// Runs the threads and prints their truth.
pub(crate) fn run(args: &Args) -> Result<()> {
    let threads = if args.healthy { 1 } else { args.threads };
    let limit = &args.until.begin(workers::heed_signals()?);
    let cue = Cue::Stdin { start: args.start, hold: false };
    let pool = Pool::default();
    let rounds = AtomicU64::new(0);
    let facts = || Facts {
        style: args.style,
        threads,
        iterations: rounds.load(Ordering::Relaxed),
        tasks: (args.style == Style::Pool).then(|| pool.tasks_done()),
    };
    match args.style {
        Style::Python2 => {
            let lock = python2::Lock::new();
            let life = |_, tally: &mut Tally| python2::interpret(&lock, limit, tally);
            crew::run_and_tell(WORKLOAD, works(threads, &rounds, &life), &cue, facts)
        }
        Style::Python3 => {
            let lock = python3::Lock::new();
            let life = |me, tally: &mut Tally| python3::interpret(&lock, me, limit, tally);
            crew::run_and_tell(WORKLOAD, works(threads, &rounds, &life), &cue, facts)
        }
        Style::Pool => {
            let life = |me, tally: &mut Tally| play_part(&pool, me, threads, limit, tally);
            crew::run_and_tell(WORKLOAD, works(threads, &rounds, &life), &cue, facts)
        }
    }
}

/// The work of each thread: `life`, given its number, whose rounds are summed.
fn works<'a>(
    threads: usize,
    rounds: &'a AtomicU64,
    life: &'a (impl Fn(usize, &mut Tally) -> Result<u64> + Sync),
) -> Vec<impl FnOnce(&mut Tally) -> Result<()> + Send + 'a> {
    let work = move |me| {
        move |tally: &mut Tally| {
            rounds.fetch_add(life(me, tally)?, Ordering::Relaxed);
            Ok(())
        }
    };
    (0..threads).map(work).collect()
}

/// The first thread of a pool calls, the others serve.
fn play_part(
    pool: &Pool,
    me: usize,
    threads: usize,
    limit: &Limit,
    tally: &mut Tally,
) -> Result<u64> {
    if me == 0 {
        return pool.call(threads as u64, limit, tally);
    }
    pool.serve(tally)?;
    Ok(0)
}
