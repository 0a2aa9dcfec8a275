//! `workloads oversubscribe`.

use std::process::{Command, Output};
use std::thread::available_parallelism;

use anyhow::Result;
use serde_json::{Value, json};

use crate::strace::{number, numbers, run};

fn pool(arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workloads"));
    Ok(command.arg("oversubscribe").args(arguments).output()?)
}

/// What a pool of 4 threads says, and what strace saw of all its threads.
fn four_threads(wait: &str, iterations: &str) -> Result<(Value, crate::strace::Counts)> {
    let arguments = ["oversubscribe", "--threads", "4", "--size", "32", "--start-after-stdin"];
    let options = ["--wait", wait, "--iterations", iterations];
    let run = run(&[&arguments[..], &options].concat(), "\n")?;
    let truth = run.truth()?.clone();
    let mut tids = numbers(&truth, "/tids");
    tids.push(number(&truth, "/pid")?);
    Ok((truth, run.counts(&tids)))
}

#[test]
fn threads_that_yield_count_every_sched_yield() {
    let (truth, seen) = four_threads("yield", "30").unwrap();
    assert_eq!(number(&truth, "/iterations").unwrap(), 30);
    assert_eq!(numbers(&truth, "/tids").len(), 4);
    let yields = number(&truth, "/calls/sched_yield").unwrap();
    assert!(yields > 0, "{truth}");
    assert_eq!(seen.get("sched_yield").copied(), u64::try_from(yields).ok());
    assert!(first_of_all(&seen) <= FIRST, "{seen:?}");
}

/// What a library makes once, at the first product: whoever comes second waits for it in a futex.
const FIRST: u64 = 3 * 4;

fn first_of_all(seen: &crate::strace::Counts) -> u64 {
    seen.get("futex").copied().unwrap_or(0)
}

#[test]
fn threads_that_spin_wait_without_any_call() {
    let (few, _) = four_threads("spin", "1").unwrap();
    let (truth, seen) = four_threads("spin", "12").unwrap();
    assert_eq!((number(&truth, "/iterations").unwrap(), &truth["calls"]), (12, &json!({})));
    assert_eq!(number(&few, "/iterations").unwrap(), 1);
    assert!(first_of_all(&seen) <= FIRST, "{seen:?}");
    for call in ["sched_yield", "munmap", "madvise", "nanosleep"] {
        assert_eq!(seen.get(call), None, "{call}");
    }
    // The first product makes each thread's heap; no product takes anything after that.
    let heap: u64 = ["brk", "mmap", "mprotect"].iter().filter_map(|call| seen.get(*call)).sum();
    assert!(heap <= 4 * 4, "{seen:?}");
}

#[test]
fn the_twin_has_a_thread_for_each_cpu_allowed() {
    let output = pool(&["--threads", "64", "--healthy", "--iterations", "5"]).unwrap();
    let truth: Value = serde_json::from_slice(&output.stdout).unwrap();
    let allowed = available_parallelism().unwrap().get();
    assert_eq!((&truth["threads"], &truth["cpus_allowed"]), (&json!(allowed), &json!(allowed)));
    assert_eq!(number(&truth, "/iterations").unwrap(), 5);
}

#[test]
fn a_quota_holds_where_it_is_permitted_and_is_explained_where_not() {
    let spinning = ["--wait", "spin", "--quota", "0.1", "--seconds", "0.6"];
    let output = pool(&[&spinning[..], &["--threads", "2"]].concat()).unwrap();
    if !output.status.success() {
        let message = String::from_utf8(output.stderr).unwrap();
        let explained = ["cannot make the control group", "found no control group"];
        assert!(explained.iter().any(|text| message.contains(text)), "{message}");
        return;
    }
    let truth: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(truth["quota"]["cpus"], 0.1);
    assert!(number(&truth, "/quota/throttled").unwrap() >= 1, "{truth}");
    let on_cpu = number(&truth, "/schedstat/on_cpu_ns").unwrap();
    assert!(on_cpu < number(&truth, "/wall_ns").unwrap() / 2, "{truth}");
    let group = format!("workloads-{}", truth["pid"]);
    let left = Command::new("find").args(["/sys/fs/cgroup", "-name", &group]).output().unwrap();
    assert!(left.stdout.is_empty(), "{left:?}");
    let twin = pool(&["--healthy", "--quota", "0.5", "--iterations", "1"]).unwrap();
    let twin: Value = serde_json::from_slice(&twin.stdout).unwrap();
    assert_eq!(twin["threads"], 1);
}
