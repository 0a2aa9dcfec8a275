//! Worker processes whose arrays are mapped and unmapped in every turn.
//!
//! # The story
//!
//! `y = x * 1.5; z = y + x; del y, z` with `NumPy` arrays takes no time for small arrays, and then,
//! from a certain size on, ten times what it should. Nothing is wrong with the arithmetic: each
//! result is a block above `malloc`'s mmap threshold, so each is a mapping of its own, made,
//! touched for the first time (a page fault for each 4 KiB), and given back a moment later. That
//! happens to everyone with arrays above 32 MiB, where glibc's moving threshold ends, and with
//! smaller ones to those who have set `MALLOC_MMAP_THRESHOLD_`, or `MALLOC_TRIM_THRESHOLD_` alone,
//! which stops the threshold from moving.
//!
//! # What it does
//!
//! Each of `--procs` processes, `workloads mmap-storm worker`, repeats those two operations on
//! arrays of `--kib`. The parent tells their `malloc` to map whatever has 128 KiB or more; they
//! make no memory call themselves. A turn is 2 `mmap`, 2 `munmap`, and a page fault for each page
//! of both arrays (with transparent huge pages not at `always`). Most of the time goes into those
//! faults, which no table of system calls shows.
//!
//! `--healthy` tells `malloc` to keep room for the arrays at the top of the heap instead
//! (`MALLOC_TOP_PAD_`, at least 128 MiB): no `mmap`, no `munmap`, and no faults after the first
//! turn.
//!
//! # Truth
//!
//! One line per worker: `workload`, `pid`, `iterations`, `mmap_observed {mmap, munmap,
//! bytes_mapped, bytes_unmapped}`, and a span over all turns. What was mapped and unmapped in the
//! turns is what `malloc` itself says after each allocation and release (`mallinfo2`, which makes
//! no call), so the figures are exact.

mod map_watch;
mod temporaries;
mod worker;

use anyhow::Result;

use crate::procs::Procs;
use crate::until::Until;
use crate::workers::{self, Allocator};

const HELP: &str = "\
Each turn makes two arrays, y = x * 1.5 and z = y + x, and drops both. malloc is told to map
blocks of 128 KiB and more, so a turn is 2 mmap, 2 munmap and a page fault for every page: the
program spends most of its time in the kernel. That is what happens to all arrays above 32 MiB,
and to smaller ones where MALLOC_MMAP_THRESHOLD_, or MALLOC_TRIM_THRESHOLD_ alone, is set.

Example: NUM_PROCS=4 workloads mmap-storm --kib 40960 --seconds 10";

/// How many workers, how large their arrays, and for how long.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    procs: Procs,
    #[command(flatten)]
    each: Each,
    /// Tell malloc to keep room for the arrays (MALLOC_TOP_PAD_): no mmap, and no page faults
    #[arg(long)]
    healthy: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

/// What each worker does.
#[derive(Debug, Clone, Copy, clap::Args)]
struct Each {
    /// Size of an array in KiB
    #[arg(long, value_name = "KIB", default_value_t = 256,
          value_parser = clap::value_parser!(u32).range(128..=1 << 20))]
    kib: u32,
    #[command(flatten)]
    until: Until,
}

#[derive(Debug, clap::Subcommand)]
enum Role {
    /// One worker: what the parent starts
    #[command(hide = true)]
    Worker(Each),
}

/// Runs the workers, or one of them.
pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(Role::Worker(each)) = args.role {
        return worker::run(each);
    }
    let allocator =
        if args.healthy { Allocator::Keeps { mib: room(args.each.kib) } } else { Allocator::Maps };
    workers::start(args.procs.count()?, |_| {
        let mut command = workers::command(&["mmap-storm", "worker", "--kib"], allocator)?;
        command.arg(args.each.kib.to_string()).args(args.each.until.to_arguments());
        Ok(command)
    })
}

/// Room, in MiB, for the three arrays of a turn.
fn room(kib: u32) -> u64 {
    (u64::from(kib) * 4 / 1024).max(128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_all_arrays_of_a_turn() {
        assert_eq!(room(256), 128);
        assert_eq!(room(40_960), 160);
        assert_eq!(room(1 << 20), 4096);
    }
}
