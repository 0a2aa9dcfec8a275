//! An exact number of named calls.

mod bench;
mod plan;
mod procs;
mod step;

use anyhow::Result;
use clap::builder::RangedU64ValueParser;

use self::bench::Bench;
use self::plan::Plan;
use self::step::Step;
use crate::crew::{self, Cue};
use crate::handshake::Start;
use crate::tally::Tally;

/// What to call, and where.
#[derive(Debug, clap::Args)]
#[command(after_help = step::HELP)]
pub(crate) struct Args {
    /// Steps to do, in this order
    #[arg(required = true, value_name = "STEP")]
    steps: Vec<Step>,
    /// Repeat the whole list of steps this often
    #[arg(long, value_name = "N", default_value_t = 1)]
    repeat: u64,
    /// Let this many threads do all the steps each (with 1 the first thread does them)
    #[arg(long, value_name = "T", default_value = "1",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=4096))]
    threads: usize,
    /// Let this many forked processes do all the steps each
    #[arg(long, value_name = "P",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=4096))]
    procs: Option<usize>,
    #[command(flatten)]
    start: Start,
    /// After the truth, wait for the end of standard input before the end
    #[arg(long)]
    hold: bool,
}

/// Makes the calls and prints the truth of each process.
pub(crate) fn run(args: Args) -> Result<()> {
    let plan = Plan::new(args.steps, args.repeat, args.threads)?;
    match args.procs {
        Some(procs) => procs::run(&plan, args.threads, procs, args.start, args.hold),
        None => work(
            "syscalls",
            &plan,
            args.threads,
            &Cue::Stdin { start: args.start, hold: args.hold },
        ),
    }
}

/// Threads that only spin: the steps `spin=…`, under the name of a scene.
pub(crate) fn spin(
    workload: &'static str,
    threads: usize,
    lasting: std::time::Duration,
    cue: &Cue,
) -> Result<()> {
    let step = Step { act: step::Act::Spin, times: 1, lasting };
    work(workload, &Plan::new(vec![step], 1, threads)?, threads, cue)
}

/// Does the plan in this process.
fn work(workload: &'static str, plan: &Plan, threads: usize, cue: &Cue) -> Result<()> {
    let benches: Vec<_> = (0..threads).map(|_| Bench::new()).collect::<Result<_>>()?;
    let works = benches
        .into_iter()
        .map(|mut bench| move |tally: &mut Tally| bench.perform(plan, tally))
        .collect();
    crew::run(workload, works, cue)
}
