//! The tier on an old kernel, in an emulator: that of Debian 12, whose verifier knows less than today's.
#![cfg(target_arch = "x86_64")]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what goes wrong in a helper fails the test at hand"
)]

mod machine;

use serde_json::Value;
use tests::{
    Report, Truth,
    account::{counts, row},
    consistency,
    report::number,
};

use machine::said;

/// What the tracer reports of a program there, and what the program says itself.
#[track_caller]
fn traced(section: &str) -> (Report, Vec<Truth>) {
    let mut lines: Vec<&str> = said(section).lines().filter(|line| line.starts_with('{')).collect();
    let report = Report::parse(lines.pop().unwrap_or_else(|| panic!("no report in {section}")));
    consistency::check(&report);
    assert_eq!(report.trust("lost"), 0, "calls were lost: {report}");
    let truths = lines.into_iter().map(|line| Truth(serde_json::from_str(line).unwrap()));
    (report, truths.collect())
}

#[test]
fn it_is_as_old_as_is_said() {
    assert!(said("kernel").starts_with("6.1."), "{}", said("kernel"));
}

#[test]
fn the_doctor_finds_what_tracing_takes() {
    assert!(said("doctor").ends_with("status 0"), "{}", said("doctor"));
}

#[test]
fn counts_are_those_of_the_program() {
    let (report, truths) = traced("counts");
    let process = report.process(truths[0].pid());
    for (call, calls) in truths[0].calls() {
        // The program makes a few more as it starts.
        let counted = counts(process, "calls").get(&call).copied().unwrap_or(0);
        assert!((calls..calls + 40).contains(&counted), "{counted} {call} of {calls}: {report}");
    }
    assert_eq!(number(row(process, "futex"), "calls"), truths[0].calls()["futex"], "{report}");
    assert_eq!(number(row(process, "sched_yield"), "calls"), 90, "{report}");
}

#[test]
fn what_full_rings_fold_is_as_exact() {
    let (report, truths) = traced("folded");
    assert!(report.trust("folded") > 0, "nothing was folded: {report}");
    assert_eq!(truths.len(), 2);
    for truth in &truths {
        let queries = number(row(report.process(truth.pid()), "brk query"), "calls");
        assert!((200_000..200_010).contains(&queries), "{queries}: {report}");
    }
}

#[test]
fn a_situation_is_named_with_its_page_faults() {
    let (report, _) = traced("verdict");
    let names = report.0["verdicts"].as_array().unwrap().iter().map(|verdict| &verdict["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["heap-churn"], "{report}");
    assert!(report.0["total"]["budget"]["faults_ns"].as_u64() > Some(0), "{report}");
    // Marked from 6.18 on: unknown, and so not 0.
    assert_eq!(report.0["total"]["budget"]["throttled_ns"], Value::Null, "{report}");
}

#[test]
fn a_process_that_runs_already_is_attached_to() {
    let (report, _) = traced("attached");
    let reading = &report.processes()[0];
    assert_eq!(number(row(reading, "futex"), "in_flight_before"), 1, "{report}");
}
