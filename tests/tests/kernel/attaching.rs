//! Calls that lie across an edge of the window, and processes named all at once or twice.

use std::{
    thread,
    time::{Duration, Instant},
};

use tests::{
    Running, Tracing, Workload,
    account::{counts, row},
    proc, programs,
    report::number,
    tracing::trace,
};

#[test]
fn a_call_that_was_open_when_tracing_began_is_unpaired_and_what_follows_exact() {
    let mut command = programs::workloads();
    let running = Running::start(command.args(["scene", "mid-call", "--seconds", "1"]));
    proc::wait_until_in_futex(running.pid());
    let report = Tracing::of(running.pid(), "").finish();
    let process = report.process(running.pid());
    assert_eq!(counts(process, "unpaired"), [("futex".to_owned(), 1)].into(), "{report}");
    assert_eq!(number(row(process, "futex"), "calls"), 0, "{report}");
    assert_eq!(number(row(process, "brk query"), "calls"), 10, "{report}");
}

#[test]
fn a_call_still_open_at_the_end_is_in_flight_and_not_a_completed_one() {
    let mut workload = Workload::waiting("syscalls brk-query=10 futex-wait=1:30s");
    let tracing = Tracing::of(workload.pid(), "");
    let go = Instant::now();
    workload.go();
    proc::wait_until_in_futex(workload.pid());
    let entered = Instant::now();
    thread::sleep(Duration::from_millis(400));
    let at_least = entered.elapsed();
    let report = tracing.stop();
    let at_most = go.elapsed();
    let futex = row(report.process(workload.pid()), "futex");
    assert_eq!(number(futex, "in_flight"), 1, "{report}");
    assert_eq!((number(futex, "calls"), number(futex, "unpaired")), (0, 0), "{report}");
    let elapsed = Duration::from_nanos(number(futex, "in_flight_longest_ns"));
    assert!((at_least..=at_most).contains(&elapsed), "{at_least:?} {at_most:?}: {report}");
    assert_eq!(report.total("brk query", "calls"), 10, "{report}");
}

#[test]
fn a_call_open_before_tracing_began_and_still_at_its_end_is_in_flight_since_before() {
    let mut command = programs::workloads();
    let running = Running::start(command.args(["scene", "mid-call", "--seconds", "30"]));
    proc::wait_until_in_futex(running.pid());
    let (intervals, whole) =
        Tracing::of(running.pid(), "-d 600ms -i 200ms --threads").finish_intervals();
    for report in intervals.iter().chain([&whole]) {
        let futex = row(report.process(running.pid()), "futex");
        let figures = ["calls", "unpaired", "in_flight", "in_flight_before"];
        assert_eq!(figures.map(|name| number(futex, name)), [0, 0, 1, 1], "{report}");
        assert!(futex.get("in_flight_longest_ns").is_none(), "{report}");
    }
    // A call that is not traced has no row, and a thread in user mode none at all.
    let workload = Workload::waiting("syscalls spin=30s");
    let report = Tracing::of(workload.pid(), "-d 100ms -e futex").finish();
    assert_eq!(report.trust("in_flight"), 0, "it waits in read: {report}");
    let reading = Tracing::of(workload.pid(), "-d 100ms -e read").finish();
    assert_eq!(reading.total("read", "in_flight_before"), 1, "{reading}");
}

#[test]
fn a_call_that_outlasts_the_duration_is_in_flight() {
    let mut workload = Workload::waiting("syscalls futex-wait=1:30s");
    let tracing = Tracing::of(workload.pid(), "-d 0.7");
    workload.go();
    let report = tracing.finish();
    let window = Duration::from_nanos(number(&report.0, "window_ns"));
    assert!(window >= Duration::from_millis(700) && window < Duration::from_secs(3), "{window:?}");
    assert_eq!(report.total("futex", "in_flight"), 1, "{report}");
    assert_eq!(report.total("futex", "calls"), 0, "{report}");
}

#[test]
fn nothing_is_counted_before_the_window_or_after_it() {
    let mut workload = Workload::waiting("syscalls sched-yield=5 --repeat 40 --hold");
    let before = workload.work().calls();
    assert_eq!(before["sched_yield"], 200);
    let tracing = Tracing::of(workload.pid(), "-e sched_yield,munmap");
    let report = tracing.stop();
    let _finished = workload.finish();
    assert!(counts(report.process(workload.pid()), "calls").is_empty(), "{report}");
}

#[test]
fn many_processes_named_at_once_are_each_exact() {
    let mut workloads: Vec<_> = (1..=50)
        .map(|n| Workload::waiting(&format!("syscalls brk-query={} mmap={n} --hold", 100 + n)))
        .collect();
    let pids: Vec<_> = workloads.iter().map(|workload| workload.pid().to_string()).collect();
    let tracing = Tracing::start(&format!("-p {} --fold process", pids.join(",")));
    workloads.iter_mut().for_each(Workload::go);
    let truths: Vec<_> = workloads.iter_mut().map(Workload::truth).collect();
    let report = tracing.stop();
    assert_eq!(report.processes().len(), 50);
    for (n, truth) in (1..).zip(truths) {
        assert_eq!(truth.calls()["brk query"], 100 + n);
        let calls = counts(report.process(truth.pid()), "calls");
        assert_eq!(calls, truth.calls(), "{report}");
    }
}

#[test]
fn two_tracers_of_one_process_at_once_are_both_exact() {
    let steps = "brk-grow=1 brk-shrink=1 mmap=1 --repeat 5000";
    let mut workload = Workload::waiting(&format!("syscalls {steps} --hold"));
    let first = Tracing::of(workload.pid(), "");
    let second = Tracing::of(workload.pid(), "-e brk");
    let mut calls = workload.work().calls();
    let (first, second) = (first.stop(), second.stop());
    assert_eq!(counts(first.process(workload.pid()), "calls"), calls);
    calls.retain(|call, _| call.starts_with("brk"));
    assert_eq!(counts(second.process(workload.pid()), "calls"), calls);
}

#[test]
fn a_tracer_that_ends_leaves_another_one_exact() {
    let mut workload = Workload::waiting("syscalls brk-query=3000 --hold");
    let lasting = Tracing::of(workload.pid(), "");
    let brief = Tracing::of(workload.pid(), "");
    assert!(counts(&brief.stop().0["total"], "calls").is_empty());
    let truth = workload.work();
    let report = lasting.stop();
    assert_eq!(counts(report.process(workload.pid()), "calls"), truth.calls());
}

#[test]
fn a_tracer_can_trace_a_command_that_is_a_tracer() {
    let tracer = programs::tracer_file();
    let inner = [tracer.to_str().expect("UTF-8"), "--report", "/dev/null", "--", "/bin/true"];
    let (report, finished) = trace("-e brk --fold process", &inner);
    let _finished = finished.expect(0);
    let names: Vec<_> = report.processes().iter().map(|process| &process["comm"]).collect();
    assert!(names.iter().any(|name| **name == "tracer"), "{report}");
    assert!(names.iter().any(|name| **name == "true"), "{report}");
}

#[test]
fn other_tracers_that_come_and_go_cost_no_call() {
    // The kernel leaves out switches while another program comes to, or leaves, their tracepoint.
    let calls = "syscalls --procs 4 --repeat 800 futex-wait=2:1ms sched-yield=20 --hold";
    let mut workload = Workload::waiting(calls);
    let tracing = Tracing::of(workload.pid(), "-e futex,sched_yield --fold process");
    workload.go();
    let own = std::process::id();
    for _ in 0..3 {
        let other = Tracing::start(&format!("-d 0.02 -p {own}")).finish();
        assert_eq!(other.trust("lost"), 0, "{other}");
    }
    let truths = workload.truths(4);
    let report = tracing.stop();
    for truth in &truths {
        let process = report.process(truth.pid());
        assert_eq!(counts(process, "calls"), truth.calls(), "{report}");
    }
    assert_eq!((report.trust("lost"), report.trust("unpaired")), (0, 0), "{report}");
}
