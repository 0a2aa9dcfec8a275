//! Memory is mapped and unmapped in every turn of a loop.

use crate::verdicts::{
    Finding, Rule, Strength, Verdict,
    facts::{Account, Facts, times},
    words::{bytes, number, per, percent, rate, share},
};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "mapping-churn",
    summary: "memory is mapped and unmapped, over and over",
    page: include_str!("../../../../docs/verdicts/mapping-churn.md"),
    explains: &[],
    judge,
};

const CALLS: [&str; 4] = ["mmap", "munmap", "mremap", "madvise"];
/// Fewer unmappings are no habit.
const UNMAPPED: u64 = 10;
const UNMAPPED_PER_SECOND: f64 = 3.0;
/// What is taken again after it was given back, of all that is taken: less is growth, or an end.
const AGAIN: f64 = 0.5;
/// If more than this of what is mapped is files, it is not the allocator that maps.
const FILES: f64 = 0.5;
/// A smaller share of the time on CPUs is not worth a change.
const COST: f64 = 0.1;
/// glibc's highest mmap threshold on 64-bit machines.
const HIGHEST_THRESHOLD: u64 = 32 << 20;
const LEAST_PAD: u64 = 128 << 20;

fn judge(facts: &Facts<'_>) -> Finding {
    let of = facts.those(|it| churns(it, facts.seconds));
    if of.0.is_empty() {
        return Finding::Nothing;
    }
    let on_cpu = of.sum(Account::on_cpu_ns);
    let calls = of.sum(|it| it.kernel_ns(&CALLS));
    let unmaps = of.sum(|it| it.calls("munmap"));
    let unmapped = of.sum(|it| it.bytes("munmap"));
    let Some(faults) = of.sum_known(|it| Some(of_mappings(it, facts.faults_ns(it)?))) else {
        return match share(calls, on_cpu) {
            cost if cost < 0.01 => Finding::Nothing,
            cost => Finding::CannotTell(format!(
                "memory was unmapped {unmaps} times, and such calls take {} of the time on CPUs; the \
                 page faults that follow are unknown without CPU samples: trace without \
                 --sample-hz 0, or for longer",
                percent(cost)
            )),
        };
    };
    let cost = share(calls + faults, on_cpu);
    if cost < COST {
        return Finding::Nothing;
    }
    let seconds = facts.seconds;
    let minor = of.sum(|it| it.sched.faults.minor);
    let mapped = of.sum(|it| it.bytes("mmap"));
    let files = of.sum(|it| times(it.bytes("mmap"), it.file_share()));
    let are_files = share(files, mapped) > FILES;
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: Strength::of_share(cost),
        what: format!(
            "{} over and over: {} of the time on CPUs goes into these calls and the page faults that \
             follow",
            if are_files { "files are mapped and unmapped" } else { "memory is mapped and unmapped" },
            percent(cost)
        ),
        evidence: [
            format!(
                "{}/s mapped in {} calls, {} of it files, and {}/s unmapped in {}, {} at a time",
                bytes(per(mapped, seconds)),
                rate(of.sum(|it| it.calls("mmap")), seconds),
                percent(share(files, mapped)),
                bytes(per(unmapped, seconds)),
                rate(unmaps, seconds),
                bytes(share(unmapped, unmaps)),
            ),
            format!(
                "page faults {} and these calls {} of the time on CPUs",
                percent(share(faults, on_cpu)),
                percent(share(calls, on_cpu))
            ),
            format!(
                "{} page faults, {} for each unmapping",
                rate(minor, seconds),
                number(share(minor, unmaps))
            ),
        ],
        remedy: if are_files { for_files() } else { for_allocator(unmapped / unmaps.max(1)) },
        against: if are_files {
            "files that differ each time, and are read once: then mapping them is the reading, and \
             only fewer and larger ones are better"
        } else {
            "memory that the program itself maps, or that is shared: then no setting of the allocator \
             changes it"
        }
        .to_owned(),
        weight: share(calls + faults, facts.all.on_cpu_ns()),
    })
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

fn churns(it: &Account<'_>, seconds: f64) -> bool {
    let unmaps = it.calls("munmap");
    let again = it.again_share("mmap");
    unmaps >= UNMAPPED && per(unmaps, seconds) >= UNMAPPED_PER_SECOND && again >= AGAIN
}

/// The part of the page faults that mapped memory brings about, by the bytes taken each way.
fn of_mappings(it: &Account<'_>, faults_ns: u64) -> u64 {
    let (heap, mapped) = (it.bytes("brk grow"), it.bytes("mmap"));
    times(faults_ns, share(mapped, heap + mapped))
}
