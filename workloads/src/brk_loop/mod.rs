//! Worker processes that repeat a spectrogram, whose temporaries make glibc move the break.

mod break_watch;
mod spectrogram;
mod worker;

use anyhow::Result;

use crate::procs::Procs;
use crate::until::Until;
use crate::workers::{self, Allocator};

/// How many workers, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    procs: Procs,
    #[command(flatten)]
    until: Until,
    /// Tell malloc to keep 128 MiB (MALLOC_TOP_PAD_): no brk, and no page faults
    #[arg(long)]
    healthy: bool,
    #[command(subcommand)]
    role: Option<Role>,
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
    let allocator = if args.healthy { Allocator::Keeps { mib: 128 } } else { Allocator::AsItIs };
    workers::start(args.procs.count()?, |_| {
        let mut command = workers::command(&["brk-loop", "worker"], allocator)?;
        command.args(args.until.to_arguments());
        Ok(command)
    })
}
