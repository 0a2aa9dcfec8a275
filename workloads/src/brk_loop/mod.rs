//! Worker processes that repeat a spectrogram, whose temporaries make glibc move the break.

mod break_watch;
mod spectrogram;
mod worker;

use std::env;
use std::ffi::OsString;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;

use crate::arguments::seconds;
use crate::workers;

/// How many workers, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Worker processes to run [default: the CPUs this process may use]
    #[arg(long, env = "NUM_PROCS", value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..))]
    procs: Option<u32>,
    #[command(flatten)]
    until: Until,
    #[command(subcommand)]
    role: Option<Role>,
}

/// When a worker ends of its own accord; without either it goes on until SIGTERM or SIGINT.
#[derive(Debug, Clone, Copy, clap::Args)]
#[group(multiple = false)]
struct Until {
    /// End each worker after this many seconds
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Option<Duration>,
    /// End each worker after this many spectrograms
    #[arg(long, value_name = "N")]
    iterations: Option<u64>,
}

impl Until {
    /// The same as arguments of a worker.
    fn to_arguments(self) -> Vec<OsString> {
        let seconds = self.seconds.map(|limit| ("--seconds", limit.as_secs_f64().to_string()));
        let iterations = self.iterations.map(|limit| ("--iterations", limit.to_string()));
        let pairs = [seconds, iterations].into_iter().flatten();
        pairs.flat_map(|(name, value)| [name.into(), value.into()]).collect()
    }
}

#[derive(Debug, clap::Subcommand)]
enum Role {
    /// One worker: what the parent starts
    #[command(hide = true)]
    Worker(Until),
}

/// Runs the workers, or one of them.
pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(Role::Worker(until)) = args.role {
        return worker::run(until);
    }
    let count = args.procs.map_or_else(allowed_cpus, Ok)?;
    let program = env::current_exe().context("cannot find this program's own file")?;
    workers::supervise((0..count).map(|_| {
        let mut command = Command::new(&program);
        command.args(["brk-loop", "worker"]).args(args.until.to_arguments());
        command
    }))
}

/// The number of CPUs on which this process may run.
fn allowed_cpus() -> Result<u32> {
    let set = sched_getaffinity(Pid::from_raw(0)).context("cannot read the CPU affinity")?;
    let allowed = (0..CpuSet::count()).filter(|&cpu| set.is_set(cpu) == Ok(true)).count();
    u32::try_from(allowed).context("more CPUs than can be counted")
}
