//! Many children, one after the other: each makes the same number of calls and ends at once.

use anyhow::Result;
use serde::Serialize;

use crate::children;
use crate::handshake::{Ready, Start};
use crate::line;
use crate::raw::fork::{Side, fork};
use crate::raw::{heap, thread};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Children to fork
    #[arg(long, value_name = "COUNT", default_value_t = 500)]
    count: u32,
    /// Queries of the break that each child makes
    #[arg(long, value_name = "N", default_value_t = 10)]
    calls: u64,
    #[command(flatten)]
    start: Start,
}

/// The truth, told by the parent.
#[derive(Debug, Serialize)]
struct Account {
    workload: &'static str,
    pid: u32,
    count: u32,
    calls_each: u64,
    calls_total: u64,
    children: Vec<i32>,
}

pub(super) fn run(args: &Args) -> Result<()> {
    args.start.when_asked(&Ready::alone())?;
    let mut pids = Vec::new();
    for _ in 0..args.count {
        match fork()? {
            Side::Parent(child) => {
                children::wait_for(child)?;
                pids.push(child.as_raw());
            }
            Side::Child => {
                for _ in 0..args.calls {
                    heap::query();
                }
                thread::exit_now();
            }
        }
    }
    line::print(&Account {
        workload: "short-lived",
        pid: std::process::id(),
        count: args.count,
        calls_each: args.calls,
        calls_total: args.calls * u64::from(args.count),
        children: pids,
    })
}
