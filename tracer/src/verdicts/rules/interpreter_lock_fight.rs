//! Threads release a lock and take it again at once, so that those they wake come too late, or that
//! handing it over is much of what they do.

use crate::verdicts::{
    Finding, Rule, Strength, Verdict,
    facts::{Account, Facts},
    words::{number, per, percent, rate, share},
};
use crate::{report::Futex, units::Time};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "interpreter-lock-fight",
    summary: "threads fight over one lock, as Python 2's over the interpreter lock",
    page: include_str!("../../../../docs/verdicts/interpreter-lock-fight.md"),
    explains: &["oversubscribed-yield", "oversubscribed-spin", "interpreter-lock-wait"],
    judge,
};

/// Calls about one word for each second on a CPU: fewer are no fight.
const CALLS: f64 = 10_000.0;
/// So many of them do nothing: they wake nobody, or wait for what has changed already.
const IN_VAIN: f64 = 0.5;
/// Or threads do hand it over, so many of them, which takes so much of their time on CPUs. Two that wake
/// each other may be two steps of one thing.
const HANDING: usize = 3;
const HANDED_OVER: f64 = 0.25;
/// Calls about other words are more than that: there is no one lock.
const OF_ALL: f64 = 1.0 / 3.0;
/// A smaller share of the time of all on CPUs is not worth a change: threads that only feed others'
/// work fight over their interpreter's lock too.
const COST: f64 = 0.1;

fn judge(facts: &Facts<'_>) -> Finding {
    let fights = facts.processes.iter().filter_map(|it| Some((it, fought_over(it)?)));
    let fights: Vec<_> = fights.collect();
    let cost = fights.iter().map(|(it, _)| it.kernel_ns(&["futex"])).sum();
    if share(cost, facts.all.on_cpu_ns()) < COST {
        return Finding::Nothing;
    }
    let Some((process, word)) = fights.into_iter().max_by_key(|(_, word)| word.calls) else {
        return Finding::Nothing;
    };
    let on_cpu = process.on_cpu_ns();
    let futex = process.kernel_ns(&["futex"]);
    let wanting = facts.demand(process);
    let (why, shown) = if in_vain(word) >= IN_VAIN {
        (
            "it is released and taken again before those that it wakes have come, so they work one at \
             a time, and pay for it"
                .to_owned(),
            format!(
                "{} of its calls did nothing: {} of the waits found it changed (EAGAIN), {} of the \
                 wakes woke nobody",
                percent(in_vain(word)),
                percent(share(word.again, word.waits)),
                percent(share(word.wakes.saturating_sub(word.woken), word.wakes))
            ),
        )
    } else {
        (
            format!(
                "they hand it to each other for every little thing they do, and pay for that with {} \
                 of their time on CPUs",
                percent(share(futex, on_cpu))
            ),
            format!(
                "a thread was woken for it {}, once for each {} that they were on a CPU",
                rate(word.woken, facts.seconds),
                Time(on_cpu / word.woken.max(1))
            ),
        )
    };
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: Strength::Strong,
        what: format!("{} threads of {} fight over one lock: {why}", word.waiters, process.name()),
        evidence: [
            format!(
                "{} futex calls on one word ({}), {} of all",
                rate(word.calls, facts.seconds),
                word.address.as_deref().unwrap_or("-"),
                percent(share(word.calls, process.calls("futex")))
            ),
            shown,
            format!(
                "futex {} of its time on CPUs; {} threads want to run, {} CPUs were used",
                percent(share(futex, on_cpu)),
                number(wanting),
                number(share(on_cpu, facts.report.window_ns))
            ),
        ],
        remedy: format!(
            "run processes in place of threads (multiprocessing, ProcessPoolExecutor: {} of them), or \
             one thread; with NumPy give each call more to do (larger arrays), for each gives the \
             interpreter's lock up and takes it again; with Python 2 move to Python 3; in a program \
             of your own keep the lock for longer at a time, or take it less often",
            facts.threads_to_have().unwrap_or(1)
        ),
        against:
            "calls that are spread over many words, or waits that mostly sleep until they are \
                  woken: then the lock is in use, but not fought over"
                .to_owned(),
        weight: share(process.demand_ns(), facts.all.demand_ns()),
    })
}

/// The word that the threads of a process fight over.
fn fought_over<'a>(it: &Account<'a>) -> Option<&'a Futex> {
    let seconds = per(it.on_cpu_ns(), 1e9);
    let costs = share(it.kernel_ns(&["futex"]), it.on_cpu_ns()) >= HANDED_OVER;
    let all = it.calls("futex");
    it.futexes.iter().find(|word| {
        let takers = word.waiters.min(word.wakers);
        let is_handed_over =
            costs && takers >= HANDING && share(word.calls, all) >= OF_ALL && word.woken > 0;
        word.address.is_some()
            && takers >= 2
            && per(word.calls, seconds) >= CALLS
            && (in_vain(word) >= IN_VAIN || is_handed_over)
    })
}

/// The share of the calls about a word that neither slept nor woke.
fn in_vain(word: &Futex) -> f64 {
    share(word.again + word.wakes.saturating_sub(word.woken), word.calls)
}
