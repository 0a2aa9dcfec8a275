//! What is shown: the accounts of [`model`](crate::model) as shares, percentiles and sums.
//!
//! These types are the JSON that `--format json` prints, field for field; `docs/json.md` describes
//! it. All times are integer nanoseconds. What is not known is absent, or null, never 0.

mod build;

pub use build::{Options, Shown, groups};

use serde::Serialize;

/// Version of the JSON: raised when a field changes its meaning or goes. New fields do not raise it.
pub const SCHEMA: u32 = 1;

/// How processes are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Each by itself.
    Process,
    /// Those of one name together.
    Comm,
    /// All in one.
    All,
}

/// One report: of the whole window, or of an interval of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`]
    pub schema: u32,
    /// Length of the window, or of the interval.
    pub window_ns: u64,
    /// Which interval this is; absent in the report of the whole window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// The command that was started, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// What the machine, and the targets, have to run on.
    pub cpus: Cpus,
    /// The accounts, longest total time in calls first.
    pub processes: Vec<Group>,
    /// The same over all processes.
    pub total: Total,
    /// How far the figures can be believed.
    pub trust: Trust,
}

/// Place of an interval in the window.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Interval {
    /// Counted from 1.
    pub index: u64,
    /// Its beginning, since the window opened.
    pub start_ns: u64,
}

/// CPUs, and what may be used of them.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Cpus {
    /// Online in the machine; null where that is not known.
    pub online: Option<u32>,
    /// Allowed to the first target by its affinity; null where that is not known.
    pub allowed: Option<u32>,
    /// CPU quota of its control groups, in CPUs; absent where there is none, or none is visible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<f64>,
}

/// The account of a process, or of several folded together.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Group {
    /// The process, as the caller's pid namespace has it; absent when several are folded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Its parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ppid: Option<u32>,
    /// Its thread, with `--threads`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tid: Option<u32>,
    /// Its start, nanoseconds since boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_ns: Option<u64>,
    /// Its name; with several, the name they share, or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comm: Option<String>,
    /// How many processes this is the account of.
    pub processes: u64,
    /// Threads that were alive in the window, at any time.
    pub threads: u64,
    /// Time in the window, summed over its threads: what shares are shares of.
    pub thread_ns: u64,
    /// When it was born, since the window opened; absent if it was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub born_ns: Option<u64>,
    /// When it ended, since the window opened; absent if it lives on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exited_ns: Option<u64>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
    /// A row for each system call, longest total time first.
    pub syscalls: Vec<Row>,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It exited with this status.
    Exited(i32),
    /// This signal killed it.
    Signalled(i32),
    /// It became another program, which has an account of its own.
    Exec,
}

/// The sum over all processes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Total {
    /// How many processes, each program that an exec began counted for itself.
    pub processes: u64,
    /// How many threads.
    pub threads: u64,
    /// Time in the window, summed over threads.
    pub thread_ns: u64,
    /// A row for each system call.
    pub syscalls: Vec<Row>,
}

/// One system call.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Row {
    /// Its name. `brk` is three: "brk grow", "brk shrink", "brk query". 32-bit calls are "32-bit N".
    pub name: String,
    /// Completed calls.
    pub calls: u64,
    /// Of these, how many failed.
    pub errors: u64,
    /// Ends without a beginning: in the call when tracing began. No part of `calls`.
    pub unpaired: u64,
    /// Open at the end of the window. No part of `calls`.
    pub in_flight: u64,
    /// How long the longest open call had lasted by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight_longest_ns: Option<u64>,
    /// Cut off by the death of their thread. No part of `calls`.
    pub ended_by_exit: u64,
    /// Bytes that the completed, successful calls asked for, where they ask for bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Elapsed time of the completed calls.
    pub wall_ns: Figures,
    /// Part of it running in the kernel.
    pub on_cpu_ns: Figures,
    /// Part of it waiting for a CPU.
    pub runnable_ns: Figures,
    /// Part of it sleeping.
    pub blocked_ns: Figures,
    /// The distribution of the elapsed time, with `--histograms`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub histogram: Vec<Bucket>,
}

/// A distribution in a few figures. Those other than the total are null without a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Exact sum.
    pub total: u64,
    /// Exact mean.
    pub mean: Option<u64>,
    /// Median, to two significant digits, like all percentiles.
    pub p50: Option<u64>,
    /// 90th percentile.
    pub p90: Option<u64>,
    /// 99th percentile.
    pub p99: Option<u64>,
    /// 99.9th percentile.
    pub p999: Option<u64>,
    /// Exact maximum.
    pub max: Option<u64>,
}

/// One bar of a histogram: `from_ns <= time < to_ns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// Lower edge.
    pub from_ns: u64,
    /// Upper edge.
    pub to_ns: u64,
    /// Calls in it.
    pub count: u64,
}

/// How far the figures can be believed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Trust {
    /// Calls that reached no figure.
    pub lost: u64,
    /// Calls of which only sums are exact.
    pub folded: u64,
    /// Ends without a beginning.
    pub unpaired: u64,
    /// Calls open at the end.
    pub in_flight: u64,
    /// Calls cut off by the death of their thread.
    pub ended_by_exit: u64,
    /// CPU time of the tracer's own process in the window.
    pub reader_cpu_ns: u64,
    /// CPU time of its programs in the kernel; null where it was not measured.
    pub program_ns: Option<u64>,
    /// What else a reader has to know, each a sentence.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests;
