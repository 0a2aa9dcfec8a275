//! A report as rules look at it: accounts with the sums and shares that several rules ask for.

use super::{Blind, words};
use crate::{
    report::{Budget, Futex, Group, Lock, Report, Row, Samples, Sched},
    units::Time,
};

/// Shorter windows show too little.
const SHORTEST_NS: u64 = 100_000_000;
/// With less time on CPUs than this there is nothing to go by.
const LEAST_ON_CPU_NS: u64 = 50_000_000;
/// With a smaller share of one CPU, too.
const IDLE: f64 = 0.05;
/// A larger share of lost calls makes counts worthless.
const MOST_LOST: f64 = 0.1;

/// The account of a process, or of all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account<'a> {
    /// Whose it is.
    pub(super) group: &'a Group,
    pub(super) threads: u64,
    pub(super) thread_ns: u64,
    pub(super) budget: &'a Budget,
    pub(super) sched: &'a Sched,
    pub(super) samples: Option<&'a Samples>,
    pub(super) locks: &'a [Lock],
    pub(super) futexes: &'a [Futex],
    rows: &'a [Row],
}

impl<'a> Account<'a> {
    fn of(group: &'a Group) -> Self {
        Self {
            group,
            threads: group.threads,
            thread_ns: group.thread_ns,
            budget: &group.budget,
            sched: &group.sched,
            samples: group.samples.as_ref(),
            locks: group.locks.as_deref().unwrap_or_default(),
            futexes: &group.futexes,
            rows: &group.syscalls,
        }
    }

    /// Completed calls of this name.
    pub(super) fn calls(&self, name: &str) -> u64 {
        self.row(name).map_or(0, |row| row.calls)
    }

    /// Bytes that they asked for.
    pub(super) fn bytes(&self, name: &str) -> u64 {
        self.row(name).and_then(|row| row.bytes).unwrap_or(0)
    }

    /// The share of these bytes that was taken again after as many had been given back.
    pub(super) fn again_share(&self, name: &str) -> f64 {
        self.share_of_bytes(name, |row| row.again_bytes)
    }

    /// The share of what was mapped that was files.
    pub(super) fn file_share(&self) -> f64 {
        self.share_of_bytes("mmap", |row| row.file_bytes)
    }

    /// A share of the bytes that calls asked for; of calls that were summed in the kernel it is not
    /// known, and taken to be the same.
    fn share_of_bytes(&self, name: &str, part: impl Fn(&Row) -> Option<u64>) -> f64 {
        let Some(row) = self.row(name) else { return 0.0 };
        let known = words::share(row.calls.saturating_sub(row.folded), row.calls);
        let part = words::share(part(row).unwrap_or(0), row.bytes.unwrap_or(0));
        if known > 0.0 { (part / known).min(1.0) } else { 0.0 }
    }

    /// The process as a sentence has it.
    pub(super) fn name(&self) -> String {
        let comm = self.group.comm.as_deref().unwrap_or("a process");
        match self.group.pid {
            Some(pid) => format!("{comm} (pid {pid})"),
            None => comm.to_owned(),
        }
    }

    /// When calls of this name ended, the last and on average, since the window opened.
    pub(super) fn ended_ns(&self, name: &str) -> Option<(u64, Option<u64>)> {
        let row = self.row(name)?;
        Some((row.last_ns?, row.mean_at_ns))
    }

    fn row(&self, name: &str) -> Option<&'a Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    /// Time on a CPU in calls of these names.
    pub(super) fn kernel_ns(&self, names: &[&str]) -> u64 {
        names.iter().filter_map(|name| self.budget.kernel_ns.get(*name)).sum()
    }

    /// Time on a CPU in all calls.
    pub(super) fn in_calls_ns(&self) -> u64 {
        self.budget.kernel_ns.values().sum()
    }

    /// Time on a CPU.
    pub(super) fn on_cpu_ns(&self) -> u64 {
        self.budget.outside_calls_ns + self.in_calls_ns()
    }

    /// Time on a CPU, or waiting for one.
    pub(super) fn demand_ns(&self) -> u64 {
        self.on_cpu_ns() + self.budget.runnable_ns + self.budget.throttled_ns.unwrap_or(0)
    }

    /// Time asleep.
    pub(super) fn blocked_ns(&self) -> u64 {
        self.budget.blocked_ns.values().sum()
    }

    /// Time that waits for its own locks of the kernel's took, of the kinds that `of` picks.
    pub(super) fn lock_ns(&self, of: impl Fn(&str) -> bool) -> (u64, u64) {
        let picked = self.locks.iter().filter(|lock| of(&lock.kind));
        picked.fold((0, 0), |(count, ns), lock| (count + lock.count, ns + lock.ns))
    }
}

/// The accounts of several processes.
#[derive(Clone, Debug)]
pub(super) struct Several<'a>(pub(super) Vec<Account<'a>>);

impl<'a> Several<'a> {
    /// A sum over them.
    pub(super) fn sum(&self, figure: impl Fn(&Account<'a>) -> u64) -> u64 {
        self.0.iter().map(figure).sum()
    }

    /// The same, if it is known of each.
    pub(super) fn sum_known(&self, figure: impl Fn(&Account<'a>) -> Option<u64>) -> Option<u64> {
        self.0.iter().map(figure).sum()
    }
}

/// A report, and what it could not show.
#[derive(Clone, Debug)]
pub(super) struct Facts<'a> {
    pub(super) report: &'a Report,
    pub(super) blind: &'a Blind,
    /// Length of the window.
    pub(super) seconds: f64,
    /// All targets together.
    pub(super) all: Account<'a>,
    /// Each process.
    pub(super) processes: Vec<Account<'a>>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(report: &'a Report, blind: &'a Blind) -> Self {
        Self {
            report,
            blind,
            seconds: words::per(report.window_ns, 1e9),
            all: Account::of(&report.total),
            processes: report.processes.iter().map(Account::of).collect(),
        }
    }

    /// Why nothing can be told at all, if so.
    pub(super) fn too_little(&self) -> Option<String> {
        let (report, trust) = (self.report, &self.report.trust);
        if report.processes.is_empty() {
            return Some(
                "no target lived in the window: check that the pid, the name or the \
                 command is the right one"
                    .to_owned(),
            );
        }
        if report.window_ns < SHORTEST_NS {
            return Some(format!(
                "the window of {} is too short: trace for a second or more",
                Time(report.window_ns)
            ));
        }
        let calls: u64 = report.total.syscalls.iter().map(|row| row.calls).sum();
        let lost = words::share(trust.lost, trust.lost + calls);
        (lost > MOST_LOST).then(|| {
            format!(
                "{} of the calls were lost: trace again with a larger --ring-size",
                words::percent(lost)
            )
        })
    }

    /// What to say of targets that did nothing, if so.
    pub(super) fn idle(&self) -> Option<String> {
        let on_cpu = self.all.on_cpu_ns();
        (on_cpu < LEAST_ON_CPU_NS && words::share(on_cpu, self.report.window_ns) < IDLE).then(|| {
            format!(
                "the targets did next to nothing: {} on a CPU in {}. Trace them while they work",
                Time(on_cpu),
                Time(self.report.window_ns)
            )
        })
    }

    /// The processes that are such.
    pub(super) fn those(&self, are: impl Fn(&Account<'a>) -> bool) -> Several<'a> {
        Several(self.processes.iter().filter(|it| are(it)).copied().collect())
    }

    /// CPUs that the targets may use at once: by affinity, and by their quota.
    pub(super) fn cpus(&self) -> Option<f64> {
        let cpus = self.report.cpus;
        let there = f64::from(cpus.allowed.or(cpus.online)?);
        Some(cpus.quota.map_or(there, |quota| quota.min(there)))
    }

    /// The number of threads to run on them: at least one.
    pub(super) fn threads_to_have(&self) -> Option<u64> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a machine's CPUs are few, and not below 0"
        )]
        self.cpus().map(|cpus| cpus.floor().max(1.0) as u64)
    }

    /// The mean number of threads of an account that were on a CPU or waited for one.
    pub(super) fn demand(&self, account: &Account<'_>) -> f64 {
        words::share(account.demand_ns(), self.report.window_ns)
    }

    /// Time in page faults; where a process has too few samples to tell, by the share of all.
    pub(super) fn faults_ns(&self, account: &Account<'_>) -> Option<u64> {
        let of_all = || {
            let share = words::share(self.all.budget.faults_ns?, self.all.budget.outside_calls_ns);
            Some(times(account.budget.outside_calls_ns, share))
        };
        account.budget.faults_ns.or_else(of_all)
    }
}

/// A part of a time.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a share of a time is no longer than it, and not below 0"
)]
pub(super) fn times(ns: u64, share: f64) -> u64 {
    (ns as f64 * share.clamp(0.0, 1.0)) as u64
}
