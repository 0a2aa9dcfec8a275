//! Rules at their borders, on reports made by hand.

mod cpus;
mod crews;
mod locks;
mod made;
mod memory;
mod pages;
mod pair;

use super::*;
use crate::report::Report;
use made::{Doing, MS, process, report};

/// The names of what stands out.
fn names(report: &Report) -> Vec<String> {
    diagnose(report, &Blind::default())
        .verdicts
        .into_iter()
        .map(|verdict| verdict.name.into_owned())
        .collect()
}

/// What cannot be told, and why.
#[track_caller]
fn cannot_tell(report: &Report) -> Undecided {
    let mut diagnosis = diagnose(report, &Blind::default());
    assert_eq!(diagnosis.verdicts, []);
    assert_eq!(diagnosis.cannot_tell.len(), 1, "{:?}", diagnosis.cannot_tell);
    diagnosis.cannot_tell.remove(0)
}

/// The only verdict on a report.
#[track_caller]
fn only(report: &Report) -> Verdict {
    let mut verdicts = diagnose(report, &Blind::default()).verdicts;
    assert_eq!(verdicts.len(), 1, "{verdicts:?}");
    verdicts.remove(0)
}

#[test]
fn a_program_that_computes_has_nothing_that_stands_out() {
    let healthy =
        report(vec![process(7, 1).computes(9_900).calls("brk grow", 40, 1, Some(9 << 20))]);
    assert_eq!(diagnose(&healthy, &Blind::default()), Diagnosis::default());
}

#[test]
fn a_window_too_short_tells_nothing() {
    let mut short = report(vec![process(7, 1).computes(9_900)]);
    short.window_ns = 99 * MS;
    let it = cannot_tell(&short);
    assert!(it.name.is_none() && it.missing.contains("99.0 ms is too short"), "{it:?}");
    short.window_ns = 100 * MS;
    assert_eq!(names(&short), [""; 0]);
}

#[test]
fn without_a_process_nothing_can_be_told() {
    assert!(cannot_tell(&report(Vec::new())).missing.contains("no target lived"));
}

#[test]
fn a_target_that_did_nothing_tells_nothing() {
    let it = cannot_tell(&report(vec![process(7, 1).computes(40).sleeps_in("poll", 9_960)]));
    assert!(it.missing.contains("did next to nothing: 40.0 ms on a CPU"), "{it:?}");
    let works = report(vec![process(7, 1).computes(120).sleeps_in("poll", 9_880)]);
    assert_eq!(diagnose(&works, &Blind::default()), Diagnosis::default());
}

#[test]
fn when_calls_were_lost_counts_tell_nothing() {
    let mut lossy = report(vec![process(7, 1).computes(9_900).calls("futex", 90, 1, None)]);
    lossy.trust.lost = 10;
    assert_eq!(diagnose(&lossy, &Blind::default()), Diagnosis::default(), "10 % is the border");
    lossy.trust.lost = 11;
    assert!(cannot_tell(&lossy).missing.contains("larger --ring-size"));
}

#[test]
fn calls_that_were_not_traced_are_named_if_nothing_stands_out() {
    let healthy = report(vec![process(7, 1).computes(9_900)]);
    let blind = Blind { calls: vec!["futex"], quota: false };
    let diagnosis = diagnose(&healthy, &blind);
    assert_eq!(diagnosis.verdicts, []);
    assert!(diagnosis.cannot_tell[0].missing.starts_with("futex were left out by -e"));
}
