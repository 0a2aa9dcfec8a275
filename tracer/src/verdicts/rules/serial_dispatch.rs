//! Many workers, and little of their work at once: whoever feeds them waits for each in turn, or is
//! busier than all of them.

use super::crew::Crew;
use crate::units::Time;
use crate::verdicts::{
    Finding, Rule, Strength, Verdict,
    facts::Facts,
    words::{cpus, per, percent, rate, share},
};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "serial-dispatch",
    summary: "many workers, of which one works at a time: whoever feeds them waits for each in turn, or \
              has more to do than they",
    page: include_str!("../../../../docs/verdicts/serial-dispatch.md"),
    // The threads of the one that feeds them, over its interpreter's lock.
    explains: &["interpreter-lock-fight"],
    judge,
};

/// With less to do than this nobody waits for the workers.
const WORK: f64 = 0.4;
/// Workers that do less of all the work than this only help.
const PART: f64 = 0.5;
/// Workers that run or want to, beyond one, for each worker beyond one: with more they do overlap.
/// One that has answered, and has lost its CPU before it sleeps, counts too. Threads of the one that
/// feeds them do not: it may have several, which wake each other for each task.
const AT_ONCE: f64 = 0.3;
/// Two processes at once for more than this share of the time that any runs do overlap.
const OVERLAP: f64 = 0.25;
/// Whoever feeds them, and is on a CPU for longer each time that one is woken, does work of its own.
const FEEDING_NS: u64 = 1_000_000;

fn judge(facts: &Facts<'_>) -> Finding {
    if facts.demand(&facts.all) < WORK || facts.cpus().is_none_or(|cpus| cpus < 1.5) {
        return Finding::Nothing;
    }
    match Crew::of(facts) {
        None => Finding::Nothing,
        Some(crew) if share(crew.work_ns(), facts.all.on_cpu_ns()) >= PART => in_turn(facts, &crew),
        Some(crew) => in_crumbs(facts, &crew),
    }
}

/// The workers do the work, one at a time.
fn in_turn(facts: &Facts<'_>, crew: &Crew<'_>) -> Finding {
    let n = crew.workers.len();
    if crew.demand() > 1.0 + AT_ONCE * per(n as u64 - 1, 1.0) {
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
    if overlap > OVERLAP {
        return Finding::Nothing;
    }
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: if n >= 3 || overlap < 0.1 { Strength::Strong } else { Strength::Clear },
        what: format!(
            "{n} workers are alive, and one works at a time: {} waits for each before it gives the \
             next one something to do",
            crew.feeder.name()
        ),
        evidence: [
            format!(
                "{} ran or wanted to, in the mean, on {}",
                crew.wanting(),
                cpus(facts.cpus().unwrap_or(0.0))
            ),
            format!("two processes or more were on a CPU at once for {} of the window", percent(together)),
            crew.sleep(),
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

/// What each worker is given is so little that the giving is most of the work.
fn in_crumbs(facts: &Facts<'_>, crew: &Crew<'_>) -> Finding {
    let (feeding, work, handed) = (crew.feeder.on_cpu_ns(), crew.work_ns(), crew.handed());
    if feeding < work || handed == 0 || feeding / handed > FEEDING_NS {
        return Finding::Nothing;
    }
    let of_all = share(feeding, facts.all.on_cpu_ns());
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: if of_all >= 0.6 { Strength::Strong } else { Strength::Clear },
        what: format!(
            "the tasks of {} workers are so small that {} is busier with handing them out than all \
             workers are with them",
            crew.workers.len(),
            crew.feeder.name()
        ),
        evidence: [
            format!(
                "{} is on a CPU for {} of the window, all workers together for {}",
                crew.feeder.name(),
                percent(share(feeding, facts.report.window_ns)),
                percent(share(work, facts.report.window_ns))
            ),
            format!(
                "workers are woken {} by it and by each other, once for each {} that it is on a CPU, \
                 and work for {} each time, in the mean; {} of its own time on CPUs is futex",
                rate(handed, facts.seconds),
                Time(feeding / handed),
                Time(work / handed),
                percent(share(crew.feeder.kernel_ns(&["futex"]), feeding))
            ),
            crew.sleep(),
        ],
        remedy: "give each worker more at a time: a chunksize for Pool.map, imap_unordered and \
                 Executor.map, batches of items for each submit or apply, less to pickle; or do such \
                 small tasks where they come up, without workers"
            .to_owned(),
        against: format!(
            "work of its own that {} does beside: then the workers are faster than it, and nothing is \
             wrong with the tasks",
            crew.feeder.name()
        ),
        weight: of_all,
    })
}
