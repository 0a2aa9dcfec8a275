//! Futex calls by the word they are about, and what else verdicts rest on: births, the files that hot
//! code is of, memory taken again, sleep that nothing interrupts.
#![expect(clippy::panic, reason = "what goes wrong in a helper fails the test at hand")]

use serde_json::Value;
use tests::{
    Tracing, Workload,
    report::{number, row},
    tracing::trace,
};

#[track_caller]
fn words(account: &Value) -> &[Value] {
    account["futexes"].as_array().unwrap_or_else(|| panic!("no futex words in {account:#}"))
}

#[test]
fn the_calls_about_one_word_are_told_apart_by_what_came_of_them() {
    let mut workload =
        Workload::waiting("syscalls futex-wait=20:10ms futex-wake=300 futex-eagain=700 --hold");
    let tracing = Tracing::of(workload.pid(), "");
    let truth = workload.work();
    let report = tracing.stop();
    let process = report.process(workload.pid());
    assert_eq!(truth.calls()["futex"], 1_020);
    let [word] = words(process) else { panic!("one word: {process:#}") };
    let of = |figure| number(word, figure);
    assert_eq!((of("calls"), of("waits"), of("wakes")), (1_020, 720, 300), "{word:#}");
    assert_eq!((of("again"), of("timed_out"), of("woken")), (700, 20, 0), "{word:#}");
    assert_eq!((of("waiters"), of("wakers")), (1, 1), "{word:#}");
    // Each slept to its time-out, which cannot come early; and only these did.
    assert!(of("timed_out_slept_ns") >= 20 * 9_000_000, "{word:#}");
    assert_eq!(of("slept_ns"), number(&row(process, "futex").unwrap()["blocked_ns"], "total"));
}

#[test]
fn two_threads_that_wake_each_other_meet_at_one_word() {
    let mut workload = Workload::waiting("scene ping-pong --iterations 1000");
    let tracing = Tracing::of(workload.pid(), "");
    workload.go();
    let truths = workload.truths(1);
    let report = tracing.finish();
    let process = report.process(workload.pid());
    // Its runtime has words of its own, with a few calls each.
    let word = &words(process)[0];
    let of = |figure| number(word, figure);
    let calls = truths[0].calls()["futex"];
    assert_eq!((of("calls"), of("wakes")), (calls, 2_000), "{word:#}");
    assert_eq!(of("waits"), calls - 2_000, "{word:#}");
    assert_eq!(of("again"), truths[0].errors().get("futex").copied().unwrap_or(0), "{word:#}");
    // Whoever was asleep was woken by somebody.
    assert_eq!(of("woken"), of("waits") - of("again"), "{word:#}");
    assert_eq!((of("waiters"), of("wakers")), (2, 2), "{word:#}");
}

#[test]
fn each_thread_has_a_word_of_its_own_where_it_uses_one_of_its_own() {
    let mut workload = Workload::waiting("syscalls futex-wake=500 --threads 3 --hold");
    let tracing = Tracing::of(workload.pid(), "");
    let _truth = workload.work();
    let report = tracing.stop();
    let process = report.process(workload.pid());
    let counts: Vec<_> = words(process).iter().map(|word| number(word, "calls")).collect();
    assert_eq!(counts, [500, 500, 500], "{process:#}");
}

#[test]
fn the_processes_that_are_born_are_counted_with_their_time_and_faults() {
    let mut workload = Workload::waiting("scene short-lived");
    let tracing = Tracing::of(workload.pid(), "");
    workload.go();
    let truth = workload.truth();
    let report = tracing.finish();
    let births = &report.0["total"]["births"];
    let children = truth.0["children"].as_array().unwrap().len() as u64;
    assert_eq!((number(births, "processes"), number(births, "ended")), (children, children));
    let sum = |figure: fn(&Value) -> u64| -> u64 {
        report.processes().iter().filter(|it| it["pid"] != workload.pid()).map(figure).sum()
    };
    assert_eq!(number(births, "thread_ns"), sum(|child| number(child, "thread_ns")), "{births:#}");
    let minor = number(&births["faults"], "minor");
    assert_eq!(minor, sum(|child| number(&child["sched"]["faults"], "minor")), "{births:#}");
    // One after the other: their lives together are no longer than the parent's.
    assert!(number(&births["lived_ns"], "total") <= number(&report.0, "window_ns"), "{births:#}");
}

#[test]
fn a_command_is_not_born_but_what_it_starts_is() {
    let (report, _) = trace("", &["sh", "-c", "/bin/true; /bin/true"]);
    let births = &report.0["total"]["births"];
    assert_eq!((number(births, "processes"), number(births, "ended")), (2, 2), "{report}");
    let (report, _) = trace("", &["/bin/true"]);
    assert!(report.0["total"].get("births").is_none(), "{report}");
}

#[test]
fn the_files_of_hot_code_have_all_samples_in_user_mode() {
    let (report, _) = trace(
        "--sample-hz 997 --top 1",
        &["sh", "-c", "seq 1000000 | sha256sum; i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"],
    );
    let samples = &report.0["total"]["samples"];
    let libraries = samples["libraries"].as_array().unwrap();
    let sum: u64 = libraries.iter().map(|library| number(library, "count")).sum();
    assert_eq!(sum, number(samples, "user"), "{samples:#}");
    let shell = std::fs::canonicalize("/bin/sh").unwrap();
    let shell = shell.file_name().unwrap().to_str().unwrap();
    assert!(libraries.iter().any(|library| library["library"] == shell), "{samples:#}");
}

#[test]
fn memory_is_taken_again_once_it_was_given_back() {
    // Three rounds: what the second and the third take had been given back.
    let steps = "brk-grow=10 brk-shrink=10 mmap=10 --repeat 3";
    let mut workload = Workload::waiting(&format!("syscalls {steps} --hold"));
    let tracing = Tracing::of(workload.pid(), "");
    let _truth = workload.work();
    let report = tracing.stop();
    let process = report.process(workload.pid());
    let of = |name, figure| number(row(process, name).unwrap(), figure);
    assert_eq!(of("brk grow", "bytes"), of("brk shrink", "bytes"));
    assert_eq!(of("brk grow", "again_bytes"), of("brk grow", "bytes") / 3 * 2);
    // Each mapping is unmapped before the next one is made.
    assert_eq!(of("mmap", "calls"), 30);
    assert_eq!(of("mmap", "again_bytes"), of("mmap", "bytes") / 30 * 29);
}

#[test]
fn a_sleep_that_a_signal_could_end_is_not_uninterruptible() {
    let (report, _) = trace("", &["sleep", "0.1"]);
    let sched = &report.0["total"]["sched"];
    let sleeps = sched["off_cpu"].as_array().unwrap();
    let nap = sleeps.iter().find(|sleep| sleep["reason"] == "clock_nanosleep").unwrap();
    assert_eq!(number(nap, "uninterruptible_ns"), 0, "{sched:#}");
}

#[test]
fn who_waits_for_a_vfork_sleeps_uninterruptibly_as_long_as_its_child_runs() {
    // `dash`, the `sh` of Debian, waits for a vfork until its child has become another program.
    let (report, _) = trace("", &["dash", "-c", "/bin/true; /bin/true"]);
    let sched = &report.0["total"]["sched"];
    let sleeps = sched["off_cpu"].as_array().unwrap();
    let vfork = sleeps
        .iter()
        .find(|sleep| matches!(sleep["reason"].as_str(), Some("clone3" | "clone" | "vfork")))
        .unwrap_or_else(|| panic!("no sleep in a vfork: {sched:#}"));
    assert_eq!(number(vfork, "uninterruptible_ns"), number(&vfork["ns"], "total"), "{sched:#}");
}
