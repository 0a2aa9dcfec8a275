//! The process that disturbs another, always while it sleeps in its call.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use procfs::process::Process;

/// How a call is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disturbance {
    /// By SIGSTOP, and SIGCONT after it.
    Stop,
    /// By SIGUSR1, for which the child has a handler.
    Handler,
}

/// Disturbs `child` every `pause` for as long as `limit`; returns how often.
///
/// Each time it waits until the child has gone to sleep again, so that no two disturbances fall
/// together, and each finds a call to interrupt. (A sleep that ends by itself in the microseconds
/// between the look and the signal is the one exception.)
pub(super) fn repeatedly(
    child: Pid,
    how: Disturbance,
    pause: Duration,
    limit: Duration,
) -> Result<u64> {
    let process = Process::new(child.as_raw())
        .with_context(|| format!("cannot look at child {child} in /proc"))?;
    let begun = Instant::now();
    let mut times = 0;
    thread::sleep(pause);
    while begun.elapsed() < limit {
        // It may be done early: then there is nothing left to disturb.
        let Some(slept) = wait_until_asleep(&process, 0)? else { break };
        match how {
            Disturbance::Stop => {
                stop_and_continue(child)?;
            }
            Disturbance::Handler => {
                kill(child, Signal::SIGUSR1).context("cannot send SIGUSR1 to the child")?;
            }
        }
        times += 1;
        if wait_until_asleep(&process, slept + 1)?.is_none() {
            break;
        }
        thread::sleep(pause);
    }
    Ok(times)
}

/// Waits until the process sleeps and has gone to sleep `least` times; returns how often it has, or
/// `None` if it has ended.
fn wait_until_asleep(process: &Process, least: u64) -> Result<Option<u64>> {
    loop {
        let status = process.status().context("cannot read the child's state")?;
        let sleeps = status.voluntary_ctxt_switches.unwrap_or(0);
        match status.state.chars().next() {
            Some('S') if sleeps >= least => return Ok(Some(sleeps)),
            Some('Z' | 'X') | None => return Ok(None),
            _ => thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn stop_and_continue(child: Pid) -> Result<()> {
    kill(child, Signal::SIGSTOP).context("cannot stop the child")?;
    expect(child, WaitPidFlag::WUNTRACED, WaitStatus::Stopped(child, Signal::SIGSTOP))?;
    kill(child, Signal::SIGCONT).context("cannot continue the child")?;
    expect(child, WaitPidFlag::WCONTINUED, WaitStatus::Continued(child))
}

fn expect(child: Pid, flag: WaitPidFlag, expected: WaitStatus) -> Result<()> {
    let status = waitpid(child, Some(flag)).context("cannot wait for the child")?;
    if status != expected {
        bail!("the child is {status:?}, not {expected:?}");
    }
    Ok(())
}
