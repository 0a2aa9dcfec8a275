//! Every thread of a process is traced, from its first moment on.

use std::{thread, time::Duration};

use tests::{
    Tracing, Workload,
    account::{counts, row},
    proc,
    report::number,
};

#[test]
fn each_thread_has_its_own_exact_counts() {
    let steps = "brk-query=100 mmap=50 futex-wake=60 sched-yield=90 fail=13";
    let mut workload = Workload::waiting(&format!("syscalls {steps} --threads 3 --hold"));
    let tracing = Tracing::of(workload.pid(), "--threads");
    let truth = workload.work();
    let report = tracing.stop();
    let expected =
        [("brk query", 100), ("mmap", 50), ("munmap", 50 + 13), ("futex", 60), ("sched_yield", 90)];
    assert_eq!(workload.tids().len(), 3);
    for tid in workload.tids() {
        let mut accounts = report.processes().iter().filter(|account| account["tid"] == tid);
        let account = accounts.next().expect("the thread has an account");
        assert!(accounts.next().is_none(), "two accounts of thread {tid} in {report}");
        assert_eq!(account["pid"], workload.pid());
        let expected = expected.map(|(call, calls)| (call.to_owned(), calls)).into();
        assert_eq!(counts(account, "calls"), expected, "{report}");
    }
    assert_eq!(counts(&report.0["total"], "calls"), truth.calls(), "{report}");
}

#[test]
fn threads_that_spin_without_a_call_are_all_known() {
    let mut workload = Workload::waiting("scene threads-spin --threads 8 --seconds 1.5");
    workload.go();
    thread::sleep(Duration::from_millis(100)); // They are past the call that held them.
    let tracing = Tracing::of(workload.pid(), "-e all");
    assert_eq!(proc::threads(workload.pid()), 9);
    let _truth = workload.truth();
    let report = tracing.finish();
    let process = report.process(workload.pid());
    assert_eq!(number(process, "threads"), 9, "{report}");
    // Who was adopted in user mode was in no call; the first thread waits in a read.
    assert_eq!(counts(process, "unpaired"), [("read".to_owned(), 1)].into(), "{report}");
}

#[test]
fn the_time_of_a_process_is_that_of_all_its_threads() {
    let mut workload = Workload::waiting("scene threads-spin --threads 8 --seconds 2");
    workload.go();
    let tracing = Tracing::of(workload.pid(), "");
    thread::sleep(Duration::from_millis(500));
    let report = tracing.stop();
    let process = report.process(workload.pid());
    assert_eq!(number(process, "thread_ns"), 9 * number(&report.0, "window_ns"), "{report}");
}

#[test]
fn a_thread_born_while_traced_makes_no_unpaired_exit() {
    // The first thread waits in a read; the one that it starts makes the calls.
    let mut workload = Workload::waiting("scene exec-thread --calls-before 44 --calls 5");
    let tracing = Tracing::of(workload.pid(), "-e all");
    workload.go();
    let _truths = workload.truths(2);
    let report = tracing.finish();
    let first = report.processes().iter().find(|process| process["end"] == "exec");
    let first = first.expect("the program before the exec");
    assert_eq!(number(first, "threads"), 2, "{report}");
    assert_eq!(number(row(first, "brk query"), "calls"), 44, "{report}");
    assert_eq!(counts(&report.0["total"], "unpaired"), [("read".to_owned(), 1)].into(), "{report}");
}
