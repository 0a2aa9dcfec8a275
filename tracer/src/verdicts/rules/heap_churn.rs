//! The heap is given back to the kernel, and taken again, in every turn of a loop.

use super::churn::{self, Churn, Memory};
use crate::verdicts::{
    Finding, Rule, Verdict,
    facts::Facts,
    words::{bytes, per, percent},
};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "heap-churn",
    summary: "the heap is given back to the kernel and taken again, over and over",
    page: include_str!("../../../../docs/verdicts/heap-churn.md"),
    explains: &[],
    judge,
};

const HEAP: Memory = Memory {
    name: "the heap",
    taken_by: "brk grow",
    given_by: "brk shrink",
    calls: &["brk grow", "brk shrink", "brk query"],
};
/// glibc keeps so many bytes at the top of a heap that is to keep anything, at least.
const LEAST_PAD: u64 = 128 << 20;

fn judge(facts: &Facts<'_>) -> Finding {
    churn::judge(facts, &HEAP, |churn| verdict(facts, churn))
}

fn verdict(facts: &Facts<'_>, churn: &Churn<'_>) -> Verdict {
    let pad = (4 * churn.at_a_time()).next_power_of_two().max(LEAST_PAD);
    Verdict {
        name: RULE.name.into(),
        strength: churn.strength(),
        what: format!(
            "the heap is given back to the kernel and taken again over and over: {} of the time on \
             CPUs goes into brk and the page faults that follow",
            percent(churn.cost())
        ),
        evidence: [
            format!("heap grown by {} and given back by {}", churn.taken(), churn.given()),
            churn.parts("brk"),
            churn.faults(),
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
        weight: churn.weight(facts),
    }
}
