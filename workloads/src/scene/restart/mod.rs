//! Calls that are interrupted: stopped and continued, or cut off by a signal handler.

mod disturb;
mod handled;
mod stopped;

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use self::disturb::Disturbance;
use crate::arguments::seconds;
use crate::children;
use crate::gate::gate;
use crate::handshake::{Ready, Start};
use crate::line;
use crate::raw::fork::{Side, fork};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How long the calls are disturbed
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Duration,
    /// Pause between two disturbances
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "0.05")]
    every: Duration,
    /// The call that is stopped and continued; each lasts 1 s
    #[arg(long, value_enum, default_value_t = stopped::Sleep::Nanosleep)]
    call: stopped::Sleep,
    /// Disturb a read of an empty pipe by a signal handler with SA_RESTART instead
    #[arg(long, conflicts_with = "call")]
    handler: bool,
    /// The same by a handler without SA_RESTART: the read ends with EINTR and is made anew
    #[arg(long, conflicts_with_all = ["call", "handler"])]
    eintr: bool,
    #[command(flatten)]
    start: Start,
}

/// The truth of the parent, which disturbs.
#[derive(Debug, Serialize)]
struct Account {
    workload: &'static str,
    pid: u32,
    child: i32,
    /// SIGSTOPs, each followed by a SIGCONT.
    stops: u64,
    /// Signals for the child's handler.
    signals: u64,
}

/// Forks the process that makes the calls, and disturbs it; both tell their truth.
pub(super) fn run(args: &Args) -> Result<()> {
    let (opener, waiter) = gate()?;
    let (end_opener, end) = gate()?;
    let child = match fork()? {
        Side::Parent(child) => child,
        Side::Child => {
            drop((opener, end_opener));
            return if args.handler || args.eintr {
                handled::run(args.handler, &waiter, &end)
            } else {
                stopped::run(args.call, args.seconds, &waiter)
            };
        }
    };
    drop((waiter, end));
    args.start.when_asked(&Ready::with_children(vec![child.as_raw()]))?;
    let disturbance =
        if args.handler || args.eintr { Disturbance::Handler } else { Disturbance::Stop };
    opener.open();
    let times = disturb::repeatedly(child, disturbance, args.every, args.seconds)?;
    end_opener.open();
    children::wait_for(child)?;
    let (stops, signals) = match disturbance {
        Disturbance::Stop => (times, 0),
        Disturbance::Handler => (0, times),
    };
    line::print(&Account {
        workload: "restart",
        pid: std::process::id(),
        child: child.as_raw(),
        stops,
        signals,
    })
}
