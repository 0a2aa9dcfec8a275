//! Processes that read a file which is not in memory, record by record.
//!
//! # The story
//!
//! A training job has a file of samples that is larger than the machine's memory, and N workers that
//! fetch records from it in random order: by `read`, or as elements of an array that is mapped
//! (`numpy.memmap`). The CPUs are nearly idle, and more workers than disks are no faster. With a
//! smaller set of data, which the page cache holds after the first round, everything flies, so nobody
//! sees it in a test.
//!
//! # What it does
//!
//! Each of `--procs` processes, `workloads data-loader worker`, makes a file of its own in `--dir` of
//! `--mib` MiB, of which nobody else knows the name. Then it fetches one record of `--kib` after the
//! other, in an order that no read-ahead foresees, and sums up its bytes.
//!
//! * `--by read`: a `pread` past the page cache (`O_DIRECT`), as every read is of a file that is larger
//!   than memory. One call is one sleep for the disk.
//! * `--by map`: the file is mapped, and put out of memory after each round (`MADV_PAGEOUT`, once for all
//!   records). Reading a byte is a page fault that waits for the disk; there is no call.
//!
//! `--healthy` does the same with a file that stays in the page cache.
//!
//! # Truth
//!
//! One line per worker: `workload`, `pid`, `iterations` (records), `bytes` (read in them), `disk_bytes`
//! (what the kernel fetched from a disk for this thread meanwhile, by `/proc/thread-self/io`; null where
//! the kernel does not count it), and a span over all records. `wall_ns` less the two times of
//! `schedstat` is sleep, and there is nothing else to sleep for.

mod record;
mod worker;

use std::path::PathBuf;

use anyhow::Result;
use clap::builder::RangedU64ValueParser;

use crate::procs::Procs;
use crate::until::Until;
use crate::workers::{self, Allocator};

const HELP: &str = "\
Each turn of a worker fetches one record of its own file, which is not in memory, and sums up its
bytes: one read that sleeps for the disk, or with --by map page faults that do.

Example: NUM_PROCS=2 workloads data-loader --by map --seconds 5";

/// How records are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Way {
    /// By read, past the page cache
    Read,
    /// By touching them in a mapping of the file
    Map,
}

/// How many workers, what they read, and for how long.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    procs: Procs,
    #[command(flatten)]
    each: Each,
    #[command(subcommand)]
    role: Option<Role>,
}

/// What each worker does.
#[derive(Debug, Clone, clap::Args)]
struct Each {
    /// How records are fetched
    #[arg(long, value_name = "HOW", default_value = "read")]
    by: Way,
    /// Size of a record in KiB, a multiple of 4
    #[arg(long, value_name = "KIB", default_value = "256", value_parser = kib)]
    kib: usize,
    /// Size of each worker's file in MiB
    #[arg(long, value_name = "MIB", default_value = "32",
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=65536))]
    mib: usize,
    /// A directory on a disk: in one that is memory there is nothing to wait for
    #[arg(long, value_name = "DIR", default_value = "/var/tmp")]
    dir: PathBuf,
    /// Have the file in memory, and read it from there
    #[arg(long)]
    healthy: bool,
    #[command(flatten)]
    until: Until,
}

#[derive(Debug, clap::Subcommand)]
enum Role {
    /// One worker: what the parent starts
    #[command(hide = true)]
    Worker(Each),
}

/// Parses the size of a record: whole blocks of any disk, and of any mapping.
fn kib(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(kib) if (4..=1024).contains(&kib) && kib % 4 == 0 => Ok(kib),
        _ => Err("a record is a multiple of 4 KiB, up to 1024".to_owned()),
    }
}

/// Runs the workers, or one of them.
pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(Role::Worker(each)) = &args.role {
        return worker::run(each);
    }
    let Each { by, kib, mib, dir, healthy, until } = &args.each;
    let by = if *by == Way::Read { "read" } else { "map" };
    workers::start(args.procs.count()?, |_| {
        let mut command = workers::command(&["data-loader", "worker"], Allocator::AsItIs)?;
        command.args(["--by", by, "--kib", &kib.to_string(), "--mib", &mib.to_string(), "--dir"]);
        command.arg(dir).args(healthy.then_some("--healthy")).args(until.to_arguments());
        Ok(command)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_whole_blocks() {
        assert_eq!(kib("256"), Ok(256));
        for wrong in ["0", "2", "6", "1028", "-4", "x", ""] {
            assert!(kib(wrong).is_err(), "{wrong}");
        }
    }
}
