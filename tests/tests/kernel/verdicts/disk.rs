//! Waits for a disk, against what the kernel tells the program itself of its time.

use super::*;
use tests::report::number;

/// Traces loaders, in a group of their own. The report, and their truths.
#[track_caller]
fn loading(options: &str) -> (Report, Vec<Value>) {
    let group = ControlGroup::favoured();
    let workloads = programs::workloads();
    let line = format!("data-loader --procs 2 --seconds 0.8 {options}");
    let command: Vec<&str> = std::iter::once(workloads.get_program().to_str().unwrap())
        .chain(line.split_ascii_whitespace())
        .collect();
    let (report, finished) =
        tracing::trace_by(&mut group.starting(&programs::tracer()), "", &command);
    let truths = finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
    (report, truths.collect())
}

/// Time in which nothing but the disk was waited for, by the kernel's own account of the threads.
fn asleep_ns(truths: &[Value]) -> u64 {
    let asleep = |truth: &Value| {
        let of = |name| number(&truth["schedstat"], name);
        number(truth, "wall_ns").saturating_sub(of("on_cpu_ns") + of("wait_ns"))
    };
    truths.iter().map(asleep).sum()
}

/// Sleep of all that nothing could interrupt, by what they slept in.
#[track_caller]
fn uninterruptible_ns(report: &Report, reason: &str) -> u64 {
    let sleeps = report.0["total"]["sched"]["off_cpu"].as_array().unwrap();
    let of = sleeps.iter().find(|sleep| sleep["reason"] == reason);
    of.map_or(0, |sleep| number(sleep, "uninterruptible_ns"))
}

#[test]
fn waits_for_a_disk_are_as_long_as_the_programs_slept_and_the_call_is_named() {
    for (options, reason) in [("--by read", "pread64"), ("--by map --kib 64", "page fault")] {
        let (report, truths) = loading(options);
        let (asleep, seen) = (asleep_ns(&truths), uninterruptible_ns(&report, reason));
        let disk_bytes: u64 = truths.iter().map(|truth| number(truth, "disk_bytes")).sum();
        assert!(disk_bytes > 0, "nothing was read from a disk: {truths:?}");
        // The kernel books part of a wake-up as time on a CPU.
        let off = seen.abs_diff(asleep);
        assert!(off * 5 <= asleep, "{reason}: {seen} ns, but {asleep} ns by /proc: {report}");
        let first = &report.0["verdicts"][0];
        assert_eq!(first["name"], "io-wait", "{report}");
        let what = first["what"].as_str().unwrap();
        assert!(what.ends_with(&format!("most in {reason}")), "{what}");
    }
}

#[test]
fn a_file_in_memory_is_nothing_to_wait_for() {
    let (report, truths) = loading("--by read --healthy");
    let disk_bytes: u64 = truths.iter().map(|truth| number(truth, "disk_bytes")).sum();
    assert_eq!(disk_bytes, 0, "{truths:?}");
    assert!(!verdicts(&report).contains(&"io-wait"), "{report}");
}
