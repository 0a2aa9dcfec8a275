//! What the user asked for, checked and typed, without a trace of how it was written.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use regex::Regex;

use crate::{kernel::selection::Selection, report::Fold};

/// One tracing run.
#[derive(Debug)]
pub struct Config {
    /// What is traced.
    pub targets: Targets,
    /// Which system calls get rows.
    pub selection: Selection,
    /// Descendants of targets are targets.
    pub follow: bool,
    /// The window closes after this time.
    pub duration: Option<Duration>,
    /// A report of each interval of this length, and the total at the end.
    pub interval: Option<Duration>,
    /// Rows for each thread.
    pub threads: bool,
    /// How processes are put together; `None` leaves it to their number.
    pub fold: Option<Fold>,
    /// Histograms beside the percentiles.
    pub histograms: bool,
    /// Waits and calls from this length on are listed as pauses.
    pub pauses_over: Duration,
    /// Samples a second on each CPU; 0 for none.
    pub sample_hz: u32,
    /// So many of the hottest functions are named.
    pub top: usize,
    /// The time of the tracer's own programs is measured.
    pub own_cost: bool,
    /// The share of the targets' CPU time that tracing may cost, in per cent.
    pub budget: Option<f64>,
    /// Text or JSON.
    pub format: Format,
    /// Where the report goes.
    pub report_to: Destination,
    /// Bytes of each CPU's ring: a power of two.
    pub ring_bytes: u32,
}

/// What is traced.
#[derive(Debug)]
pub enum Targets {
    /// A command that the tracer starts.
    Command(Command),
    /// Processes that are there, or appear, under any of these names.
    Named {
        /// Process ids, as the caller's pid namespace has them.
        pids: Vec<i32>,
        /// Programs whose name matches, now or later.
        comm: Option<Regex>,
        /// Control groups, as the user wrote them.
        cgroups: Vec<PathBuf>,
    },
    /// Every user process.
    All,
}

/// A command to start.
#[derive(Debug)]
pub struct Command {
    /// Program and arguments; never empty.
    pub argv: Vec<OsString>,
    /// The user to run it as, where it is not the invoking one.
    pub user: Option<String>,
    /// End it when the window closes first.
    pub kill: bool,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Tables for people.
    Text,
    /// One object, or with intervals one object a line.
    Json,
}

/// Where a report goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Standard output: nobody else writes there.
    Stdout,
    /// Standard error: the command has standard output.
    Stderr,
    /// A file.
    File(PathBuf),
}
