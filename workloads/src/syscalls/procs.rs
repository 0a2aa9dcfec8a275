//! Several forked processes that do the steps.

use anyhow::Result;

use super::plan::Plan;
use crate::children;
use crate::crew::Cue;
use crate::gate::gate;
use crate::handshake::{self, Ready, Start};
use crate::raw::fork::{Side, fork};
use crate::roll_call::roll_call;

/// Forks `procs` processes which do the plan and tell their own truth; this one only waits.
pub(super) fn run(
    plan: &Plan,
    threads: usize,
    procs: usize,
    when: Start,
    hold: bool,
) -> Result<()> {
    let (start_opener, start) = gate()?;
    let (end_opener, end) = gate()?;
    let (caller, in_place) = roll_call()?;
    let mut pids = Vec::with_capacity(procs);
    for _ in 0..procs {
        match fork()? {
            Side::Parent(child) => pids.push(child),
            Side::Child => {
                drop((start_opener, end_opener, caller));
                let cue = Cue::Parent { in_place, start, end };
                return super::work("syscalls", plan, threads, &cue);
            }
        }
    }
    drop(in_place);
    when.when_asked(&Ready::with_children(caller.wait_for(procs)?))?;
    start_opener.open();
    if hold {
        handshake::hold()?;
    }
    end_opener.open();
    children::wait_for_all(&pids)
}
