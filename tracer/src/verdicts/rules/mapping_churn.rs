//! Memory, or a file, is mapped and unmapped in every turn of a loop.

use super::churn::{self, Churn, Memory};
use crate::verdicts::{
    Finding, Rule, Verdict,
    facts::{Facts, times},
    words::{bytes, per, percent, share},
};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "mapping-churn",
    summary: "memory, or a file, is mapped and unmapped, over and over",
    page: include_str!("../../../../docs/verdicts/mapping-churn.md"),
    explains: &[],
    judge,
};

const MAPPINGS: Memory = Memory {
    name: "mapped memory",
    taken_by: "mmap",
    given_by: "munmap",
    calls: &["mmap", "munmap", "mremap", "madvise"],
};
/// If more than this of what is mapped is files, it is not the allocator that maps.
const FILES: f64 = 0.5;
/// glibc's highest mmap threshold on 64-bit machines.
const HIGHEST_THRESHOLD: u64 = 32 << 20;
const LEAST_PAD: u64 = 128 << 20;

fn judge(facts: &Facts<'_>) -> Finding {
    churn::judge(facts, &MAPPINGS, |churn| verdict(facts, churn))
}

fn verdict(facts: &Facts<'_>, churn: &Churn<'_>) -> Verdict {
    let mapped = churn.of.sum(|it| it.bytes("mmap"));
    let files = share(churn.of.sum(|it| times(it.bytes("mmap"), it.file_share())), mapped);
    let (what, remedy, against) = if files > FILES {
        (
            "files are mapped and unmapped",
            for_files(),
            "files that differ each time, and are read once: then mapping them is the reading, and \
             only fewer and larger ones are better",
        )
    } else {
        (
            "memory is mapped and unmapped",
            for_allocator(churn.at_a_time()),
            "memory that the program itself maps, or that is shared: then no setting of the allocator \
             changes it",
        )
    };
    Verdict {
        name: RULE.name.into(),
        strength: churn.strength(),
        what: format!(
            "{what} over and over: {} of the time on CPUs goes into these calls and the page faults \
             that follow",
            percent(churn.cost())
        ),
        evidence: [
            format!(
                "mapped {}, {} of it files, and unmapped {}",
                churn.taken(),
                percent(files),
                churn.given()
            ),
            churn.parts("these calls"),
            churn.faults(),
        ],
        remedy,
        against: against.to_owned(),
        weight: churn.weight(facts),
    }
}

/// What to change where the program maps files.
fn for_files() -> String {
    "map each file once and keep the mapping (numpy.load with mmap_mode, or numpy.memmap, outside of the \
     loop), or read what is needed into a buffer that is reused (readinto, numpy.fromfile). No \
     setting of the allocator changes it"
        .to_owned()
}

/// What to tell an allocator that maps blocks of this size.
fn for_allocator(block: u64) -> String {
    let pad = (8 * block).next_power_of_two().max(LEAST_PAD);
    let kept = bytes(per(pad, 1.0));
    let threshold = if block < HIGHEST_THRESHOLD {
        "Where MALLOC_MMAP_THRESHOLD_ or MALLOC_TRIM_THRESHOLD_ is set, first try without: \
         either alone stops the threshold from rising by itself"
    } else {
        "MALLOC_MMAP_THRESHOLD_ is no way out, for it ends at 32 MiB"
    };
    format!(
        "with glibc set MALLOC_TOP_PAD_={pad} in the environment ({kept} are kept at the top of each \
         process's heap, and blocks come from there), or allocate the arrays once and reuse them \
         (out= in NumPy), or preload an allocator that keeps what is freed, such as jemalloc. \
         {threshold}"
    )
}
