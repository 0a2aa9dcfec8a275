//! A CPU quota is used up, and everything stands still until the next period.

use crate::units::Time;
use crate::verdicts::{
    Finding, Rule, Strength, Verdict,
    facts::Facts,
    words::{cpus, number, percent, share},
};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "cpu-quota",
    summary: "a CPU quota is used up, and threads stand still until the next period",
    page: include_str!("../../../../docs/verdicts/cpu-quota.md"),
    // More threads than the quota has CPUs is how it is used up; the remedy says so.
    explains: &["oversubscribed-yield", "oversubscribed-spin", "spinning-pool"],
    judge,
};

/// So much of the time that threads ran or wanted to, or it is nothing worth a change.
const COST: f64 = 0.05;
/// So many of the periods.
const PERIODS: f64 = 0.1;
/// Time waiting for a CPU from which on an unseen quota may be why.
const WAITS: f64 = 0.2;

fn judge(facts: &Facts<'_>) -> Finding {
    let (Some(quota), Some(throttling)) = (facts.report.cpus.quota, &facts.report.throttling)
    else {
        return without_its_group(facts);
    };
    let periods = share(throttling.throttled_periods, throttling.periods);
    let demand = facts.all.demand_ns();
    // Where the kernel does not mark throttled waits, all that the group stood still for counts,
    // whoever in it did.
    let own = facts.all.budget.throttled_ns;
    let cost = share(own.unwrap_or(throttling.throttled_ns), demand);
    if throttling.throttled_periods < 2 || periods < PERIODS || cost < COST {
        return Finding::Nothing;
    }
    let wanting = facts.demand(&facts.all);
    let waited = demand - facts.all.on_cpu_ns();
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: Strength::of_share(periods),
        what: format!(
            "the CPU quota of {} is used up in {} of its periods: then every thread stands still \
             until the next one",
            cpus(quota),
            percent(periods)
        ),
        evidence: [
            format!(
                "throttled in {} of {} periods, for {} summed over CPUs",
                throttling.throttled_periods,
                throttling.periods,
                Time(throttling.throttled_ns)
            ),
            match own {
                Some(own) => format!(
                    "{} of the time in which threads ran or wanted to was ordered by the quota",
                    percent(share(own, demand))
                ),
                None => format!(
                    "{} of the time in which threads ran or wanted to they waited for a CPU",
                    percent(share(waited, demand))
                ),
            },
            format!(
                "{} threads want to run at once, on {} and a quota of {}",
                number(wanting),
                cpus(facts.report.cpus.allowed.or(facts.report.cpus.online).unwrap_or(0).into()),
                cpus(quota)
            ),
        ],
        remedy: remedy(facts, quota),
        against: "periods that are throttled by somebody else in the same control group, whose \
                  threads are not traced"
            .to_owned(),
        weight: cost,
    })
}

fn remedy(facts: &Facts<'_>, quota: f64) -> String {
    let n = quota.floor().max(1.0);
    let too_many = quota.max(1.0) * 1.25;
    let pool = facts.processes.iter().any(|it| it.threads >= 2 && facts.demand(it) > too_many);
    let raise = format!(
        "raise the quota to {} or more (cpu.max, or cpu.cfs_quota_us; --cpus of docker, \
         resources.limits.cpu of Kubernetes)",
        cpus(facts.demand(&facts.all).ceil())
    );
    if pool {
        format!(
            "have no more threads than the quota has CPUs: set OPENBLAS_NUM_THREADS={n} \
             OMP_NUM_THREADS={n} MKL_NUM_THREADS={n}, or call threadpoolctl.threadpool_limits({n}): \
             libraries count the machine's CPUs, never the quota. Or {raise}"
        )
    } else {
        raise
    }
}

/// What can be told by the kernel's mark on each wait alone, where the group and its quota are not
/// known: hidden from a container, or left again before anybody looked.
fn without_its_group(facts: &Facts<'_>) -> Finding {
    let demand = facts.all.demand_ns();
    let own = facts.all.budget.throttled_ns.unwrap_or(0);
    let cost = share(own, demand);
    if cost < COST {
        return unseen(facts);
    }
    let used = facts.report.concurrency.busy_cpus;
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: Strength::of_share(cost),
        what: format!(
            "a CPU quota is used up, and threads stand still until its next period: {} of the time in \
             which they ran or wanted to",
            percent(cost)
        ),
        evidence: [
            format!("{} of waits that the kernel ordered for a quota", Time(own)),
            format!("{} threads want to run at once", number(facts.demand(&facts.all))),
            format!("{} used: the quota is about that much", cpus(used)),
        ],
        remedy: remedy(facts, used),
        against:
            "a group that somebody else uses too; its cpu.stat, which was not found, counts the \
                  throttled periods"
                .to_owned(),
        weight: cost,
    })
}

/// A quota that cannot be seen, nor its marks, may be why threads wait for a CPU.
fn unseen(facts: &Facts<'_>) -> Finding {
    let demand = facts.all.demand_ns();
    let waited = share(demand - facts.all.on_cpu_ns(), demand);
    let fits = facts.cpus().is_none_or(|cpus| facts.demand(&facts.all) <= cpus);
    let unmarked = facts.all.budget.throttled_ns.is_none();
    if facts.blind.quota && unmarked && waited >= WAITS && fits {
        return Finding::CannotTell(format!(
            "threads wait for a CPU for {} of the time in which they could run, though they are no \
             more than the CPUs; whether a quota is why cannot be seen from here: look at cpu.stat in \
             the container's control group",
            percent(waited)
        ));
    }
    Finding::Nothing
}
