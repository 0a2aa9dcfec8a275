//! What becomes of the command, and of the exit status, when the window has closed.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::timeout;

use super::{EndedBy, Session, Status};
use crate::{
    config::{Command, Targets},
    launch,
};

/// How long a command that got the same Ctrl-C may take to end, if its status is to be ours.
const LAST_WORDS: Duration = Duration::from_millis(300);

impl Session {
    /// Whether the command is to end with the window.
    pub(super) fn kills(&self) -> bool {
        matches!(self.config.targets, Targets::Command(Command { kill: true, .. }))
    }

    /// What the run as a whole comes to.
    pub(super) async fn exit_status(&self, status: Status, ended_by: EndedBy) -> Result<u8> {
        let running = match status {
            Status::NoCommand => return Ok(0),
            Status::Ended(code) => return Ok(code),
            Status::Running(running) => running,
        };
        if self.kills() {
            running.kill().await.context("cannot end the command")?;
            return Ok(0);
        }
        if ended_by == EndedBy::Signal
            && let Ok(ended) = timeout(LAST_WORDS, running.wait()).await
        {
            return Ok(launch::exit_code(ended?));
        }
        Ok(0)
    }
}
