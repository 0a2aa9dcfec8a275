//! A tree of forked processes, each making the same number of calls.

use anyhow::{Context, Result};
use nix::unistd::{Pid, getppid};
use serde::Serialize;

use super::query_break;
use crate::children;
use crate::gate::gate;
use crate::handshake::{Ready, Start};
use crate::line;
use crate::raw::fork::{Side, fork};
use crate::roll_call::roll_call;
use crate::tally::Tally;

/// More processes than this are taken for a slip of the keyboard.
const MOST: usize = 4096;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Generations below the first process
    #[arg(long, value_name = "D")]
    depth: u32,
    /// Children of each process but the last generation
    #[arg(long, value_name = "W")]
    width: u32,
    /// Queries of the break that each process makes, the first included
    #[arg(long, value_name = "N", default_value_t = 100)]
    calls: u64,
    /// Make the whole tree before the ready line, so that all processes are alive when a tracer
    /// attaches; without, all but the first are born after it
    #[arg(long, requires = "start_after_stdin")]
    fork_first: bool,
    #[command(flatten)]
    start: Start,
}

/// The truth of one process.
#[derive(Debug, Serialize)]
struct Account {
    workload: &'static str,
    pid: u32,
    ppid: i32,
    depth: u32,
    children: Vec<i32>,
    #[serde(flatten)]
    tally: Tally,
}

/// One process of the tree.
struct Node {
    depth: u32,
    children: Vec<Pid>,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let total =
        processes(args.depth, args.width).filter(|total| *total <= MOST).with_context(|| {
            format!("a tree {} deep and {} wide has over {MOST} processes", args.depth, args.width)
        })?;
    line::reserve();
    let node = if args.fork_first {
        plant_and_wait(args, total)?
    } else {
        args.start.when_asked(&Ready::alone())?;
        plant(args.depth, args.width)?
    };
    let mut tally = Tally::new();
    query_break(args.calls, &mut tally)?;
    line::print(&Account {
        workload: "fork-tree",
        pid: std::process::id(),
        ppid: getppid().as_raw(),
        depth: node.depth,
        children: node.children.iter().map(|pid| pid.as_raw()).collect(),
        tally,
    })?;
    children::wait_for_all(&node.children)
}

/// Forks the tree; returns in each of its processes.
fn plant(depth: u32, width: u32) -> Result<Node> {
    let mut node = Node { depth: 0, children: Vec::new() };
    while node.depth < depth && u32::try_from(node.children.len())? < width {
        match fork()? {
            Side::Parent(child) => node.children.push(child),
            Side::Child => node = Node { depth: node.depth + 1, children: Vec::new() },
        }
    }
    Ok(node)
}

/// Forks the tree; returns in each of its processes once all exist and it is time to begin.
fn plant_and_wait(args: &Args, total: usize) -> Result<Node> {
    let (opener, waiter) = gate()?;
    let (caller, answerer) = roll_call()?;
    let node = plant(args.depth, args.width)?;
    if node.depth == 0 {
        drop(answerer);
        args.start.when_asked(&Ready::with_children(caller.wait_for(total - 1)?))?;
        opener.open();
    } else {
        drop(opener); // The copy inherited from the first process would keep the gate shut.
        answerer.here().context("cannot report to the first process")?;
        drop(answerer);
        waiter.wait().context("cannot wait for the first process")?;
    }
    Ok(node)
}

/// How many processes a tree has, its first included: 1 + W + W² + … + W^D.
fn processes(depth: u32, width: u32) -> Option<usize> {
    let width = usize::try_from(width).ok()?;
    let mut total: usize = 1;
    let mut generation: usize = 1;
    for _ in 0..depth {
        generation = generation.checked_mul(width)?;
        total = total.checked_add(generation)?;
        if generation == 0 || total > MOST {
            break;
        }
    }
    Some(total).filter(|total| *total <= MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_has_a_geometric_sum_of_processes() {
        assert_eq!(processes(0, 5), Some(1));
        assert_eq!(processes(2, 3), Some(1 + 3 + 9));
        assert_eq!(processes(3, 1), Some(4));
        assert_eq!(processes(7, 0), Some(1));
        assert_eq!(processes(u32::MAX, 1), None);
        assert_eq!(processes(u32::MAX, u32::MAX), None);
        assert_eq!(processes(u32::MAX, 0), Some(1));
    }
}
