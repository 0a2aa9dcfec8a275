//! Nothing is lost when the rings are full: what finds no room is summed in the kernel.
//!
//! Every report here is checked as all others are: the budgets sum to the window, and nothing is
//! lost.

use std::{thread, time::Duration};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tests::{
    Report, Tracing, Truth, Workload,
    account::{counts, row, time},
    report::number,
};

const MILLISECOND: u64 = 1_000_000;

/// Stops the tracer itself, as an overloaded machine might, until this is dropped.
struct Stopped(Pid);

impl Stopped {
    fn new(tracing: &Tracing) -> Self {
        let pid = Pid::from_raw(tracing.pid());
        kill(pid, Signal::SIGSTOP).expect("the tracer runs");
        Self(pid)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        kill(self.0, Signal::SIGCONT).ok();
    }
}

/// Each process has as many calls, errors and bytes in the report as it says itself.
#[track_caller]
fn assert_exact(report: &Report, truths: &[Truth]) {
    for truth in truths {
        let process = report.process(truth.pid());
        assert_eq!(counts(process, "calls"), truth.calls(), "{process:#}");
        assert_eq!(counts(process, "errors"), truth.errors(), "{process:#}");
        for (call, bytes) in [("brk grow", "grown"), ("brk shrink", "shrunk")] {
            let truth = number(&truth.0["bytes"], bytes);
            if truth > 0 {
                assert_eq!(number(row(process, call), "bytes"), truth, "{process:#}");
            }
        }
    }
    assert!(report.trust("folded") > 0, "the rings were never full: {report}");
}

#[test]
fn a_reader_stopped_for_five_seconds_under_full_load_loses_nothing() {
    let cpus = thread::available_parallelism().unwrap().get();
    let steps = "brk-grow=1 brk-shrink=1 brk-fail=1 brk-query=97";
    let arguments = format!("syscalls {steps} --repeat 15000 --procs {cpus} --hold");
    let mut workload = Workload::waiting(&arguments);
    let tracing = Tracing::of(workload.pid(), "");
    let stopped = Stopped::new(&tracing);
    workload.go();
    thread::sleep(Duration::from_secs(5));
    let truths = workload.truths(cpus);
    drop(stopped);
    let report = tracing.stop();
    assert_exact(&report, &truths);
    assert_eq!(truths[0].calls()["brk query"], 15_000 * 97);
    let total = report.total("brk query", "calls");
    assert_eq!(total, 15_000 * 97 * cpus as u64);
    let folded = report.total("brk query", "folded");
    assert!(folded * 10 > total * 9, "a ring holds less than a tenth of them: {folded}");
}

#[test]
fn rings_of_one_page_lose_nothing() {
    let kinds = "brk-grow=3 brk-shrink=2 brk-query=10 brk-fail=1 mmap=5 madvise=2 mprotect=3 \
                 mremap=4 futex-wake=6 futex-eagain=1 sched-yield=9 fail=1 futex-wait=1:100us";
    let mut workload = Workload::waiting(&format!("syscalls {kinds} --repeat 1000 --hold"));
    let tracing = Tracing::of(workload.pid(), "--ring-size 4K");
    let stopped = Stopped::new(&tracing);
    workload.go();
    thread::sleep(Duration::from_millis(300));
    drop(stopped); // It reads while the rest is done, as far as it keeps up.
    let truth = workload.truth();
    let report = tracing.stop();
    let waited = time(row(report.process(workload.pid()), "futex"), "wall_ns");
    assert!(waited >= 1000 * MILLISECOND / 10, "{waited}");
    assert_exact(&report, &[truth]);
}

#[test]
fn two_hundred_processes_with_rings_of_one_page_lose_nothing() {
    let steps = "brk-grow=100 brk-shrink=90 mmap=50 sched-yield=20 futex-wait=2:1ms";
    let mut workload = Workload::waiting(&format!("syscalls {steps} --procs 200 --hold"));
    let tracing = Tracing::of(workload.pid(), "--ring-size 4K");
    let stopped = Stopped::new(&tracing);
    workload.go();
    thread::sleep(Duration::from_millis(300));
    drop(stopped);
    let truths = workload.truths(200);
    let report = tracing.stop();
    assert_exact(&report, &truths);
    assert_eq!(report.total("brk grow", "calls"), 200 * 100);
}

#[test]
fn a_thousand_short_lives_with_rings_of_one_page_and_no_reader_lose_nothing() {
    let mut workload = Workload::waiting("scene short-lived --count 1000 --calls 20");
    let tracing = Tracing::of(workload.pid(), "--ring-size 4K");
    let stopped = Stopped::new(&tracing);
    let truth = workload.work();
    drop(stopped);
    let report = tracing.finish();
    let children = truth.0["children"].as_array().unwrap();
    assert_eq!(children.len(), 1000);
    for pid in children {
        let process = report.process(i32::try_from(pid.as_i64().unwrap()).unwrap());
        let calls = counts(process, "calls");
        assert_eq!(calls, [("brk query".to_owned(), 20)].into(), "{process:#}");
        assert_eq!(process["end"]["exited"], 0, "{process:#}");
    }
    assert!(report.trust("folded") > 0, "{report}");
    assert_eq!(report.trust("lost"), 0);
}

#[test]
fn threads_are_told_apart_though_their_calls_are_folded() {
    let arguments = "syscalls brk-query=20000 sched-yield=100 --threads 8 --hold";
    let mut workload = Workload::waiting(arguments);
    let tracing = Tracing::of(workload.pid(), "--threads --ring-size 4K");
    let stopped = Stopped::new(&tracing);
    let _truth = workload.work();
    drop(stopped);
    let report = tracing.stop();
    let tids = workload.tids();
    assert_eq!(tids.len(), 8);
    for tid in tids {
        let account = report.processes().iter().find(|it| it["tid"] == tid).expect("an account");
        let expected = [("brk query".to_owned(), 20_000), ("sched_yield".to_owned(), 100)].into();
        let mut calls = counts(account, "calls");
        calls.remove("futex"); // They begin and end together.
        assert_eq!(calls, expected, "{account:#}");
    }
    assert!(report.trust("folded") > 0, "{report}");
}

#[test]
fn intervals_of_folded_calls_add_up() {
    let mut workload = Workload::waiting("syscalls brk-query=1500000 --hold");
    let tracing = Tracing::of(workload.pid(), "--ring-size 4K -i 100ms");
    let truth = workload.work();
    thread::sleep(Duration::from_millis(300)); // The last interval with work in it ends.
    let (intervals, whole) = tracing.stop_intervals();
    assert_exact(&whole, &[truth]);
    let folded = intervals.iter().filter(|it| it.trust("folded") > 0).count();
    assert!(folded >= 2, "it takes longer than that: {whole}");
    let parts: u64 = intervals.iter().map(|it| it.total("brk query", "calls")).sum();
    assert_eq!(parts, 1_500_000, "{whole}");
    let times = |it: &Report| tests::report::row(&it.0["total"], "brk query").map_or(0, wall);
    assert_eq!(intervals.iter().map(times).sum::<u64>(), times(&whole));
}

fn wall(row: &serde_json::Value) -> u64 {
    time(row, "wall_ns")
}

#[test]
fn percentiles_of_folded_calls_and_sleeps_are_within_their_resolution() {
    let steps = "brk-query=3000 futex-wait=1:20ms --repeat 50";
    let mut workload = Workload::waiting(&format!("syscalls {steps} --hold"));
    let tracing = Tracing::of(workload.pid(), "--ring-size 4K");
    let stopped = Stopped::new(&tracing);
    let truth = workload.work();
    drop(stopped);
    let report = tracing.stop();
    let process = report.process(workload.pid());
    let futex = row(process, "futex");
    assert_eq!(number(futex, "calls"), 50, "{futex:#}");
    // The ring of a CPU that it comes to for the first time has room.
    assert!(number(futex, "folded") > 25, "{futex:#}");
    // Not one is shorter than it was told to be, and none is longer than the program saw.
    let seen = |figure| number(&truth.0["futex_wait_ns"], figure);
    let (shortest, all) = (20 * MILLISECOND, seen("total"));
    assert!((50 * shortest..=all).contains(&wall(futex)), "{truth:?}: {futex:#}");
    assert!(number(&futex["wall_ns"], "max") <= seen("max"), "{truth:?}: {futex:#}");
    let slept = process["sched"]["off_cpu"].as_array().unwrap();
    let slept = slept.iter().find(|sleep| sleep["reason"] == "futex").expect("sleeps");
    for figures in [&futex["wall_ns"], &slept["ns"]] {
        let [median, max] = ["p50", "max"].map(|figure| number(figures, figure));
        // Half of the times are no longer than twice the mean. The resolution is a sixteenth.
        let longest = 2 * all / 50;
        assert!(median * 16 >= shortest * 15 - shortest / 100, "{median}: {figures:#}");
        assert!(median * 16 <= longest * 17 && median <= max, "{median}: {figures:#}");
    }
}

#[test]
fn what_folding_leaves_unknown_is_not_shown() {
    let mut workload = Workload::waiting("syscalls brk-query=10000 futex-wait=100:1ms --hold");
    let tracing = Tracing::of(workload.pid(), "--ring-size 4K");
    let stopped = Stopped::new(&tracing);
    workload.go();
    drop(workload.truth());
    thread::sleep(Duration::from_millis(50)); // It sleeps.
    drop(stopped);
    let report = tracing.stop();
    assert!(report.trust("folded_stays") > 0, "{report}");
    let concurrency = &report.0["concurrency"];
    assert!(concurrency.get("running_share").is_none(), "{concurrency:#}");
    assert!(concurrency["busy_cpus"].as_f64().unwrap() > 0.0, "{concurrency:#}");
    let sched = &report.process(workload.pid())["sched"];
    assert!(sched["wakers"].as_array().unwrap().is_empty(), "{sched:#}");
}
