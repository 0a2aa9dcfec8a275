//! How a workload and whoever watches it agree on a beginning and an end, by standard input and
//! output.

use std::io;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::line;

/// When to begin.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Start {
    /// Print a line {"ready":true,"pid":…} and begin when a line, or the end, of standard input
    /// is read
    #[arg(long)]
    pub(crate) start_after_stdin: bool,
}

impl Start {
    /// Says that everything is in place, and waits, if that was asked for.
    pub(crate) fn when_asked(self, ready: &Ready) -> Result<()> {
        if self.start_after_stdin {
            line::print(ready)?;
            read_until(Some(b'\n'))?;
        }
        Ok(())
    }
}

/// Waits for the end of standard input.
pub(crate) fn hold() -> Result<()> {
    read_until(None)
}

/// Everything that counts exists, and nothing that counts has happened yet.
#[derive(Debug, Serialize)]
pub(crate) struct Ready {
    ready: bool,
    pid: u32,
    /// The threads that will make the calls, if they are not the first thread.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tids: Vec<i32>,
    /// The processes that exist besides this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<i32>,
}

impl Ready {
    /// This process alone.
    pub(crate) fn alone() -> Self {
        Self { ready: true, pid: std::process::id(), tids: Vec::new(), children: Vec::new() }
    }

    /// This process with threads.
    pub(crate) fn with_threads(tids: Vec<i32>) -> Self {
        Self { tids, ..Self::alone() }
    }

    /// This process with children.
    pub(crate) fn with_children(children: Vec<i32>) -> Self {
        Self { children, ..Self::alone() }
    }
}

/// Reads byte by byte up to `last` or the end: nothing is taken that a later read should find.
fn read_until(last: Option<u8>) -> Result<()> {
    let mut byte = [0];
    loop {
        match nix::unistd::read(io::stdin(), &mut byte) {
            Ok(0) => return Ok(()),
            Ok(_) if Some(byte[0]) == last => return Ok(()),
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error).context("cannot read standard input"),
        }
    }
}
