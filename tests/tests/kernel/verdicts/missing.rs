//! Where something is missing that would decide: it is named, and nothing is guessed.

use std::path::PathBuf;

use super::*;
use tests::{Tracing, report::number, run};

/// What cannot be told of a report, in the words of the report.
#[track_caller]
fn missing(report: &Report) -> String {
    let undecided = report.0["cannot_tell"].as_array().unwrap().iter();
    let sentences = undecided.map(|it| it["missing"].as_str().unwrap());
    sentences.collect::<Vec<_>>().join("\n")
}

/// A report on a command, from a tracer that goes before others.
#[track_caller]
fn report_on(options: &str, command: &[&str]) -> Report {
    let group = ControlGroup::favoured();
    tracing::trace_by(&mut group.starting(&programs::tracer()), options, command).0
}

/// The workloads without any symbol, in a directory that goes with it.
#[track_caller]
fn stripped() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("stripped");
    let mut strip = Command::new("strip");
    strip.arg("--strip-all").arg("-o").arg(&file).arg(programs::workloads().get_program());
    let _done = run(&mut strip).expect(0);
    (directory, file)
}

#[test]
fn a_window_that_is_too_short_is_no_ground_for_a_verdict() {
    let mut spinner = Workload::waiting("syscalls brk-grow=1 spin=20s");
    let tracing = Tracing::of(spinner.pid(), "-d 0.03");
    spinner.go();
    let report = tracing.finish();
    drop(spinner);
    assert_eq!(verdicts(&report), [""; 0], "{report}");
    // On a busy machine it may close late.
    if number(&report.0, "window_ns") < 100_000_000 {
        assert!(missing(&report).contains("is too short: trace for a second or more"), "{report}");
    }
}

#[test]
fn without_samples_page_faults_are_missing_and_the_heap_that_churns_is_not_named() {
    let workloads = programs::workloads();
    let program = workloads.get_program().to_str().unwrap();
    let churn = [program, "brk-loop", "--procs", "1", "--seconds", "0.8"];
    let report = report_on("--sample-hz 0", &churn);
    assert_eq!(verdicts(&report), [""; 0], "{report}");
    assert_eq!(report.0["cannot_tell"][0]["name"], "heap-churn", "{report}");
    assert!(missing(&report).contains("unknown without CPU samples"), "{report}");
}

#[test]
fn without_symbols_it_is_not_guessed_whether_threads_wait_or_work() {
    let (_directory, file) = stripped();
    let program = file.to_str().unwrap();
    let spin = [program, "oversubscribe", "--wait", "spin", "--seconds", "1"];
    let report = report_on("", &spin);
    assert_eq!(verdicts(&report), [""; 0], "{report}");
    assert_eq!(report.0["cannot_tell"][0]["name"], "oversubscribed-spin", "{report}");
    assert!(missing(&report).contains("without symbols"), "{report}");
    // What shows in calls and page faults needs none.
    let churn = [program, "brk-loop", "--procs", "1", "--seconds", "0.8"];
    assert_eq!(verdicts(&report_on("", &churn)), ["heap-churn"]);
}

#[test]
fn a_program_in_no_known_language_is_judged_by_what_it_does_alone() {
    let counts = "i=0; while [ $i -lt 400000 ]; do i=$((i + 1)); done";
    let judge = |report: &Report| {
        let nothing = verdicts(report).is_empty() && missing(report).is_empty();
        (!nothing).then(|| report.to_string())
    };
    let (_, mistake) = judged(|| report_on("", &["sh", "-c", counts]), judge);
    assert_eq!(mistake, None);
}

#[test]
fn a_quota_that_a_container_hides_is_not_guessed_from_how_long_threads_wait() {
    let (quota, container) = (ControlGroup::with_quota(0.5), ControlGroup::favoured());
    let mut spinner = Workload::waiting("syscalls spin=60s");
    quota.take(spinner.pid());
    // Seen from a group of its own, as the root of all that it sees, the other is nowhere.
    let mut starter = Command::new("sh");
    let join = "echo $$ > \"$0\" && exec unshare --cgroup --mount --fork \"$@\"";
    starter.args(["-c", join]).arg(container.path().join("cgroup.procs"));
    let tracing = Tracing::start_by(&mut starter, &format!("-p {}", spinner.pid()));
    spinner.go();
    thread::sleep(Duration::from_millis(1_500));
    let report = tracing.stop();
    drop(spinner);
    assert!(report.0["cpus"]["quota"].is_null(), "{report}");
    assert!(report.0["throttling"].is_null(), "{report}");
    let notes = report.0["trust"]["notes"].to_string();
    assert!(notes.contains("CPU quota cannot be seen from here"), "{notes}");
    if report.0["total"]["budget"]["throttled_ns"].is_null() {
        assert_eq!(verdicts(&report), [""; 0], "{report}");
        assert!(missing(&report).contains("cannot be seen from here"), "{report}");
    } else {
        // The kernel marks what a quota ordered, wherever it is from.
        assert_eq!(verdicts(&report), ["cpu-quota"], "{report}");
        let evidence = report.0["verdicts"][0]["evidence"].to_string();
        assert!(evidence.contains("that the kernel ordered for a quota"), "{evidence}");
    }
}
