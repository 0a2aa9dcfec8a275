//! Threads of a pool look for tasks, and yield, as long as there are none.

use super::crowd::Crowd;
use crate::verdicts::{
    Finding, Rule, Strength, Verdict,
    facts::{Account, Facts, times},
    words::{cpus, number, per, percent, rate, share},
};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "spinning-pool",
    summary: "threads of a pool yield again and again while they have nothing to do",
    page: include_str!("../../../../docs/verdicts/spinning-pool.md"),
    explains: &[],
    judge,
};

/// Yields for each second on a CPU: fewer are no waste.
const YIELDS: f64 = 20_000.0;
/// A smaller share of the time on CPUs is not worth a change.
const COST: f64 = 0.2;

fn judge(facts: &Facts<'_>) -> Finding {
    if Crowd::of(facts).is_some() {
        return Finding::Nothing; // They yield to each other.
    }
    let pools = facts.processes.iter().filter(|it| spins(it));
    let Some(pool) = pools.max_by_key(|it| it.calls("sched_yield")) else {
        return Finding::Nothing;
    };
    let on_cpu = pool.on_cpu_ns();
    let yielding = yielding_ns(pool);
    let cost = share(yielding, on_cpu);
    if cost < COST {
        return Finding::Nothing;
    }
    let yields = pool.calls("sched_yield");
    let switches = pool.sched.switches.involuntary;
    let waited = pool.demand_ns() - on_cpu;
    if waited > yielding {
        return Finding::CannotTell(format!(
            "threads of {} yield {} times a second, but others take the CPUs meanwhile: they may be \
             waiting for one of their own that has no CPU. Trace on a machine with nothing else to do",
            pool.name(),
            number(per(yields, facts.seconds))
        ));
    }
    let n = facts.threads_to_have().unwrap_or(1);
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: Strength::of_share(cost),
        what: format!(
            "threads of {} look for work and yield while there is none: {} of its time on CPUs goes \
             into sched_yield",
            pool.name(),
            percent(cost)
        ),
        evidence: [
            format!("sched_yield {}", rate(yields, facts.seconds)),
            format!(
                "in vain: they gave the CPU to somebody {} times a second",
                number(per(switches, facts.seconds))
            ),
            format!(
                "{} threads want to run, on {}: nobody needs what they yield",
                number(facts.demand(pool)),
                cpus(facts.cpus().unwrap_or(0.0))
            ),
        ],
        remedy: format!(
            "give the pool larger tasks, or fewer threads: for loops of microseconds one \
             (NUMBA_NUM_THREADS=1, OMP_NUM_THREADS=1), at most {n}; where threads idle for long, let \
             them sleep (OMP_WAIT_POLICY=passive, KMP_BLOCKTIME=0, OPENBLAS_THREAD_TIMEOUT=4)"
        ),
        against:
            "yields that mostly give the CPU to somebody: then there are more threads than CPUs, \
                  and that is the cause"
                .to_owned(),
        weight: share(yielding, facts.all.demand_ns()),
    })
}

fn spins(it: &Account<'_>) -> bool {
    it.threads >= 2 && per(it.calls("sched_yield"), per(it.on_cpu_ns(), 1e9)) >= YIELDS
}

/// Time in yields, with the way into and out of them, which is no part of a call's time.
fn yielding_ns(it: &Account<'_>) -> u64 {
    let in_yield = it.kernel_ns(&["sched_yield"]);
    let around = it.samples.map_or(0.0, |samples| {
        let entries = samples.syscalls.get("entry and exit").copied().unwrap_or(0);
        share(entries, samples.count) * share(in_yield, it.in_calls_ns())
    });
    in_yield + times(it.on_cpu_ns(), around)
}
