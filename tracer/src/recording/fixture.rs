//! Recordings made by hand.

use std::collections::BTreeMap;

use super::{Folded, Machine, Metadata, Options, Recording, SCHEMA, Target};
use crate::{
    model::Hist,
    report::{self, Budget, Concurrency, Cpus, Figures, Group, Report, Row, Sched, Trust},
};

/// A process of one thread, and all that it did in its window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Worked {
    pub(crate) pid: u32,
    pub(crate) ppid: u32,
    pub(crate) argv: Vec<String>,
    pub(crate) iterations: Option<u64>,
    /// Time in user mode.
    pub(crate) user_ns: u64,
    /// Calls, each with their times on a CPU.
    pub(crate) calls: BTreeMap<&'static str, Vec<u64>>,
    /// Waits for a CPU.
    pub(crate) waits: Vec<u64>,
}

fn hist(times: &[u64]) -> Hist {
    let mut hist = Hist::default();
    times.iter().for_each(|&ns| hist.record(ns));
    hist
}

fn figures(hist: &Hist) -> Figures {
    Figures::of(hist, false, true)
}

impl Worked {
    fn group(&self) -> Group {
        let row = |(name, times): (&&str, &Vec<u64>)| {
            let (wall, nothing) = (hist(times), hist(&vec![0; times.len()]));
            Row {
                name: (*name).to_owned(),
                calls: wall.count(),
                wall_ns: figures(&wall),
                on_cpu_ns: figures(&wall),
                runnable_ns: figures(&nothing),
                blocked_ns: figures(&nothing),
                ..Row::default()
            }
        };
        let waits = hist(&self.waits);
        let kernel_ns: BTreeMap<String, u64> = self
            .calls
            .iter()
            .map(|(name, times)| ((*name).to_owned(), times.iter().sum()))
            .collect();
        let budget = Budget {
            user_ns: Some(self.user_ns),
            other_kernel_ns: Some(0),
            outside_calls_ns: self.user_ns,
            kernel_ns,
            runnable_ns: waits.sum(),
            ..Budget::default()
        };
        Group {
            pid: Some(self.pid),
            ppid: Some(self.ppid),
            start_ns: Some(u64::from(self.pid)),
            comm: Some("python3".to_owned()),
            processes: 1,
            threads: 1,
            thread_ns: self.user_ns + budget.kernel_ns.values().sum::<u64>() + waits.sum(),
            syscalls: self.calls.iter().map(row).collect(),
            budget,
            sched: Sched {
                run_queue_ns: figures(&waits),
                on_cpu_ns: figures(&Hist::default()),
                off_cpu_ns: figures(&Hist::default()),
                ..Sched::default()
            },
            ..Group::default()
        }
    }

    fn target(&self) -> Target {
        Target {
            pid: self.pid,
            start_ns: u64::from(self.pid),
            comm: "python3".to_owned(),
            argv: Some(self.argv.clone()),
            environment: Some(BTreeMap::new()),
            iterations: self.iterations,
            ..Target::default()
        }
    }
}

/// A recording of these processes over one second, on two CPUs that nobody else used.
pub(crate) fn recording(processes: &[Worked]) -> Recording {
    let groups: Vec<Group> = processes.iter().map(Worked::group).collect();
    let window_ns = 1_000_000_000;
    let cpus = Cpus { online: Some(2), allowed: Some(2), quota: None };
    Recording {
        schema: SCHEMA,
        complete: true,
        metadata: Metadata {
            tracer: "0.1.0".to_owned(),
            started_at: "2026-11-22T00:00:00Z".to_owned(),
            window_ns,
            command: None,
            machine: Machine::default(),
            cpus,
            first_target: super::FirstTarget::default(),
            options: Options { top: 5, ..Options::default() },
            lost: 0,
            reader_cpu_ns: 0,
            other_cpus: Some(0.0),
            targets: processes.iter().map(Worked::target).collect(),
        },
        report: Report {
            schema: report::SCHEMA,
            window_ns,
            interval: None,
            diagnosis: None,
            command: None,
            cpus,
            processes: groups.clone(),
            total: Group { processes: groups.len() as u64, ..Group::default() },
            concurrency: Concurrency::default(),
            throttling: None,
            pauses: Vec::new(),
            trust: Trust::default(),
        },
        folded: Folded { comm: groups.clone(), all: groups, fitting: None },
    }
}
