//! Processes that share no memory wait for each other where the kernel hands out pages.

use crate::units::Time;
use crate::verdicts::{
    Finding, Rule, Strength, Verdict,
    facts::Facts,
    words::{number, percent, rate, share},
};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "page-allocator",
    summary: "processes wait for each other where the kernel hands out and takes back pages",
    page: include_str!("../../../../docs/verdicts/page-allocator.md"),
    explains: &[],
    judge,
};

/// Where pages are handed out and taken back.
const PLACES: [&str; 7] =
    ["outside of calls", "brk", "mmap", "munmap", "mremap", "madvise", "exit_group"];
/// A smaller share of the time on CPUs is not worth a change.
const COST: f64 = 0.05;

fn judge(facts: &Facts<'_>) -> Finding {
    // A spinlock's wait is time on a CPU.
    let waits = facts.all.locks.iter().filter(|lock| lock.kind == "spinlock");
    let places = waits.flat_map(|lock| &lock.by_syscall);
    let (mut count, mut ns, mut in_faults) = (0, 0, 0);
    for place in places.filter(|place| PLACES.contains(&place.name.as_str())) {
        count += place.count;
        ns += place.ns;
        in_faults += if place.name == "outside of calls" { place.ns } else { 0 };
    }
    let on_cpu = facts.all.on_cpu_ns();
    let cost = share(ns, on_cpu);
    let busy = facts.processes.iter().filter(|it| share(it.on_cpu_ns(), on_cpu) > 0.01).count();
    if cost < COST || busy < 2 {
        return Finding::Nothing;
    }
    let minor = facts.all.sched.faults.minor;
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: if cost >= 0.2 { Strength::Strong } else { Strength::Clear },
        what: format!(
            "{busy} processes that share no memory wait for each other where the kernel hands out and \
             takes back pages: {} of the time on CPUs",
            percent(cost)
        ),
        evidence: [
            format!(
                "{} waits for spinlocks in page faults and memory calls, {} together",
                rate(count, facts.seconds),
                Time(ns)
            ),
            format!("{} of that in page faults", percent(share(in_faults, ns))),
            format!(
                "{} page faults by {} processes on {} CPUs",
                rate(minor, facts.seconds),
                busy,
                number(facts.report.concurrency.busy_cpus)
            ),
        ],
        remedy:
            "make fewer page faults: keep freed memory (MALLOC_TOP_PAD_=134217728 with glibc), \
                 use huge pages (GLIBC_TUNABLES=glibc.malloc.hugetlb=1), or put the workers into \
                 memory control groups of their own, which gives each a lock of its own for its \
                 lists of pages"
                .to_owned(),
        against:
            "waits that stay with one worker alone, or that are not in page faults, brk, munmap \
                  and the like; mmap_lock is none of these: processes do not share it"
                .to_owned(),
        weight: cost,
    })
}
