//! What the user asked for, checked and typed, without a trace of how it was written.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use regex::Regex;

use crate::{compare::Per, fail_if::Conditions, kernel::selection::Selection, report::Fold};

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
    /// Text or JSON.
    pub format: Format,
    /// Where the report goes.
    pub report_to: Destination,
    /// The run fails if one of these holds.
    pub fail_if: Conditions,
    /// The run is recorded to this file.
    pub record_to: Option<PathBuf>,
    /// Bytes of each CPU's ring: a power of two.
    pub ring_bytes: u32,
}

/// How a recorded run is to be shown.
#[derive(Debug)]
pub struct Show {
    /// The recording.
    pub file: PathBuf,
    /// Rows for each thread, which have to be recorded.
    pub threads: bool,
    /// How processes are put together; `None` for what the live run had.
    pub fold: Option<Fold>,
    /// Histograms beside the percentiles; the live run may have had them anyway.
    pub histograms: bool,
    /// So many of the hottest functions are named; `None` for as many as in the live run.
    pub top: Option<usize>,
    /// Text or JSON.
    pub format: Format,
    /// It is a failure if one of these holds.
    pub fail_if: Conditions,
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
    /// Variables that it gets beside those of its user.
    pub variables: Vec<(OsString, OsString)>,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Tables for people.
    Text,
    /// One object, or with intervals one object a line.
    Json,
}

/// Which recordings are to be compared, and how.
#[derive(Debug)]
pub struct Compare {
    /// The one.
    pub base: PathBuf,
    /// The other.
    pub new: PathBuf,
    /// The unit of work; `None` for what the recordings suggest.
    pub per: Option<Per>,
    /// Text or JSON.
    pub format: Format,
    /// It is a failure if one of these holds.
    pub fail_if: Conditions,
}

impl Format {
    /// How processes are put together in it, where the user leaves that open: programs want every
    /// process, however many there are.
    #[must_use]
    pub fn fold(self, asked: Option<Fold>) -> Option<Fold> {
        asked.or((self == Self::Json).then_some(Fold::Process))
    }
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
