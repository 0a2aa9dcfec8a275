//! `workloads data-loader`.

use anyhow::Result;
use serde_json::Value;

use crate::strace::{Counts, number, run};

/// The truth of one worker that fetches so many records, of 64 KiB in a file of 4 MiB, and the calls
/// that strace saw of it.
fn worker(records: i64, options: &[&str]) -> Result<(Value, Counts)> {
    let records = records.to_string();
    let size = ["--procs", "1", "--mib", "4", "--kib", "64", "--iterations", &records];
    let run = run(&[&["data-loader"], &size[..], options].concat(), "")?;
    anyhow::ensure!(run.status.success(), "the workload failed");
    let truth = run.truth()?.clone();
    let seen = run.counts(&[number(&truth, "/pid")?]);
    Ok((truth, seen))
}

#[test]
fn a_record_is_one_read_past_the_page_cache_or_from_it() {
    for healthy in [&[][..], &["--healthy"]] {
        let (truth, seen) = worker(40, healthy).unwrap();
        assert_eq!(number(&truth, "/iterations").unwrap(), 40);
        assert_eq!(number(&truth, "/bytes").unwrap(), 40 * 64 * 1024);
        let reads = seen.get("pread64").copied().unwrap_or(0);
        // The dynamic linker makes a few of its own.
        assert!((40..50).contains(&reads), "{seen:?}");
    }
}

#[test]
fn a_record_of_a_mapping_is_no_call_and_a_round_ends_with_one() {
    // 64 records are a round.
    for (records, rounds) in [(63, 0), (64, 1), (130, 2)] {
        let (truth, seen) = worker(records, &["--by", "map"]).unwrap();
        assert_eq!(number(&truth, "/bytes").unwrap(), records * 64 * 1024);
        let of = |name: &str| seen.get(name).copied().unwrap_or(0);
        assert!(of("pread64") < 10, "{seen:?}");
        assert_eq!(of("madvise"), rounds, "{seen:?}");
    }
}

#[test]
fn what_is_in_memory_comes_from_no_disk_and_nobody_waits_for_it() {
    for way in ["read", "map"] {
        let (truth, _) = worker(40, &["--by", way, "--healthy"]).unwrap();
        let disk_bytes = truth["disk_bytes"].as_i64();
        assert!(disk_bytes.is_none_or(|bytes| bytes == 0), "{way}: {truth}");
        assert_eq!(number(&truth, "/majflt").unwrap(), 0, "{way}: {truth}");
    }
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let nowhere = run(&["data-loader", "--procs", "1", "--dir", "/nonexistent"], "").unwrap();
    assert!(!nowhere.status.success());
    assert!(nowhere.truths().is_empty());
}
