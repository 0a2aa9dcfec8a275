//! A handler of `SIGUSR1` that only counts.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use libc::c_int;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

static RUNS: AtomicU64 = AtomicU64::new(0);

extern "C" fn count(_: c_int) {
    RUNS.fetch_add(1, Ordering::Relaxed);
}

/// Counts every `SIGUSR1` from now on. With `restart` a call cut off by it starts again inside the
/// kernel (`SA_RESTART`); without, it ends with `EINTR`.
pub(crate) fn count_usr1(restart: bool) -> Result<()> {
    let flags = if restart { SaFlags::SA_RESTART } else { SaFlags::empty() };
    let action = SigAction::new(SigHandler::Handler(count), flags, SigSet::empty());
    // SAFETY: the handler only adds to an atomic, which is allowed at any moment.
    unsafe { sigaction(Signal::SIGUSR1, &action) }
        .map(drop)
        .context("cannot install a handler of SIGUSR1")
}

/// How often the handler has run.
pub(crate) fn runs() -> u64 {
    RUNS.load(Ordering::Relaxed)
}
