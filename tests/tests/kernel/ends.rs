//! Processes that end while they are traced, in the middle of a call or not.

use nix::sys::signal::Signal;
use tests::{
    Running, Tracing, Workload,
    account::{counts, row},
    proc, programs,
    report::number,
    tracing::trace,
};

/// Four threads in futex waits that never end, and the first thread, which ends the process.
fn killed_in_call(by: &[&str]) -> (tests::Report, tests::Finished, u64) {
    let program = programs::workloads();
    let mut command = vec![program.get_program().to_str().expect("UTF-8")];
    command.extend(["scene", "killed-in-call", "--threads", "4", "--seconds", "0.3"]);
    command.extend(by);
    let (report, finished) = trace("", &command);
    let truth: serde_json::Value = serde_json::from_str(&finished.stdout).expect("one truth");
    let cut_off = number(&truth["ended_by_exit"], "futex");
    assert_eq!(cut_off, 4);
    (report, finished, cut_off)
}

#[test]
fn calls_cut_off_by_exit_group_are_ended_by_exit() {
    let (report, finished, cut_off) = killed_in_call(&[]);
    assert_eq!(finished.code(), 0);
    let expected = [("futex".to_owned(), cut_off)].into();
    assert_eq!(counts(&report.0["total"], "ended_by_exit"), expected, "{report}");
    assert_eq!(report.trust("in_flight"), 0, "{report}");
    assert_eq!(report.processes()[0]["end"]["exited"], 0, "{report}");
}

#[test]
fn calls_cut_off_by_sigkill_are_ended_by_exit() {
    let (report, finished, cut_off) = killed_in_call(&["--sigkill"]);
    assert_eq!(finished.code(), 128 + 9);
    let expected = [("futex".to_owned(), cut_off)].into();
    assert_eq!(counts(&report.0["total"], "ended_by_exit"), expected, "{report}");
    assert_eq!(report.trust("in_flight"), 0, "{report}");
    assert_eq!(report.processes()[0]["end"]["signalled"], 9, "{report}");
}

#[test]
fn a_call_begun_before_tracing_and_cut_off_by_a_signal_is_unpaired() {
    let mut command = programs::workloads();
    let running = Running::start(command.args(["scene", "mid-call", "--seconds", "60"]));
    proc::wait_until_in_futex(running.pid());
    let tracing = Tracing::of(running.pid(), "-e all");
    running.signal(Signal::SIGKILL);
    let report = tracing.finish();
    let process = report.process(running.pid());
    assert_eq!(process["end"]["signalled"], 9, "{report}");
    // The signal takes it out of its call, and only then it dies.
    assert_eq!(counts(process, "unpaired"), [("futex".to_owned(), 1)].into(), "{report}");
    for figure in ["calls", "ended_by_exit", "in_flight"] {
        assert!(counts(process, figure).is_empty(), "{figure}: {report}");
    }
}

#[test]
fn the_tracer_ends_with_its_last_target_and_says_how_that_ended() {
    let mut running =
        Running::start(std::process::Command::new("sh").args(["-c", "read x; exit 9"]));
    let tracing = Tracing::of(running.pid(), "");
    running.say("\n");
    let report = tracing.finish();
    let process = report.process(running.pid());
    assert_eq!(process["end"]["exited"], 9, "{report}");
    let window_ns = number(&report.0, "window_ns");
    assert!(number(process, "exited_ns") <= window_ns, "{report}");
    assert!(number(process, "thread_ns") <= number(process, "exited_ns"), "{report}");
}

#[test]
fn a_signal_that_kills_a_target_is_named() {
    let running = Running::start(std::process::Command::new("sleep").arg("60"));
    let tracing = Tracing::of(running.pid(), "");
    running.signal(Signal::SIGTERM);
    let report = tracing.finish();
    assert_eq!(report.process(running.pid())["end"]["signalled"], 15, "{report}");
}

#[test]
fn a_target_that_ends_keeps_its_exact_counts() {
    let mut workload = Workload::waiting("syscalls brk-query=50 sched-yield=70");
    let tracing = Tracing::of(workload.pid(), "");
    let truth = workload.work();
    let report = tracing.finish();
    let process = report.process(workload.pid());
    assert_eq!(number(row(process, "brk query"), "calls"), truth.calls()["brk query"], "{report}");
    assert_eq!(number(row(process, "sched_yield"), "calls"), 70, "{report}");
    assert_eq!(process["end"]["exited"], 0, "{report}");
}
