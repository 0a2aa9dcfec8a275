//! Worker processes: the parent that starts them and sees them to their end, and the worker that
//! ends when it is told to.

use std::env;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, bail};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;

/// What a worker's `malloc` is told through its environment.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Allocator {
    /// Nothing but what this process was told.
    AsItIs,
    /// To keep this much free at the top of the heap (`MALLOC_TOP_PAD_`), from which then all is
    /// taken and to which all returns.
    Keeps {
        /// In MiB.
        mib: u64,
    },
    /// To map whatever has 128 KiB or more (`MALLOC_MMAP_THRESHOLD_`).
    Maps,
}

impl Allocator {
    fn variable(self) -> Option<(&'static str, String)> {
        match self {
            Self::AsItIs => None,
            Self::Keeps { mib } => Some(("MALLOC_TOP_PAD_", (mib << 20).to_string())),
            Self::Maps => Some(("MALLOC_MMAP_THRESHOLD_", (128 << 10).to_string())),
        }
    }
}

/// This program again, with other arguments.
pub(crate) fn command(arguments: &[&str], allocator: Allocator) -> Result<Command> {
    let program = env::current_exe().context("cannot find this program's own file")?;
    let mut command = Command::new(program);
    command.args(arguments).envs(allocator.variable());
    Ok(command)
}

/// Starts `count` workers, each by the `command` of its number, and sees them to their end.
///
/// # Errors
/// If one could not be started, or if one ended with another status than 0.
pub(crate) fn start(count: u32, command: impl Fn(u32) -> Result<Command>) -> Result<()> {
    let commands: Vec<_> = (0..count).map(command).collect::<Result<_>>()?;
    supervise(commands.into_iter())
}

/// Starts `commands`, passes SIGTERM and SIGINT on to them, and waits until all have ended.
///
/// # Errors
/// If one could not be started (the others are ended again), or if one ended with another status
/// than 0.
fn supervise(commands: impl Iterator<Item = Command>) -> Result<()> {
    // Blocked from before the first start, so that none is missed. The workers inherit this, and
    // so lose none either between their start and their handlers.
    let signals = waited_for();
    signals.thread_block().context("cannot block signals")?;
    let mut workers = Workers { alive: Vec::new(), failures: Vec::new() };
    for mut command in commands {
        match command.spawn() {
            Ok(child) => workers.alive.push(child),
            Err(error) => {
                workers.pass_on(Signal::SIGTERM)?;
                workers.wait_for_all()?;
                return Err(error).with_context(|| format!("cannot start {command:?}"));
            }
        }
    }
    while !workers.alive.is_empty() {
        match signals.wait().context("cannot wait for signals")? {
            Signal::SIGCHLD => workers.reap()?,
            signal => workers.pass_on(signal)?,
        }
    }
    if !workers.failures.is_empty() {
        bail!("{}", workers.failures.join("; "));
    }
    Ok(())
}

/// In a worker: from now on SIGTERM and SIGINT set the flag that is returned. The end of the parent
/// counts as SIGTERM, for a parent that was killed passes nothing on.
pub(crate) fn obey() -> Result<Arc<AtomicBool>> {
    let told_to_end = heed_signals()?;
    prctl::set_pdeathsig(Signal::SIGTERM).context("cannot ask to be ended with the parent")?;
    waited_for().thread_unblock().context("cannot unblock signals")?;
    Ok(told_to_end)
}

/// From now on SIGTERM and SIGINT set the flag that is returned, and do nothing else.
pub(crate) fn heed_signals() -> Result<Arc<AtomicBool>> {
    let told_to_end = Arc::new(AtomicBool::new(false));
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        signal_hook::flag::register(signal as i32, Arc::clone(&told_to_end))
            .with_context(|| format!("cannot install a handler of {signal}"))?;
    }
    Ok(told_to_end)
}

/// The signals that a parent takes one by one.
fn waited_for() -> SigSet {
    [Signal::SIGCHLD, Signal::SIGTERM, Signal::SIGINT].into_iter().collect()
}

struct Workers {
    alive: Vec<Child>,
    failures: Vec<String>,
}

impl Workers {
    /// Takes note of those who have ended: one SIGCHLD may stand for several.
    fn reap(&mut self) -> Result<()> {
        let mut still_alive = Vec::with_capacity(self.alive.len());
        for mut worker in self.alive.drain(..) {
            match worker.try_wait().context("cannot wait for a worker")? {
                None => still_alive.push(worker),
                Some(status) if status.success() => {}
                Some(status) => {
                    self.failures.push(format!("worker {} failed: {status}", worker.id()));
                }
            }
        }
        self.alive = still_alive;
        Ok(())
    }

    /// Sends `signal` to those alive. One that has ended but is not reaped yet takes it silently.
    fn pass_on(&self, signal: Signal) -> Result<()> {
        for worker in &self.alive {
            let pid = i32::try_from(worker.id()).context("a pid beyond what the kernel gives")?;
            kill(Pid::from_raw(pid), signal)
                .with_context(|| format!("cannot send {signal} to worker {pid}"))?;
        }
        Ok(())
    }

    fn wait_for_all(&mut self) -> Result<()> {
        for mut worker in self.alive.drain(..) {
            worker.wait().context("cannot wait for a worker")?;
        }
        Ok(())
    }
}
