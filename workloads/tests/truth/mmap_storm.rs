//! `workloads mmap-storm`.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::strace::{Counts, number, run};

/// One worker that does this many turns: its truth, and the calls that strace saw of it.
fn worker(iterations: &str, healthy: bool) -> Result<(Value, Counts)> {
    let mut arguments = vec!["mmap-storm", "--procs", "1", "--iterations", iterations];
    arguments.extend(healthy.then_some("--healthy"));
    let run = run(&arguments, "")?;
    ensure!(run.status.success(), "the workload failed");
    let truth = run.truth()?.clone();
    let seen = run.stated(&[number(&truth, "/pid")?]);
    Ok((truth, seen))
}

/// How much more often `name` was called in the second than in the first.
fn more([few, many]: [&Counts; 2], name: &str) -> u64 {
    let of = |counts: &Counts| counts.get(name).copied().unwrap_or(0);
    of(many) - of(few)
}

#[test]
fn a_turn_maps_two_arrays_and_gives_both_back() {
    // What happens before the first turn is the same whatever the number of turns.
    let (_, start_up) = worker("0", false).unwrap();
    let (truth, seen) = worker("25", false).unwrap();
    assert_eq!(number(&truth, "/iterations").unwrap(), 25);
    // 256 KiB, malloc's own 16 bytes before them, and up to whole pages.
    let bytes = 50 * (256 + 4) * 1024;
    let observed =
        json!({"mmap": 50, "munmap": 50, "bytes_mapped": bytes, "bytes_unmapped": bytes});
    assert_eq!(truth["mmap_observed"], observed);
    assert_eq!(["mmap", "munmap", "brk"].map(|name| more([&start_up, &seen], name)), [50, 50, 0]);
    let faults = number(&truth, "/minflt").unwrap();
    assert!((25 * 2 * 64..25 * 2 * 80).contains(&faults), "{faults}; are huge pages 'always'?");
}

#[test]
fn malloc_that_keeps_room_maps_nothing_and_faults_nothing() {
    let (_, start_up) = worker("0", true).unwrap();
    let (truth, seen) = worker("25", true).unwrap();
    let none = json!({"mmap": 0, "munmap": 0, "bytes_mapped": 0, "bytes_unmapped": 0});
    assert_eq!(truth["mmap_observed"], none);
    assert_eq!(start_up, seen);
    let faults = number(&truth, "/minflt").unwrap();
    assert!(faults < 25, "{faults} faults in 25 turns");
}

#[test]
fn arrays_above_32_mib_are_mapped_too_and_each_worker_tells_its_truth() {
    let arguments = ["mmap-storm", "--procs", "2", "--kib", "33000", "--iterations", "2"];
    let run = run(&arguments, "").unwrap();
    let truths = run.truths();
    assert_eq!(truths.len(), 2);
    for truth in truths {
        assert_eq!(number(truth, "/mmap_observed/mmap").unwrap(), 4);
        assert_eq!(number(truth, "/mmap_observed/bytes_mapped").unwrap(), 4 * 33_004 * 1024);
    }
}
