//! More threads of pools that want to run than CPUs they may run on.

use crate::units::Time;
use crate::verdicts::{
    facts::{Account, Facts, Several},
    words::{cpus, number, percent, share},
};

/// A process with fewer threads than this that want to run has no pool.
const POOL: f64 = 1.5;
/// So many threads for each CPU are too many.
const TOO_MANY: f64 = 1.25;

/// The processes with pools, when all targets together want more CPUs than there are.
#[derive(Clone, Debug)]
pub(super) struct Crowd<'a> {
    /// Those processes.
    pub(super) pools: Several<'a>,
    /// CPUs that they may use at once.
    pub(super) cpus: f64,
    /// The number of threads to have.
    pub(super) threads_to_have: u64,
    /// Threads that want to run, in the mean.
    pub(super) wanting: f64,
}

impl<'a> Crowd<'a> {
    /// That of a report, if there is one.
    ///
    /// Only the targets' own wishes count: what others take of the CPUs makes no crowd, for threads
    /// no more than the CPUs never want more than all of them.
    pub(super) fn of(facts: &Facts<'a>) -> Option<Self> {
        let there = facts.cpus()?;
        let wanting = facts.demand(&facts.all);
        let pools = facts.those(|it| facts.demand(it) >= POOL);
        let is_crowd = !pools.0.is_empty() && wanting > TOO_MANY * there;
        let threads_to_have = facts.threads_to_have()?;
        is_crowd.then_some(Self { pools, cpus: there, threads_to_have, wanting })
    }

    /// Share of the pools' time in which a thread could have run and had no CPU.
    pub(super) fn waiting_share(&self) -> f64 {
        let waited = self.pools.sum(Account::demand_ns) - self.pools.sum(Account::on_cpu_ns);
        share(waited, self.pools.sum(|it| it.thread_ns))
    }

    /// How many threads for how many CPUs.
    pub(super) fn evidence(&self, facts: &Facts<'_>) -> String {
        let threads = self.pools.sum(|it| it.threads);
        format!(
            "{} threads want to run at once ({threads} of {}), on {}; {} used",
            number(self.wanting),
            match self.pools.0.len() {
                1 => "one process".to_owned(),
                n => format!("{n} processes"),
            },
            cpus(self.cpus),
            cpus(facts.report.concurrency.busy_cpus),
        )
    }

    /// How long they wait.
    pub(super) fn waits(&self, facts: &Facts<'_>) -> String {
        let queue = &facts.all.sched.run_queue_ns;
        let (p50, p99) = (queue.p50.unwrap_or(0), queue.p99.unwrap_or(0));
        format!(
            "waiting for a CPU {} of their time, p50 {}, p99 {}",
            percent(self.waiting_share()),
            Time(p50),
            Time(p99)
        )
    }

    /// How to have fewer threads.
    pub(super) fn remedy(&self) -> String {
        let n = (self.threads_to_have / self.pools.0.len().max(1) as u64).max(1);
        let each = match self.pools.0.len() {
            1 => String::new(),
            pools => format!(" in each of the {pools} processes"),
        };
        format!(
            "have no more threads than CPUs: set OPENBLAS_NUM_THREADS={n} OMP_NUM_THREADS={n} \
             MKL_NUM_THREADS={n}{each}, or call threadpoolctl.threadpool_limits({n}); with a pool of \
             the program's own, size it by os.sched_getaffinity and the CPU quota, never by the \
             machine's CPUs"
        )
    }
}
