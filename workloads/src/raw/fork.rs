//! Making a process by `fork`.

use anyhow::{Context, Result, ensure};
use nix::unistd::{ForkResult, Pid};

/// Which side of a fork this is.
#[derive(Debug)]
pub(crate) enum Side {
    /// The process that forked, with the pid of the new one.
    Parent(Pid),
    /// The new process.
    Child,
}

/// Forks this process.
///
/// # Errors
/// If it has more than one thread (the child would inherit their locks, held for ever), or if the
/// kernel makes no process.
pub(crate) fn fork() -> Result<Side> {
    let threads = procfs::process::Process::myself()
        .and_then(|process| process.stat())
        .context("cannot read the number of threads from /proc/self/stat")?
        .num_threads;
    ensure!(threads == 1, "will not fork a process of {threads} threads");
    // SAFETY: the process has this one thread, so every lock is free in the child too and it may
    // go on as any program may.
    let forked = unsafe { nix::unistd::fork() }
        .context("cannot fork a process; is a limit on processes (ulimit -u, pids.max) reached?")?;
    Ok(match forked {
        ForkResult::Parent { child } => Side::Parent(child),
        ForkResult::Child => Side::Child,
    })
}
