//! How many worker processes to run.

use std::thread::available_parallelism;

use anyhow::{Context, Result};

/// The number of worker processes.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Procs {
    /// Worker processes to run [default: the CPUs this process may use]
    #[arg(long, env = "NUM_PROCS", value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=4096))]
    procs: Option<u32>,
}

impl Procs {
    /// The number asked for, or that of the CPUs allowed.
    pub(crate) fn count(self) -> Result<u32> {
        match self.procs {
            Some(count) => Ok(count),
            None => u32::try_from(cpus_allowed()?).context("more CPUs than can be counted"),
        }
    }
}

/// The CPUs this process may use: those of its affinity, or fewer if the CPU quota of its control
/// groups is smaller (rounded down, but at least 1).
pub(crate) fn cpus_allowed() -> Result<usize> {
    let allowed = available_parallelism().context("cannot find out how many CPUs are allowed")?;
    Ok(allowed.get())
}
