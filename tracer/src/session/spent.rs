//! What tracing itself has cost, between one moment and another.

use std::time::Duration;

use crate::attach::{self, Cost};

/// CPU time of the tracer and of its programs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// Its own process.
    pub(super) reader: Duration,
    /// Its programs in the kernel.
    pub(super) programs: Cost,
}

impl Usage {
    /// Up to now.
    pub(super) fn now(programs: Cost) -> Self {
        Self { reader: attach::cpu_time(), programs }
    }

    /// What it has grown by.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            reader: self.reader.saturating_sub(before.reader),
            programs: self.programs.since(before.programs),
        }
    }
}

/// What had been spent at the moments that reports are about.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    at_start: Usage,
    at_interval: Usage,
    /// At the end of the stretch of time that is reported: what comes after is no cost of it.
    at_edge: Usage,
}

impl Spent {
    /// The window opens.
    pub(super) fn begin(&mut self, programs: Cost) {
        self.at_start = Usage::now(programs);
        self.at_interval = self.at_start;
    }

    /// A stretch of time ends.
    pub(super) fn edge(&mut self, programs: Cost) {
        self.at_edge = Usage::now(programs);
    }

    /// Of the interval that has just ended.
    pub(super) fn interval(&mut self) -> Usage {
        self.at_edge.since(std::mem::replace(&mut self.at_interval, self.at_edge))
    }

    /// Of the whole window.
    pub(super) fn whole(&self) -> Usage {
        self.at_edge.since(self.at_start)
    }
}
