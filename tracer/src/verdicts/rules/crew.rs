//! Workers, and the process that feeds them.

use crate::verdicts::{
    facts::{Account, Facts},
    words::{number, percent, share},
};

/// A worker does at least so much of what the busiest one does.
const WORKER: f64 = 0.2;
/// A worker is there for so much of the window.
const ALIVE: f64 = 0.5;
/// So much of its life a worker sleeps; less if others take the CPUs that it is to work on.
const IDLE: f64 = 0.2;
/// So much of its sleep is ended by the one that feeds it, or by other workers: those of a pool in
/// Python queue for the right to look for a task, and hand that on.
const FED: f64 = 0.6;
/// So many of its wakes are by the one that feeds it, or it is not the one.
const HANDED: f64 = 0.2;

/// Two workers or more that are fed by the same process.
#[derive(Clone, Debug)]
pub(super) struct Crew<'a> {
    pub(super) feeder: &'a Account<'a>,
    pub(super) workers: Vec<&'a Account<'a>>,
    facts: &'a Facts<'a>,
}

impl<'a> Crew<'a> {
    /// The largest there is.
    pub(super) fn of(facts: &'a Facts<'a>) -> Option<Self> {
        let window = facts.report.window_ns;
        let there = |it: &&Account<'_>| share(it.thread_ns, window) >= ALIVE;
        let alive: Vec<_> = facts.processes.iter().filter(there).collect();
        let crews = alive.iter().filter_map(|&feeder| {
            let pid = feeder.group.pid?;
            let others = alive.iter().copied().filter(|it| it.group.pid != Some(pid));
            let fed: Vec<_> = others
                .filter(|it| is_fed(facts, it, pid))
                .filter(|it| share(it.blocked_ns(), it.thread_ns) >= IDLE)
                .collect();
            let busiest = fed.iter().map(|it| it.on_cpu_ns()).max().unwrap_or(0);
            let works = |it: &&Account<'_>| share(it.on_cpu_ns(), busiest) >= WORKER;
            Some(Self { feeder, workers: fed.into_iter().filter(works).collect(), facts })
        });
        crews.max_by_key(|crew| crew.workers.len()).filter(|crew| crew.workers.len() >= 2)
    }

    /// Time on CPUs of all workers.
    pub(super) fn work_ns(&self) -> u64 {
        self.workers.iter().map(|it| it.on_cpu_ns()).sum()
    }

    /// The mean number of workers that ran, or wanted to.
    pub(super) fn demand(&self) -> f64 {
        self.workers.iter().map(|it| self.facts.demand(it)).sum()
    }

    /// How often a worker was woken by the feeder, or by another one that had been.
    pub(super) fn handed(&self) -> u64 {
        let in_crew = |pid| {
            let is = |it: &&Account<'_>| it.group.pid == Some(pid);
            self.feeder.group.pid == Some(pid) || self.workers.iter().any(is)
        };
        self.workers.iter().map(|it| wakes_by(it, in_crew)).sum()
    }

    /// How long workers sleep, and who ends that.
    pub(super) fn sleep(&self) -> String {
        let Self { feeder, workers, facts } = self;
        let pid = feeder.group.pid;
        let asleep = mean(workers, |it| share(it.blocked_ns(), it.thread_ns));
        let fed = mean(workers, |it| woken_by(it, |other| Some(other) == pid));
        let peers = mean(workers, |it| {
            woken_by(it, |other| Some(other) != pid && is_sibling(facts, it, other))
        });
        let by_peers = match peers {
            ..0.01 => String::new(),
            _ => format!(", {} when another worker does", percent(peers)),
        };
        format!(
            "each worker sleeps for {} of its time; {} of that ends when {} wakes it{by_peers}",
            percent(asleep),
            percent(fed),
            feeder.name(),
        )
    }

    /// How many workers there are, and how many of them would run.
    pub(super) fn wanting(&self) -> String {
        format!("{} of {} workers", number(self.demand()), self.workers.len())
    }
}

/// Whether a process sleeps until another hands it something, or a sibling its turn.
fn is_fed(facts: &Facts<'_>, it: &Account<'_>, feeder: u32) -> bool {
    let wakes = it.sched.wakers.iter().map(|waker| waker.wakes).sum();
    if share(wakes_by(it, |pid| pid == feeder), wakes) < HANDED {
        return false;
    }
    // Siblings that wake each other, and nobody else, have none that feeds them.
    let is_equal = is_sibling(facts, it, feeder);
    woken_by(it, |pid| pid == feeder || (!is_equal && is_sibling(facts, it, pid))) >= FED
}

/// How often such processes woke it.
fn wakes_by(it: &Account<'_>, are: impl Fn(u32) -> bool) -> u64 {
    let by_them = it.sched.wakers.iter().filter(|waker| waker.pid.is_some_and(&are));
    by_them.map(|waker| waker.wakes).sum()
}

/// The share of its sleep that such processes ended.
fn woken_by(it: &Account<'_>, are: impl Fn(u32) -> bool) -> f64 {
    let by_them = it.sched.wakers.iter().filter(|waker| waker.pid.is_some_and(&are));
    share(by_them.map(|waker| waker.slept_ns).sum(), it.sched.off_cpu_ns.total)
}

/// Whether that is another child of the same parent.
fn is_sibling(facts: &Facts<'_>, it: &Account<'_>, pid: u32) -> bool {
    let (me, parent) = (it.group.pid, it.group.ppid);
    let is = |other: &Account<'_>| other.group.pid == Some(pid) && other.group.ppid == parent;
    parent.is_some() && me != Some(pid) && facts.processes.iter().any(is)
}

#[expect(clippy::cast_precision_loss, reason = "workers are few")]
fn mean(workers: &[&Account<'_>], figure: impl Fn(&Account<'_>) -> f64) -> f64 {
    workers.iter().map(|it| figure(it)).sum::<f64>() / workers.len().max(1) as f64
}
