//! Many workers, of which one works at a time, for whoever feeds them waits for each in turn, or does
//! too much itself.

use crate::verdicts::{
    Finding, Rule, Strength, Verdict,
    facts::{Account, Facts},
    words::{cpus, number, per, percent, share},
};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "serial-dispatch",
    summary: "many workers, of which one works at a time: whoever feeds them waits for each in turn",
    page: include_str!("../../../../docs/verdicts/serial-dispatch.md"),
    // The threads of the one that feeds them, over its interpreter's lock.
    explains: &["interpreter-lock-fight"],
    judge,
};

/// Workers that run or want to, beyond one, for each worker beyond one: with more they do overlap.
/// One that has answered, and has lost its CPU before it sleeps, counts too. Threads of the one that
/// feeds them do not: it may have several, which wake each other for each task.
const AT_ONCE: f64 = 0.3;
/// With less to do than this nobody waits for the workers.
const WORK: f64 = 0.4;
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

fn judge(facts: &Facts<'_>) -> Finding {
    if facts.demand(&facts.all) < WORK || facts.cpus().is_none_or(|cpus| cpus < 1.5) {
        return Finding::Nothing;
    }
    let Some((feeder, workers)) = crew(facts) else { return Finding::Nothing };
    let demand: f64 = workers.iter().map(|it| facts.demand(it)).sum();
    if demand > 1.0 + AT_ONCE * per(workers.len() as u64 - 1, 1.0) {
        return Finding::Nothing;
    }
    let Some(shares) = &facts.report.concurrency.running_processes_share else {
        return Finding::CannotTell(
            "how many ran at once is unknown, as stays on a CPU were summed in the kernel: trace \
             again with a larger --ring-size"
                .to_owned(),
        );
    };
    let together: f64 = shares.iter().skip(2).sum();
    let working: f64 = shares.iter().skip(1).sum();
    let overlap = if working > 0.0 { together / working } else { 0.0 };
    if overlap > 0.25 {
        return Finding::Nothing;
    }
    let asleep = mean(&workers, |it| share(it.blocked_ns(), it.thread_ns));
    let fed = mean(&workers, |it| woken_by(it, |pid| pid == feeder));
    let peers =
        mean(&workers, |it| woken_by(it, |pid| pid != feeder && is_sibling(facts, it, pid)));
    let by_peers = match peers {
        ..0.01 => String::new(),
        _ => format!(", {} when another worker does", percent(peers)),
    };
    let n = workers.len();
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: if n >= 3 || overlap < 0.1 { Strength::Strong } else { Strength::Clear },
        what: format!(
            "{n} workers are alive, and one works at a time: {} waits for each before it gives the \
             next one something to do",
            name_of(facts, feeder)
        ),
        evidence: [
            format!(
                "{} of {n} workers ran or wanted to, in the mean, on {}",
                number(demand),
                cpus(facts.cpus().unwrap_or(0.0))
            ),
            format!("two processes or more were on a CPU at once for {} of the window", percent(together)),
            format!(
                "each worker sleeps for {} of its time; {} of that ends when {} wakes it{by_peers}",
                percent(asleep),
                percent(fed),
                name_of(facts, feeder),
            ),
        ],
        remedy: "give all workers their tasks before you wait for the first answer: Pool.map or \
                 imap_unordered in place of apply in a loop, all of submit(…) before the first \
                 result(), a chunksize above 1 for small tasks; if the one that feeds them is itself \
                 busy all the time, have it do less (larger tasks, less pickling)"
            .to_owned(),
        against: "workers that have nothing to do, or steps that depend on each other: then one at a \
                  time is all there is"
            .to_owned(),
        weight: 1.0 - overlap,
    })
}

/// The process that wakes the others, and these.
fn crew<'a, 'f>(facts: &'a Facts<'f>) -> Option<(u32, Vec<&'a Account<'f>>)> {
    let window = facts.report.window_ns;
    let there = |it: &&Account<'_>| share(it.thread_ns, window) >= ALIVE;
    let alive: Vec<_> = facts.processes.iter().filter(there).collect();
    let feeders = alive.iter().filter_map(|it| it.group.pid);
    let crews = feeders.map(|feeder| {
        let others = alive.iter().copied().filter(|it| it.group.pid != Some(feeder));
        let fed: Vec<_> = others
            .filter(|it| is_fed(facts, it, feeder))
            .filter(|it| share(it.blocked_ns(), it.thread_ns) >= IDLE)
            .collect();
        let busiest = fed.iter().map(|it| it.on_cpu_ns()).max().unwrap_or(0);
        let works = |it: &&Account<'_>| share(it.on_cpu_ns(), busiest) >= WORKER;
        (feeder, fed.into_iter().filter(works).collect::<Vec<_>>())
    });
    let (feeder, workers) = crews.max_by_key(|(_, workers)| workers.len())?;
    // Else the work is done elsewhere, and these only help.
    let work: u64 = workers.iter().map(|it| it.on_cpu_ns()).sum();
    (workers.len() >= 2 && share(work, facts.all.on_cpu_ns()) >= 0.5).then_some((feeder, workers))
}

/// Whether a process sleeps until another hands it something, or a sibling its turn.
fn is_fed(facts: &Facts<'_>, it: &Account<'_>, feeder: u32) -> bool {
    let wakers = &it.sched.wakers;
    let by_feeder = wakers.iter().filter(|waker| waker.pid == Some(feeder));
    let handed =
        share(by_feeder.map(|waker| waker.wakes).sum(), wakers.iter().map(|it| it.wakes).sum());
    if handed < HANDED {
        return false;
    }
    // Siblings that wake each other, and nobody else, have none that feeds them.
    let is_equal = is_sibling(facts, it, feeder);
    woken_by(it, |pid| pid == feeder || (!is_equal && is_sibling(facts, it, pid))) >= FED
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

fn name_of(facts: &Facts<'_>, pid: u32) -> String {
    let of_pid = |it: &&Account<'_>| it.group.pid == Some(pid);
    facts.processes.iter().find(of_pid).map_or_else(|| format!("pid {pid}"), Account::name)
}

#[expect(clippy::cast_precision_loss, reason = "workers are few")]
fn mean(workers: &[&Account<'_>], figure: impl Fn(&Account<'_>) -> f64) -> f64 {
    workers.iter().map(|it| figure(it)).sum::<f64>() / workers.len().max(1) as f64
}
