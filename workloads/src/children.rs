//! Forked processes, waited for.

use anyhow::{Context, Result, bail};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

/// Waits for a child to end.
///
/// # Errors
/// If it ended with another status than 0 or by a signal.
pub(crate) fn wait_for(child: Pid) -> Result<()> {
    let status = waitpid(child, None).with_context(|| format!("cannot wait for child {child}"))?;
    succeeded(status)
}

/// Waits for all of `children` to end; the first failure is told after the last has ended.
///
/// # Errors
/// As [`wait_for`].
pub(crate) fn wait_for_all(children: &[Pid]) -> Result<()> {
    let ends: Vec<_> = children.iter().map(|&child| wait_for(child)).collect();
    ends.into_iter().collect()
}

/// Turns a failed end into an error.
pub(crate) fn succeeded(status: WaitStatus) -> Result<()> {
    match status {
        WaitStatus::Exited(_, 0) => Ok(()),
        WaitStatus::Exited(child, status) => bail!("child {child} ended with status {status}"),
        WaitStatus::Signaled(child, signal, _) => bail!("child {child} was ended by {signal}"),
        other => bail!("a child has not ended as expected: {other:?}"),
    }
}
