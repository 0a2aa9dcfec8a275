//! More threads than CPUs, which wait for each other by `sched_yield`.

use super::crowd::Crowd;
use crate::verdicts::{
    Finding, Rule, Strength, Verdict,
    facts::{Account, Facts},
    words::{cpus, per, percent, rate, share},
};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "oversubscribed-yield",
    summary: "more threads than CPUs, which wait for each other by sched_yield",
    page: include_str!("../../../../docs/verdicts/oversubscribed-yield.md"),
    explains: &["oversubscribed-spin", "spinning-pool"],
    judge,
};

/// Yields for each second on a CPU, from which on they are how threads wait.
pub(super) const YIELDS: f64 = 2_000.0;

fn judge(facts: &Facts<'_>) -> Finding {
    let Some(crowd) = Crowd::of(facts) else { return Finding::Nothing };
    let yields = crowd.pools.sum(|it| it.calls("sched_yield"));
    let on_cpu = crowd.pools.sum(Account::on_cpu_ns);
    if per(yields, per(on_cpu, 1e9)) < YIELDS {
        return Finding::Nothing;
    }
    let in_yield = crowd.pools.sum(|it| it.kernel_ns(&["sched_yield"]));
    let involuntary = crowd.pools.sum(|it| it.sched.switches.involuntary);
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: if crowd.wanting >= 1.9 * crowd.cpus {
            Strength::Strong
        } else {
            Strength::Clear
        },
        what: format!(
            "{:.0} threads share {} and wait for each other by sched_yield: whoever waits takes \
             the CPU from whom it waits for",
            crowd.wanting,
            cpus(crowd.cpus)
        ),
        evidence: [
            crowd.evidence(facts),
            format!(
                "sched_yield {}, {} of the time on CPUs; {} switches by it or by force",
                rate(yields, facts.seconds),
                percent(share(in_yield, on_cpu)),
                rate(involuntary, facts.seconds)
            ),
            crowd.waits(facts),
        ],
        remedy: crowd.remedy(),
        against:
            "threads that never wait for each other: then there are no yields, and more threads \
                  than CPUs cost little"
                .to_owned(),
        weight: crowd.waiting_share(),
    })
}
