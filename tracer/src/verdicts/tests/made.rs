//! Reports made by hand, with round figures: a window of ten seconds on two CPUs.

use std::collections::BTreeMap;

use crate::report::{
    Budget, Concurrency, Cpus, Faults, Figures, Function, Futex, Group, Lock, Report, Row, SCHEMA,
    Samples, Sched, Switches, Trust,
};

pub(super) const MS: u64 = 1_000_000;
pub(super) const WINDOW_MS: u64 = 10_000;
pub(super) const MIB: u64 = 1 << 20;

/// A process of so many threads that did nothing.
pub(super) fn process(pid: u32, threads: u64) -> Group {
    Group {
        pid: Some(pid),
        ppid: Some(1),
        comm: Some("python3".to_owned()),
        processes: 1,
        threads,
        thread_ns: threads * WINDOW_MS * MS,
        budget: Budget {
            user_ns: Some(0),
            faults_ns: Some(0),
            throttled_ns: Some(0),
            ..Budget::default()
        },
        samples: Some(Samples { hz: 199, ..Samples::default() }),
        locks: Some(Vec::new()),
        ..Group::default()
    }
}

/// What a process did, added a part at a time. Milliseconds of all its threads.
pub(super) trait Doing: Sized {
    fn computes(self, ms: u64) -> Self;
    fn faults(self, ms: u64, count: u64) -> Self;
    fn calls(self, name: &str, calls: u64, on_cpu_ms: u64, bytes: Option<u64>) -> Self;
    fn waits_for_a_cpu(self, ms: u64) -> Self;
    fn sleeps_in(self, name: &str, ms: u64) -> Self;
    fn runs(self, function: Option<&str>, library: &str, ms: u64) -> Self;
    fn uses(self, futex: Futex) -> Self;
    fn waits_for_lock(self, kind: &str, count: u64, ms: u64) -> Self;
}

impl Doing for Group {
    fn computes(self, ms: u64) -> Self {
        self.runs(Some("compute"), "libnumeric.so", ms)
    }

    fn faults(mut self, ms: u64, count: u64) -> Self {
        *self.budget.faults_ns.get_or_insert(0) += ms * MS;
        self.budget.outside_calls_ns += ms * MS;
        self.sched.faults.minor += count;
        self
    }

    fn calls(mut self, name: &str, calls: u64, on_cpu_ms: u64, bytes: Option<u64>) -> Self {
        *self.budget.kernel_ns.entry(name.to_owned()).or_default() += on_cpu_ms * MS;
        // Taken again as soon as it was given back, if it is.
        let again_bytes = bytes;
        self.syscalls.push(Row {
            name: name.to_owned(),
            calls,
            bytes,
            again_bytes,
            ..Row::default()
        });
        self
    }

    fn waits_for_a_cpu(mut self, ms: u64) -> Self {
        self.budget.runnable_ns += ms * MS;
        self
    }

    fn sleeps_in(mut self, name: &str, ms: u64) -> Self {
        *self.budget.blocked_ns.entry(name.to_owned()).or_default() += ms * MS;
        self.sched.off_cpu_ns.total += ms * MS;
        self
    }

    fn runs(mut self, function: Option<&str>, library: &str, ms: u64) -> Self {
        let (function, library) = (function.map(str::to_owned), Some(library.to_owned()));
        *self.budget.user_ns.get_or_insert(0) += ms * MS;
        self.budget.outside_calls_ns += ms * MS;
        if let Some(samples) = &mut self.samples {
            let count = ms / 5;
            samples.count += count;
            samples.user += count;
            samples.top_user.push(Function { function, library, count });
        }
        self
    }

    fn uses(mut self, futex: Futex) -> Self {
        self.futexes.push(futex);
        self
    }

    fn waits_for_lock(mut self, kind: &str, count: u64, ms: u64) -> Self {
        let lock = Lock { kind: kind.to_owned(), count, ns: ms * MS, ..Lock::default() };
        self.locks.get_or_insert_default().push(lock);
        self
    }
}

/// The report of these processes.
pub(super) fn report(processes: Vec<Group>) -> Report {
    let total = total(&processes);
    let on_cpu = total.budget.outside_calls_ns + total.budget.kernel_ns.values().sum::<u64>();
    let waited = total.budget.runnable_ns + total.budget.throttled_ns.unwrap_or(0);
    let window = WINDOW_MS * MS;
    #[expect(clippy::cast_precision_loss, reason = "round figures")]
    let share = |ns: u64| ns as f64 / window as f64;
    Report {
        schema: SCHEMA,
        window_ns: window,
        interval: None,
        command: None,
        diagnosis: None,
        cpus: Cpus { online: Some(2), allowed: Some(2), quota: None },
        processes,
        total,
        concurrency: Concurrency {
            busy_cpus: share(on_cpu),
            runnable_running: share(on_cpu + waited),
            ..Concurrency::default()
        },
        throttling: None,
        pauses: Vec::new(),
        trust: Trust::default(),
    }
}

fn total(processes: &[Group]) -> Group {
    let sum = |of: fn(&Group) -> u64| processes.iter().map(of).sum::<u64>();
    let mut kernel_ns = BTreeMap::new();
    let mut blocked_ns = BTreeMap::new();
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for group in processes {
        for (name, ns) in &group.budget.kernel_ns {
            *kernel_ns.entry(name.clone()).or_default() += ns;
        }
        for (name, ns) in &group.budget.blocked_ns {
            *blocked_ns.entry(name.clone()).or_default() += ns;
        }
        for row in &group.syscalls {
            let sum = rows.entry(row.name.clone()).or_default();
            sum.name.clone_from(&row.name);
            sum.calls += row.calls;
        }
    }
    Group {
        processes: processes.len().try_into().unwrap_or(0),
        threads: sum(|it| it.threads),
        thread_ns: sum(|it| it.thread_ns),
        syscalls: rows.into_values().collect(),
        budget: Budget {
            user_ns: Some(sum(|it| it.budget.user_ns.unwrap_or(0))),
            kernel_ns,
            faults_ns: processes.iter().map(|it| it.budget.faults_ns).sum(),
            outside_calls_ns: sum(|it| it.budget.outside_calls_ns),
            runnable_ns: sum(|it| it.budget.runnable_ns),
            throttled_ns: processes.iter().map(|it| it.budget.throttled_ns).sum(),
            blocked_ns,
            ..Budget::default()
        },
        sched: Sched {
            switches: Switches::default(),
            faults: Faults { minor: sum(|it| it.sched.faults.minor), major: 0 },
            off_cpu_ns: Figures {
                total: sum(|it| it.sched.off_cpu_ns.total),
                ..Figures::default()
            },
            off_cpu: processes.iter().flat_map(|it| it.sched.off_cpu.clone()).collect(),
            ..Sched::default()
        },
        samples: Some(Samples {
            count: sum(|it| it.samples.as_ref().map_or(0, |samples| samples.count)),
            ..Samples::default()
        }),
        locks: Some(processes.iter().filter_map(|it| it.locks.clone()).flatten().collect()),
        ..Group::default()
    }
}
