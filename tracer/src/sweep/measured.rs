//! What a sweep takes from the recording of a run.

use serde::Serialize;

use crate::{
    recording::Recording,
    report::{Figures, Row},
};

/// One run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Length of its window.
    pub window_ns: u64,
    /// Units of work that its processes reported; `None` if none did.
    pub iterations: Option<u64>,
    /// Mean number of CPUs in use.
    pub busy_cpus: f64,
    /// Share of the time of all threads that they waited for a CPU; `None` without any thread.
    pub runnable_share: Option<f64>,
    /// Waits for a CPU.
    pub run_queue_ns: Percentiles,
    /// Its system calls.
    pub calls: Vec<Calls>,
    /// Calls that reached no figure.
    pub lost: u64,
}

/// The calls of one row.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Calls {
    /// Name of the row.
    pub name: String,
    /// Completed calls.
    pub calls: u64,
    /// Elapsed time, summed.
    pub total_ns: u64,
    /// Elapsed time of one.
    pub wall_ns: Percentiles,
}

/// Two percentiles, in nanoseconds; null without an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// The median.
    pub p50: Option<u64>,
    /// The 99th percentile.
    pub p99: Option<u64>,
}

impl Measured {
    /// What a recording says.
    #[must_use]
    pub fn of(recording: &Recording) -> Self {
        let report = &recording.report;
        let budget = &report.total.budget;
        let waited = budget.runnable_ns.saturating_add(budget.throttled_ns.unwrap_or(0));
        let thread_ns = report.total.thread_ns;
        // Who reports nothing has no part in the work; if nobody does, it is not known.
        let reported: Vec<u64> =
            recording.metadata.targets.iter().filter_map(|target| target.iterations).collect();
        Self {
            window_ns: report.window_ns,
            iterations: (!reported.is_empty()).then(|| reported.iter().sum()),
            busy_cpus: report.concurrency.busy_cpus,
            runnable_share: (thread_ns > 0).then(|| waited as f64 / thread_ns as f64),
            run_queue_ns: (&report.total.sched.run_queue_ns).into(),
            calls: report.total.syscalls.iter().map(Into::into).collect(),
            lost: report.trust.lost,
        }
    }
}

impl From<&Row> for Calls {
    fn from(row: &Row) -> Self {
        Self {
            name: row.name.clone(),
            calls: row.calls,
            total_ns: row.wall_ns.total,
            wall_ns: (&row.wall_ns).into(),
        }
    }
}

impl From<&Figures> for Percentiles {
    fn from(figures: &Figures) -> Self {
        Self { p50: figures.p50, p99: figures.p99 }
    }
}
