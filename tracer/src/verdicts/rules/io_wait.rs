//! Threads wait for files and disks.

use crate::units::Time;
use crate::verdicts::{
    Finding, Rule, Strength, Verdict,
    facts::Facts,
    words::{number, percent, rate, share},
};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "io-wait",
    summary: "threads wait for files and disks",
    page: include_str!("../../../../docs/verdicts/io-wait.md"),
    explains: &[],
    judge,
};

/// Calls that sleep uninterruptibly for another reason: for a child that has yet to become a program.
const OTHERS: [&str; 4] = ["clone", "clone3", "vfork", "stopped"];
/// A smaller share of the time in which threads have something to do is not worth a change.
const COST: f64 = 0.2;
/// Nor are so few threads in the mean that wait.
const WAITING: f64 = 0.2;

fn judge(facts: &Facts<'_>) -> Finding {
    let sched = facts.all.sched;
    let sleeps = sched.off_cpu.iter().filter(|it| !OTHERS.contains(&it.reason.as_str()));
    let mut by_call: Vec<_> = sleeps.filter(|it| it.uninterruptible_ns > 0).collect();
    by_call.sort_by_key(|it| std::cmp::Reverse(it.uninterruptible_ns));
    let asleep: u64 = by_call.iter().map(|it| it.uninterruptible_ns).sum();
    // Waits for the kernel's semaphores are of that kind too.
    let semaphores = |kind: &str| !matches!(kind, "spinlock" | "rwlock read" | "rwlock write");
    let io = asleep.saturating_sub(facts.all.lock_ns(semaphores).1);
    // Not of all time: whoever starts the workers, or is idle in a pool, sleeps for another reason. Nor
    // beside waits for a CPU, which others on the machine make longer.
    let cost = share(io, facts.all.on_cpu_ns() + io);
    let waiting = share(io, facts.report.window_ns);
    if cost < COST || waiting < WAITING {
        return Finding::Nothing;
    }
    let most = by_call.first().map_or("-", |it| it.reason.as_str());
    let places = by_call.iter().take(3);
    let places: Vec<String> =
        places.map(|it| format!("{} {}", it.reason, Time(it.uninterruptible_ns))).collect();
    let faults = sched.faults;
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: Strength::of_share(cost),
        what: format!(
            "threads wait for files and disks for {} of the time in which they have something to do, most \
             in {most}",
            percent(cost)
        ),
        evidence: [
            format!("{} of sleep that nothing interrupts: {}", Time(io), places.join(", ")),
            format!("{} page faults that read from a disk, of {}", rate(faults.major, facts.seconds),
                rate(faults.major + faults.minor, facts.seconds)),
            format!(
                "{} threads wait so at once, in the mean, and {} CPUs are used",
                number(waiting),
                number(facts.report.concurrency.busy_cpus)
            ),
        ],
        remedy: if most == "page fault" {
            "have the data in memory before the work begins (read it once, or mmap with MAP_POPULATE), \
             and see that memory is not short: `free`, and the control group's memory.max"
        } else {
            "read and write in larger pieces and fewer fsync, overlap them with the work (a thread, or \
             asynchronously), or use a faster disk; `iostat -x 1` shows which one is busy"
        }
        .to_owned(),
        against: "little sleep of this kind, or a process that reads from a pipe or a socket: that \
                  sleep can be interrupted, and is waiting for a program"
            .to_owned(),
        weight: share(io, facts.all.demand_ns() + io),
    })
}
