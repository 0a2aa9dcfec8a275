//! Counts are exact.

use tests::{
    Tracing, Workload,
    account::{counts, row, rows},
    programs,
    report::number,
    strace,
    tracing::trace,
};

/// Bytes of every mapping that `workloads syscalls` makes, and of every step of its break.
const LENGTH: u64 = 64 * 1024;

/// One of each kind of call that is traced unless the user says otherwise, and failing ones.
const EVERY_KIND: &str = "brk-grow=300 brk-shrink=200 brk-query=100 brk-fail=7 mmap=50 \
                          madvise=20 mprotect=30 mremap=40 futex-wake=60 futex-eagain=11 \
                          futex-wait=3:1ms sched-yield=90 fail=13";

#[test]
fn every_call_is_counted_exactly_as_the_program_counted_it() {
    let mut workload = Workload::waiting(&format!("syscalls {EVERY_KIND} --hold"));
    let tracing = Tracing::of(workload.pid(), "");
    let truth = workload.work();
    let report = tracing.stop();
    let process = report.process(workload.pid());
    assert_eq!(counts(process, "calls"), truth.calls(), "{report}");
    assert_eq!(counts(process, "errors"), truth.errors(), "{report}");
    for none in ["unpaired", "in_flight", "ended_by_exit"] {
        assert_eq!(report.trust(none), 0, "{none} in {report}");
    }
    assert!(report.0["trust"]["notes"].as_array().is_some_and(Vec::is_empty), "{report}");
    // The arguments say it too, so that no common mistake of both sides goes unseen.
    assert_eq!(truth.calls()["brk grow"], 307);
    assert_eq!(truth.errors()["brk grow"], 7);
}

#[test]
fn bytes_are_those_that_successful_calls_asked_for() {
    let mut workload = Workload::waiting(&format!("syscalls {EVERY_KIND} --hold"));
    let tracing = Tracing::of(workload.pid(), "");
    let truth = workload.work();
    let report = tracing.stop();
    let process = report.process(workload.pid());
    let bytes = |call| number(row(process, call), "bytes");
    assert_eq!(bytes("brk grow"), number(&truth.0["bytes"], "grown"));
    assert_eq!(bytes("brk shrink"), number(&truth.0["bytes"], "shrunk"));
    assert_eq!(bytes("brk grow"), 300 * LENGTH);
    assert_eq!(bytes("brk shrink"), 200 * LENGTH);
    for (call, times) in [("mmap", 50), ("munmap", 50), ("madvise", 20), ("mprotect", 30)] {
        assert_eq!(bytes(call), times * LENGTH, "{call}");
    }
    // To twice the length and back, in turn.
    assert_eq!(bytes("mremap"), 20 * (2 * LENGTH) + 20 * LENGTH);
    for call in ["futex", "sched_yield", "brk query"] {
        assert!(row(process, call).get("bytes").is_none(), "{call} asks for no bytes");
    }
}

#[test]
fn bytes_mapped_and_those_of_files_are_those_of_strace() {
    // Its libraries are mapped as files, its stack and heap are not.
    let command = ["/bin/sh", "-c", "true"];
    let (all, of_files) = strace::mapped(&command);
    let (report, finished) = trace("", &command);
    let _finished = finished.expect(0);
    let mmap = row(&report.0["total"], "mmap");
    assert_eq!((number(mmap, "bytes"), number(mmap, "file_bytes")), (all, of_files), "{report}");
    assert!(of_files < all);
    assert!(row(&report.0["total"], "munmap").get("file_bytes").is_none(), "{report}");
}

#[test]
fn only_the_calls_that_were_asked_for_have_rows() {
    let steps = "getppid=70 nanosleep=3:1ms brk-query=9 compat=5";
    let mut workload = Workload::waiting(&format!("syscalls {steps} --hold"));
    let tracing = Tracing::of(workload.pid(), "-e getppid,nanosleep");
    let mut calls = workload.work().calls();
    let report = tracing.stop();
    calls.remove("brk query");
    // 32-bit calls cannot be chosen by name: they are always there.
    assert_eq!(counts(report.process(workload.pid()), "calls"), calls, "{report}");
}

#[test]
fn each_process_has_its_own_exact_counts() {
    let mut workload = Workload::waiting(&format!("syscalls {EVERY_KIND} --procs 4 --hold"));
    let tracing = Tracing::of(workload.pid(), "");
    workload.go();
    let truths = workload.truths(4);
    let report = tracing.stop();
    let mut expected: Vec<_> = truths.iter().map(tests::Truth::pid).collect();
    expected.push(workload.pid());
    expected.sort_unstable();
    assert_eq!(report.pids(), expected);
    for truth in truths {
        let process = report.process(truth.pid());
        assert_eq!(counts(process, "calls"), truth.calls(), "{report}");
        assert_eq!(counts(process, "errors"), truth.errors(), "{report}");
        assert_eq!(process["ppid"], workload.pid());
    }
    assert!(rows(report.process(workload.pid())).is_empty(), "the parent only waits");
    assert_eq!(report.total("brk grow", "calls"), 4 * 307);
}

#[test]
fn counts_and_errors_are_those_of_strace() {
    let program = programs::workloads().get_program().to_str().unwrap().to_owned();
    let mut command = vec![program.as_str(), "syscalls", "--procs", "2"];
    command.extend(EVERY_KIND.split_ascii_whitespace());
    let expected = strace::counts(&command);
    let (report, finished) = trace("", &command);
    let _finished = finished.expect(0);
    let counted = strace::as_strace(rows(&report.0["total"]));
    let traced = ["brk", "mmap", "munmap", "mremap", "madvise", "mprotect", "futex", "sched_yield"];
    for call in traced {
        assert_eq!(counted.get(call), expected.get(call), "{call}: {report}");
    }
    assert_eq!(counted.len(), traced.len(), "{report}");
}

#[test]
fn all_calls_of_a_whole_program_are_those_of_strace() {
    let mut expected = strace::counts(&["/bin/true"]);
    let (report, finished) = trace("-e all", &["/bin/true"]);
    let _finished = finished.expect(0);
    let counted = strace::as_strace(rows(&report.0["total"]));
    expected.remove("exit_group");
    assert_eq!(counted, expected, "{report}");
    assert_eq!(counts(&report.0["total"], "ended_by_exit"), [("exit_group".to_owned(), 1)].into());
    assert_eq!(report.trust("unpaired"), 0, "{report}");
}

#[test]
fn a_loop_of_a_million_calls_loses_none() {
    let steps = "brk-grow=1 brk-shrink=1 --repeat 500000";
    let mut workload = Workload::waiting(&format!("syscalls {steps} --hold"));
    let tracing = Tracing::of(workload.pid(), "");
    let truth = workload.work();
    let report = tracing.stop();
    assert_eq!(report.trust("lost"), 0);
    let half = 500_000;
    let expected = [("brk grow".to_owned(), half), ("brk shrink".to_owned(), half)].into();
    assert_eq!(truth.calls(), expected);
    assert_eq!(counts(report.process(workload.pid()), "calls"), expected);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_32_bit_call_is_never_taken_for_the_64_bit_call_of_its_number() {
    // i386 has chdir where x86-64 has brk.
    let mut workload = Workload::waiting("syscalls compat=31 compat-chdir=17 --hold");
    let tracing = Tracing::of(workload.pid(), "-e brk,chdir,getpid,writev");
    let truth = workload.work();
    let report = tracing.stop();
    let process = report.process(workload.pid());
    let expected = [("32-bit 20".to_owned(), 31), ("32-bit 12".to_owned(), 17)].into();
    assert_eq!(truth.calls(), expected);
    assert_eq!(counts(process, "calls"), expected, "{report}");
    assert_eq!(counts(process, "errors"), [("32-bit 12".to_owned(), 17)].into(), "{report}");
}
