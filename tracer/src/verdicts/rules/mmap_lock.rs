//! Threads of one process wait for the lock of their address space.

use crate::units::Time;
use crate::verdicts::{
    Finding, Rule, Strength, Verdict,
    facts::{Account, Facts},
    words::{percent, rate, share},
};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "mmap-lock",
    summary: "threads of one process wait for the lock of their address space",
    page: include_str!("../../../../docs/verdicts/mmap-lock.md"),
    // Mapping is what they wait for each other with, and the remedy is the same.
    explains: &["mapping-churn"],
    judge,
};

/// A smaller share of the time that threads did or wanted to do something is not worth a change.
const COST: f64 = 0.1;
/// Fewer waits are no habit.
const WAITS: u64 = 20;

fn judge(facts: &Facts<'_>) -> Finding {
    let of = facts.those(|it| waits(it));
    if of.0.is_empty() {
        return Finding::Nothing;
    }
    let (count, ns) =
        (of.sum(|it| it.lock_ns(is_mmap_lock).0), of.sum(|it| it.lock_ns(is_mmap_lock).1));
    let to_write = of.sum(|it| it.lock_ns(|kind| kind == "mmap_lock write").1);
    let active = of.sum(active_ns);
    let cost = share(ns, active);
    let threads = of.sum(|it| it.threads);
    let calls = |name| of.sum(|it| it.calls(name));
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: Strength::of_share(cost),
        what: format!(
            "threads wait for the lock of the address space that they share: {} of the time in which \
             they had something to do",
            percent(cost)
        ),
        evidence: [
            format!(
                "{} waits for mmap_lock, {} together, by {threads} threads of {}",
                rate(count, facts.seconds),
                Time(ns),
                if of.0.len() == 1 { "one process".to_owned() } else { format!("{} processes", of.0.len()) },
            ),
            format!("{} of that to change the mappings, the rest to look at them", percent(share(to_write, ns))),
            format!(
                "mmap {}, munmap {}, madvise {}, mprotect {}",
                rate(calls("mmap"), facts.seconds),
                rate(calls("munmap"), facts.seconds),
                rate(calls("madvise"), facts.seconds),
                rate(calls("mprotect"), facts.seconds),
            ),
        ],
        remedy: "map and unmap less: keep freed memory (MALLOC_TOP_PAD_=134217728 or \
                 MALLOC_MMAP_THRESHOLD_=33554432 with MALLOC_TRIM_THRESHOLD_=536870912, with glibc), \
                 reuse buffers, or run processes in place of threads, for each has a lock of its own"
            .to_owned(),
        against: "a process of one thread, or waits that all come from outside, such as somebody who \
                  reads /proc/PID/maps again and again"
            .to_owned(),
        weight: share(ns, facts.all.demand_ns() + ns),
    })
}

fn waits(it: &Account<'_>) -> bool {
    let (count, ns) = it.lock_ns(is_mmap_lock);
    it.threads >= 2 && count >= WAITS && share(ns, active_ns(it)) >= COST
}

/// Time in which its threads ran, wanted to, or waited for the lock.
fn active_ns(it: &Account<'_>) -> u64 {
    it.demand_ns() + it.lock_ns(is_mmap_lock).1
}

fn is_mmap_lock(kind: &str) -> bool {
    kind.starts_with("mmap_lock")
}
