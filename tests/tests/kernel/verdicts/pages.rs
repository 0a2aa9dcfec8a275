//! Waits of processes for each other where the kernel hands out pages: counted, whether felt or not.

use std::fs;

use super::*;
use tests::report::number;

/// `LCB_F_SPIN` alone: a spinlock.
const SPINLOCK: &str = "flags == 1";
/// Fewer are too few beside what every program meets now and then.
const ENOUGH: u64 = 200;
/// Where pages are handed out and taken back.
const PLACES: [&str; 7] =
    ["outside of calls", "brk", "mmap", "munmap", "mremap", "madvise", "exit_group"];

/// Two workers that churn their heaps, which share no memory, each in a group of its own or both in
/// one. The report, and how often any of them met a taken spinlock, by perf.
#[track_caller]
fn churning(groups: [&ControlGroup; 2]) -> (Report, u64) {
    let counts = tempfile::NamedTempFile::new().unwrap();
    let workloads = programs::workloads();
    let worker = |group: &ControlGroup| {
        let (procs, program) = (group.path().join("cgroup.procs"), workloads.get_program());
        format!("echo $$ > {}; {program:?} brk-loop --procs 1 --seconds 1.2 &", procs.display())
    };
    let [one, two] = groups.map(worker);
    let script = format!("{one} {two} wait");
    let output = counts.path().to_str().unwrap();
    let perf = ["perf", "stat", "--field-separator", ",", "--output", output];
    let events = ["-e", "lock:contention_begin", "--filter", SPINLOCK];
    let command = [&perf[..], &events, &["--", "sh", "-c", &script]].concat();
    // Both have to run at once to meet.
    let favoured = ControlGroup::favoured();
    let mut tracer = favoured.starting(&programs::tracer());
    let (report, _) = tracing::trace_by(&mut tracer, "", &command);
    let text = fs::read_to_string(counts.path()).unwrap();
    let mut counts = text.lines().filter_map(|line| line.split(',').next()?.parse().ok());
    let counted = counts.next().unwrap_or_else(|| panic!("no count of perf: {text}"));
    (report, counted)
}

/// How often those that perf counted too waited for a spinlock.
#[track_caller]
fn waits(report: &Report) -> u64 {
    let counted = report.processes().iter().filter(|process| process["comm"] != "perf");
    let locks = counted.flat_map(|process| process["locks"].as_array().unwrap());
    locks.filter(|lock| lock["kind"] == "spinlock").map(|lock| number(lock, "count")).sum()
}

#[test]
fn processes_of_one_memory_group_meet_at_its_lists_of_pages_as_often_as_perf_counts() {
    let (one, other) = (ControlGroup::of_memory(), ControlGroup::of_memory());
    let mut runs = (0..ATTEMPTS).map(|_| churning([&one, &one]));
    let enough = runs.find(|(_, counted)| *counted >= ENOUGH);
    let (together, counted) = enough.expect("two workers that meet at a lock");
    let waited = waits(&together);
    assert!(waited <= counted, "{waited} waits, but {counted} by perf");
    assert!(waited * 100 >= counted * 90, "{waited} waits, but {counted} by perf");
    // The kernel waits in page faults, and where memory is given back.
    let locks = together.0["total"]["locks"].as_array().unwrap();
    let spinlocks = locks.iter().find(|lock| lock["kind"] == "spinlock").unwrap();
    let places = spinlocks["by_syscall"].as_array().unwrap();
    let there = places.iter().filter(|place| PLACES.iter().any(|name| place["name"] == *name));
    let there: u64 = there.map(|place| number(place, "count")).sum();
    assert!(there * 10 >= waited * 8, "{there} of {waited}: {spinlocks:#}");

    // Each with lists of its own, as the page on the verdict advises.
    let (apart, counted_apart) = churning([&one, &other]);
    assert!(waits(&apart) <= counted_apart, "{apart}");
    assert!(counted_apart * 4 <= counted, "{counted_apart} apart, {counted} together");
}

#[test]
fn what_two_processes_wait_for_pages_is_too_little_to_be_called_a_cause() {
    let group = ControlGroup::of_memory();
    let churn = |report: &Report| {
        let found = verdicts(report);
        (found != ["heap-churn"]).then(|| format!("{found:?} of {report}"))
    };
    let (_, mistake) = judged(|| churning([&group, &group]).0, churn);
    assert_eq!(mistake, None);
}
