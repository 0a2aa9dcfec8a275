//! The figures that conditions can speak of, and where in a report they are.

use std::collections::BTreeMap;

use super::units::Kind;
use crate::report::{Budget, Figures, Report, Row};

/// A figure, by its name.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) of: Of,
}

/// Where a figure is, and what stands in the parentheses after its name.
#[derive(Debug)]
pub(super) enum Of {
    /// A distribution: of a call, or of one of [`DISTRIBUTIONS`]. The argument is needed.
    Distribution(fn(&Figures) -> Option<u64>),
    /// Rows of calls: of the call named, or of all.
    Rows(fn(&Row) -> u64),
    /// Parts of the budget: of the call or the reason named, or all of them.
    Parts(Parts),
    /// The time that locks were waited for: of the kind named, or of all.
    Locks,
    /// A line of the budget. Where it is unknown, the sentence says why.
    Line(fn(&Budget) -> Option<u64>, &'static str),
    /// Something that was counted.
    Count(fn(&Report) -> u64),
    /// A mean number.
    Mean(fn(&Report) -> f64),
}

/// Which parts of the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parts {
    /// In the kernel, by call.
    Kernel,
    /// Asleep, by reason.
    Blocked,
}

impl Parts {
    pub(super) fn of(self, budget: &Budget) -> &BTreeMap<String, u64> {
        match self {
            Self::Kernel => &budget.kernel_ns,
            Self::Blocked => &budget.blocked_ns,
        }
    }
}

/// Where a distribution is.
type Distribution = fn(&Report) -> &Figures;

/// Distributions of the scheduler's, by the names they have in an argument.
pub(super) const DISTRIBUTIONS: [(&str, Distribution); 3] = [
    ("run_queue", |report| &report.total.sched.run_queue_ns),
    ("on_cpu", |report| &report.total.sched.on_cpu_ns),
    ("off_cpu", |report| &report.total.sched.off_cpu_ns),
];

const TICKS: &str = "there were too few samples and clock ticks to tell user mode from the kernel";
const SAMPLES: &str = "there were too few samples to tell page faults and interrupts apart";
const THROTTLED: &str = "this kernel does not mark waits under a CPU quota: they are in `runnable`";

/// Every figure there is. `docs/fail-if.md` describes them.
pub(super) const FIGURES: [Figure; 32] = [
    latency("mean", |figures| figures.mean),
    latency("p50", |figures| figures.p50),
    latency("p90", |figures| figures.p90),
    latency("p99", |figures| figures.p99),
    latency("p999", |figures| figures.p999),
    latency("max", |figures| figures.max),
    rows("calls", Kind::Count, |row| row.calls),
    rows("errors", Kind::Count, |row| row.errors),
    rows("total", Kind::ThreadTime, |row| row.wall_ns.total),
    line("user", |budget| budget.user_ns, TICKS),
    time("kernel", Of::Parts(Parts::Kernel)),
    line("faults", |budget| budget.faults_ns, SAMPLES),
    line("irq", |budget| budget.irq_ns, SAMPLES),
    line("other_kernel", |budget| budget.other_kernel_ns, TICKS),
    line("outside_calls", |budget| Some(budget.outside_calls_ns), ""),
    line("runnable", |budget| Some(budget.runnable_ns), ""),
    line("throttled", |budget| budget.throttled_ns, THROTTLED),
    time("blocked", Of::Parts(Parts::Blocked)),
    line("unaccounted", |budget| Some(budget.unaccounted_ns), ""),
    time("locks", Of::Locks),
    count("voluntary_switches", |report| report.total.sched.switches.voluntary),
    count("involuntary_switches", |report| report.total.sched.switches.involuntary),
    count("migrations", |report| report.total.sched.migrations),
    count("minor_faults", |report| report.total.sched.faults.minor),
    count("major_faults", |report| report.total.sched.faults.major),
    count("processes", |report| report.total.processes),
    count("threads", |report| report.total.threads),
    count("lost", |report| report.trust.lost),
    count("unpaired", |report| report.trust.unpaired),
    count("in_flight", |report| report.trust.in_flight),
    mean("busy_cpus", |report| report.concurrency.busy_cpus),
    mean("runnable_running", |report| report.concurrency.runnable_running),
];

impl Figure {
    /// The figure of this name; `-` is as good as `_`.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        let name = name.replace('-', "_");
        FIGURES.iter().find(|figure| figure.name == name)
    }
}

const fn latency(name: &'static str, of: fn(&Figures) -> Option<u64>) -> Figure {
    Figure { name, kind: Kind::Latency, of: Of::Distribution(of) }
}

const fn rows(name: &'static str, kind: Kind, of: fn(&Row) -> u64) -> Figure {
    Figure { name, kind, of: Of::Rows(of) }
}

const fn time(name: &'static str, of: Of) -> Figure {
    Figure { name, kind: Kind::ThreadTime, of }
}

const fn line(name: &'static str, of: fn(&Budget) -> Option<u64>, unknown: &'static str) -> Figure {
    time(name, Of::Line(of, unknown))
}

const fn count(name: &'static str, of: fn(&Report) -> u64) -> Figure {
    Figure { name, kind: Kind::Count, of: Of::Count(of) }
}

const fn mean(name: &'static str, of: fn(&Report) -> f64) -> Figure {
    Figure { name, kind: Kind::Number, of: Of::Mean(of) }
}
