//! The heap is given back to the kernel, and taken again, in every turn of a loop.

use crate::verdicts::{
    Finding, Rule, Strength, Verdict,
    facts::{Account, Facts, times},
    words::{bytes, number, per, percent, rate, share},
};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "heap-churn",
    summary: "the heap is given back to the kernel and taken again, over and over",
    page: include_str!("../../../../docs/verdicts/heap-churn.md"),
    explains: &[],
    judge,
};

const BRK: [&str; 3] = ["brk grow", "brk shrink", "brk query"];
/// Fewer shrinks are no habit.
const SHRINKS: u64 = 10;
const SHRINKS_PER_SECOND: f64 = 3.0;
/// What is taken again after it was given back, of all that is taken: less is growth, or an end.
const AGAIN: f64 = 0.5;
/// A smaller share of the time on CPUs is not worth a change.
const COST: f64 = 0.1;
/// glibc keeps so many bytes at the top of a heap that is to keep anything, at least.
const LEAST_PAD: u64 = 128 << 20;

fn judge(facts: &Facts<'_>) -> Finding {
    let of = facts.those(|it| churns(it, facts.seconds));
    if of.0.is_empty() {
        return Finding::Nothing;
    }
    let on_cpu = of.sum(Account::on_cpu_ns);
    let brk = of.sum(|it| it.kernel_ns(&BRK));
    let grown = of.sum(|it| it.bytes("brk grow"));
    let shrunk = of.sum(|it| it.bytes("brk shrink"));
    let shrinks = of.sum(|it| it.calls("brk shrink"));
    let Some(faults) = of.sum_known(|it| Some(of_heap(it, facts.faults_ns(it)?))) else {
        return match share(brk, on_cpu) {
            cost if cost < 0.01 => Finding::Nothing,
            cost => Finding::CannotTell(format!(
                "the heap was given back {shrinks} times, and brk takes {} of the time on CPUs; the \
                 page faults that follow are unknown without CPU samples: trace without \
                 --sample-hz 0, or for longer",
                percent(cost)
            )),
        };
    };
    let cost = share(brk + faults, on_cpu);
    if cost < COST {
        return Finding::Nothing;
    }
    let seconds = facts.seconds;
    let minor = of.sum(|it| it.sched.faults.minor);
    let pad = (4 * shrunk / shrinks.max(1)).next_power_of_two().max(LEAST_PAD);
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: Strength::of_share(cost),
        what: format!(
            "the heap is given back to the kernel and taken again over and over: {} of the time on \
             CPUs goes into brk and the page faults that follow",
            percent(cost)
        ),
        evidence: [
            format!(
                "heap grown by {}/s in {} calls and given back by {}/s in {}, {} at a time",
                bytes(per(grown, seconds)),
                rate(of.sum(|it| it.calls("brk grow")), seconds),
                bytes(per(shrunk, seconds)),
                rate(shrinks, seconds),
                bytes(share(shrunk, shrinks)),
            ),
            format!(
                "page faults {} and brk {} of the time on CPUs",
                percent(share(faults, on_cpu)),
                percent(share(brk, on_cpu))
            ),
            format!(
                "{} page faults, {} for each time it is given back",
                rate(minor, seconds),
                number(share(minor, shrinks))
            ),
        ],
        remedy: format!(
            "with glibc set MALLOC_TOP_PAD_={pad} in the environment ({} are kept at the top of \
             each process's heap), or preload an allocator that keeps what is freed, such as jemalloc. \
             Not MALLOC_TRIM_THRESHOLD_ alone: it stops the mmap threshold from rising, which makes \
             it worse; it needs MALLOC_MMAP_THRESHOLD_=33554432 beside it",
            bytes(per(pad, 1.0))
        ),
        against: "a heap that grows far more than it shrinks, or page faults that go on with \
                  MALLOC_TOP_PAD_ set"
            .to_owned(),
        weight: share(brk + faults, facts.all.on_cpu_ns()),
    })
}

fn churns(it: &Account<'_>, seconds: f64) -> bool {
    let shrinks = it.calls("brk shrink");
    let again = it.again_share("brk grow");
    shrinks >= SHRINKS && per(shrinks, seconds) >= SHRINKS_PER_SECOND && again >= AGAIN
}

/// The part of the page faults that the heap's memory brings about, by the bytes taken each way.
fn of_heap(it: &Account<'_>, faults_ns: u64) -> u64 {
    let (heap, mapped) = (it.bytes("brk grow"), it.bytes("mmap"));
    times(faults_ns, share(heap, heap + mapped))
}
