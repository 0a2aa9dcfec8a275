//! Waits for the locks that the kernel has for itself.
#![expect(clippy::panic, reason = "what goes wrong in a helper fails the test at hand")]

use std::{fs, process::Command};

use serde_json::Value;
use tests::{Report, Tracing, Workload, programs, report::number};

/// `LCB_F_WRITE` alone: a sleeping semaphore, to write.
const RWSEM_WRITE: &str = "flags == 4";

#[test]
fn waits_for_locks_are_as_many_as_perf_counts() {
    let counts = tempfile::NamedTempFile::new().unwrap();
    let mut perf = Command::new("perf");
    perf.args(["stat", "--field-separator", ",", "--output"]).arg(counts.path());
    perf.args(["-e", "lock:contention_begin", "--filter", RWSEM_WRITE]);
    perf.args(["-e", "lock:contention_end", "--"]).arg(programs::workloads().get_program());
    let steps = "mmap=1 --repeat 30000 --threads 4";
    let mut workload = Workload::waiting_as(&mut perf, &format!("syscalls {steps} --hold"));
    // Whoever samples reads the mappings, under the same lock.
    let tracing = Tracing::of(workload.pid(), "--sample-hz 0");
    let _truth = workload.work();
    let report = tracing.stop();
    let _ended = workload.finish();
    let text = fs::read_to_string(counts.path()).unwrap();
    let (begun_to_write, ended) = perf_counts(&text);

    let locks = locks(report.process(workload.pid()));
    let of = |kinds: &[&str]| -> u64 {
        let these = locks.iter().filter(|lock| kinds.iter().any(|kind| lock["kind"] == *kind));
        these.map(|lock| number(lock, "count")).sum()
    };
    let to_write = of(&["mmap_lock write", "rwsem write"]);
    assert!(begun_to_write >= 100, "too few to tell: {text}");
    // Outside of the window, while it starts and ends, it waits for next to nothing.
    assert!(to_write <= begun_to_write, "{to_write} waits to write, but by perf {text}");
    assert!(to_write * 100 >= begun_to_write * 97, "{to_write} waits to write, but by perf {text}");
    let all: u64 = locks.iter().map(|lock| number(lock, "count")).sum();
    assert!(all <= ended, "{all} waits, but by perf {text}");
    assert!(all * 100 >= ended * 90, "{all} waits, but by perf {text}");
}

#[test]
fn threads_that_map_memory_wait_for_each_other_and_a_lone_one_does_not() {
    const TURNS: u64 = 30_000;
    let mapping = |threads| {
        let steps = format!("mmap=1 --repeat {TURNS}");
        let workload = format!("syscalls {steps} --threads {threads} --hold");
        let mut workload = Workload::waiting(&workload);
        // Whoever names samples reads the mappings, under the same lock.
        let tracing = Tracing::of(workload.pid(), "--sample-hz 0");
        let _truth = workload.work();
        (tracing.stop(), workload.pid())
    };
    let (report, pid) = mapping(4);
    let waits = lock(report.process(pid), "mmap_lock write").unwrap_or_else(|| panic!("{report}"));
    assert!(number(waits, "count") > 0 && number(waits, "ns") > 0, "{report}");
    let (report, pid) = mapping(1);
    for kind in ["mmap_lock write", "mmap_lock read"] {
        let waits = lock(report.process(pid), kind).map_or(0, |waits| number(waits, "count"));
        // Anybody on the machine may read its mappings now and then.
        assert!(waits < TURNS / 1_000, "{report}");
    }
}

#[test]
fn waits_for_the_lock_of_the_memory_are_where_the_calls_are() {
    let mut workload = Workload::waiting("syscalls mmap=1 --repeat 30000 --threads 4 --hold");
    let tracing = Tracing::of(workload.pid(), "");
    let _truth = workload.work();
    let report = tracing.stop();
    let total = &report.0["total"];
    let writes = lock(total, "mmap_lock write").unwrap_or_else(|| panic!("{report}"));
    let places = writes["by_syscall"].as_array().unwrap();
    let of = |figure| places.iter().map(|place| number(place, figure)).sum::<u64>();
    assert_eq!((of("count"), of("ns")), (number(writes, "count"), number(writes, "ns")));
    for place in places {
        assert!(place["name"] == "mmap" || place["name"] == "munmap", "{writes:#}");
    }
    // A wait is inside its call.
    let calls = ["mmap", "munmap"].map(|call| tests::report::row(total, call).unwrap());
    let wall: u64 = calls.iter().map(|call| number(&call["wall_ns"], "total")).sum();
    assert!(number(writes, "ns") <= wall, "{report}");
}

#[test]
fn the_intervals_have_the_waits_of_the_whole() {
    let mut workload = Workload::waiting("syscalls mmap=1 --repeat 30000 --threads 4 --hold");
    let tracing = Tracing::of(workload.pid(), "-i 100ms");
    let _truth = workload.work();
    let (intervals, whole) = tracing.stop_intervals();
    let waits = |report: &Report| {
        let writes = lock(&report.0["total"], "mmap_lock write");
        writes.map_or((0, 0), |lock| (number(lock, "count"), number(lock, "ns")))
    };
    assert!(intervals.len() >= 2, "{}", intervals.len());
    let sums = intervals.iter().map(waits).fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
    let all = waits(&whole);
    assert!(0 < sums.0);
    assert_eq!(sums, all);
}

/// The first two counts of `perf stat`, whose lines begin with them.
#[track_caller]
fn perf_counts(text: &str) -> (u64, u64) {
    let mut counts = text.lines().filter_map(|line| line.split(',').next()?.parse().ok());
    let mut next = || counts.next().unwrap_or_else(|| panic!("no two counts of perf: {text}"));
    (next(), next())
}

#[track_caller]
fn locks(account: &Value) -> &[Value] {
    account["locks"].as_array().unwrap_or_else(|| panic!("no waits for locks in {account:#}"))
}

/// The waits for one kind of lock.
#[track_caller]
fn lock<'a>(account: &'a Value, kind: &str) -> Option<&'a Value> {
    locks(account).iter().find(|lock| lock["kind"] == kind)
}
