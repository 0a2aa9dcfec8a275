//! Threads take turns at one lock, which they wait for a few milliseconds at a time.

use crate::verdicts::{
    Finding, Rule, Strength, Verdict,
    facts::{Account, Facts},
    words::{number, per, percent, rate, share},
};
use crate::{report::Futex, units::Time};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "interpreter-lock-wait",
    summary: "threads take turns at one lock, as Python 3's at the interpreter lock",
    page: include_str!("../../../../docs/verdicts/interpreter-lock-wait.md"),
    explains: &[],
    judge,
};

/// Waits that time out, a second: fewer are no turns.
const TIME_OUTS: f64 = 20.0;
/// Longer time-outs are those of programs that look after something now and then.
const LONGEST_NS: u64 = 50_000_000;
/// CPUs used: more than one, and something runs beside.
const ONE: f64 = 1.15;
/// Less work than this is not worth dividing.
const WORK: f64 = 0.4;
/// So much of what all do is done by such processes: threads that only feed others' work take turns
/// at their interpreter's lock too.
const PART: f64 = 0.5;

fn judge(facts: &Facts<'_>) -> Finding {
    let waits = facts.processes.iter().filter_map(|it| Some((it, taken_in_turns(it, facts)?)));
    let waits: Vec<_> = waits.collect();
    let part = waits.iter().map(|(it, _)| it.on_cpu_ns()).sum();
    if share(part, facts.all.on_cpu_ns()) < PART {
        return Finding::Nothing;
    }
    let Some((process, word)) = waits.into_iter().max_by_key(|(it, _)| it.demand_ns()) else {
        return Finding::Nothing;
    };
    let window = facts.report.window_ns;
    let slept = share(word.slept_ns, window);
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: if process.on_cpu_ns() >= window * 7 / 10 {
            Strength::Strong
        } else {
            Strength::Clear
        },
        what: format!(
            "{} threads of {} take turns at one lock: one works at a time, however many there are",
            word.waiters,
            process.name()
        ),
        evidence: [
            format!(
                "{} CPUs used by {} threads that share the work",
                number(share(process.on_cpu_ns(), window)),
                word.waiters
            ),
            format!(
                "{} timed waits on one word ({}), {} of them to the end, {} in the mean",
                rate(word.waits, facts.seconds),
                word.address.as_deref().unwrap_or("-"),
                percent(share(word.timed_out, word.waits)),
                Time(word.timed_out_slept_ns / word.timed_out.max(1))
            ),
            format!("{} threads asleep in them, in the mean", number(slept)),
        ],
        remedy: format!(
            "run processes in place of threads (multiprocessing, ProcessPoolExecutor with \
             max_workers={}), or do the work in code that gives the lock up while it computes, as \
             NumPy does for large arrays; sys.setswitchinterval does not help, for it only changes \
             how often they take turns",
            facts.threads_to_have().unwrap_or(1)
        ),
        against:
            "more than one CPU used, or threads that wait for work rather than for their turn: \
                  then they sleep until somebody has something for them"
                .to_owned(),
        weight: share(process.demand_ns(), facts.all.demand_ns()),
    })
}

/// The word of a lock that the threads of a process take turns at.
fn taken_in_turns<'a>(it: &Account<'a>, facts: &Facts<'_>) -> Option<&'a Futex> {
    let window = facts.report.window_ns;
    let works = share(it.demand_ns(), window) >= WORK && share(it.on_cpu_ns(), window) <= ONE;
    let is_lock = |word: &&Futex| {
        let mean = word.timed_out_slept_ns / word.timed_out.max(1);
        // Those that wait in turns are never all asleep; those that have nothing to do are.
        let somebody_works = share(word.slept_ns, window) <= per(word.waiters as u64, 1.0) - 0.5;
        word.address.is_some()
            && word.waiters >= 2
            && word.wakers >= 2
            && per(word.timed_out, facts.seconds) >= TIME_OUTS
            && mean <= LONGEST_NS
            && somebody_works
    };
    if works { it.futexes.iter().find(is_lock) } else { None }
}
