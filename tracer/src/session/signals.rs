//! The signals that close the window.

use anyhow::{Context as _, Result};
use nix::sys::signal::{SigHandler, Signal as Number, signal};
use tokio::signal::unix::{Signal, SignalKind, signal as listen};

/// SIGINT and SIGTERM, waited for.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(crate) fn listen() -> Result<Self> {
        let to = |kind| listen(kind).context("cannot listen to signals");
        Ok(Self {
            interrupt: to(SignalKind::interrupt())?,
            terminate: to(SignalKind::terminate())?,
        })
    }

    /// Waits for either.
    pub(crate) async fn recv(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// From now on these signals end the tracer at once: the user does not want to wait for a report
/// that a full pipe, say, holds up.
pub(super) fn default_for_the_next() {
    for number in [Number::SIGINT, Number::SIGTERM] {
        // SAFETY: the default disposition runs no code of ours.
        if let Err(e) = unsafe { signal(number, SigHandler::SigDfl) } {
            log::debug!("cannot reset {number}: {e}");
        }
    }
}
