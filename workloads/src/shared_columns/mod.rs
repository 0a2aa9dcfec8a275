//! Processes that add to columns of one table in shared memory, which lie side by side.
//!
//! # The story
//!
//! Someone counts with N processes into one array in shared memory, `counts[:, worker] += …`, so that
//! nothing has to be gathered in the end. No process touches what is another's, none makes a system
//! call, no lock is taken; and yet with two of them each takes several times as long as one alone. In
//! an array stored by rows the columns of all workers lie in the same cache lines (64 bytes, 8
//! numbers), and a line that one core writes to has to be taken from the core that wrote to it last.
//!
//! # What it does
//!
//! The parent makes a table of `--rows` rows, with a column for each worker up to a whole number of
//! cache lines, and starts `--procs` processes, `workloads shared-columns worker`. A turn adds 1 to
//! every cell of the worker's column, over and over, 1,048,576 additions in all (with a number of rows
//! that divides it). They map the table
//! once, and make no call in a turn but that which reports their progress, if somebody wants to know.
//!
//! With more rows (`--rows 4096`) two workers meet in the same line less often.
//!
//! `--healthy` stores the table by columns, each in pages of its own.
//!
//! # Truth
//!
//! One line per worker: `workload`, `pid`, `iterations`, `additions` (what its column sums up to in the
//! end: nobody else wrote to it), and a span over all turns. `utime_ns` for each iteration is what
//! grows with the number of workers.

mod table;
mod worker;

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::process::Stdio;

use anyhow::{Context, Result};
use clap::builder::RangedU64ValueParser;

use self::table::{Layout, Shape, Table};
use crate::procs::Procs;
use crate::until::Until;
use crate::workers::{self, Allocator};

const HELP: &str = "\
Each turn of a worker makes 1,048,576 additions to its own column of the table. Eight columns share
each cache line, so with two workers on two cores the same additions take several times as long, in
user mode, without a system call.

Example: NUM_PROCS=2 workloads shared-columns --seconds 5";

/// How many workers, how large the table, and for how long.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    procs: Procs,
    /// Rows of the table
    #[arg(long, value_name = "R", default_value = "64",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=1 << 20))]
    rows: usize,
    /// Store the table by columns, each in pages of its own
    #[arg(long)]
    healthy: bool,
    #[command(flatten)]
    until: Until,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, clap::Subcommand)]
enum Role {
    /// One worker, its table on standard input: what the parent starts
    #[command(hide = true)]
    Worker {
        #[command(flatten)]
        shape: Shape,
        /// Its column
        #[arg(long)]
        column: usize,
        #[command(flatten)]
        until: Until,
    },
}

/// Runs the workers, or one of them.
pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(Role::Worker { shape, column, until }) = &args.role {
        let file = io::stdin().as_fd().try_clone_to_owned().context("there is no table")?;
        return worker::run(&Table::of(&File::from(file), *shape)?, *column, *until);
    }
    let count = args.procs.count()?;
    let layout = if args.healthy { Layout::Columns } else { Layout::Rows };
    let shape = Shape { rows: args.rows, columns: usize::try_from(count)?, layout };
    let file = shape.new_file()?;
    workers::start(count, |column| {
        let mut command = workers::command(&["shared-columns", "worker"], Allocator::AsItIs)?;
        command.args(shape.to_arguments()).args(["--column", &column.to_string()]);
        command.args(args.until.to_arguments());
        command.stdin(Stdio::from(file.try_clone().context("cannot hand on the table")?));
        Ok(command)
    })
}
