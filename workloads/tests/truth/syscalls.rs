//! `workloads syscalls`.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::strace::{Counts, number, numbers, run};

const WORKLOADS: &str = env!("CARGO_BIN_EXE_workloads");

/// Every step, and what it states.
const STEPS: &str = "brk-grow=5 brk-shrink=3 brk-query=7 brk-fail=2 mmap=10 madvise=4 mprotect=5 \
                     mremap=3 futex-wait=3:10ms futex-wake=2 futex-eagain=4 sched-yield=6 fail=5 \
                     getppid=8 nanosleep=2:5ms spin=5ms";

fn counts(expected: &[(&str, u64)]) -> Counts {
    expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

fn arguments<'a>(options: &[&'a str], steps: &'a str) -> Vec<&'a str> {
    let steps = steps.split_ascii_whitespace();
    [&["syscalls"], options].concat().into_iter().chain(steps).collect()
}

#[test]
fn a_process_makes_the_stated_calls_and_no_other_memory_or_futex_call() {
    let run = run(&arguments(&["--start-after-stdin", "--hold"], STEPS), "\n").unwrap();
    assert!(run.status.success());
    let truth = run.truth().unwrap();
    let pid = number(truth, "/pid").unwrap();
    let calls = json!({
        "brk grow": 7, "brk shrink": 3, "brk query": 7, "mmap": 10, "munmap": 15, "madvise": 4,
        "mprotect": 5, "mremap": 3, "futex": 9, "sched_yield": 6, "getppid": 8, "nanosleep": 2,
    });
    assert_eq!(truth["calls"], calls);
    assert_eq!(truth["errors"], json!({"brk grow": 2, "munmap": 5, "futex": 7}));
    assert_eq!(truth["bytes"], json!({"grown": 5 * 65_536, "shrunk": 3 * 65_536}));
    let seen = counts(&[
        ("brk", 17),
        ("mmap", 10),
        ("munmap", 15),
        ("madvise", 4),
        ("mprotect", 5),
        ("mremap", 3),
        ("futex", 9),
        ("sched_yield", 6),
        ("nanosleep", 2),
    ]);
    assert_eq!(run.stated(&[pid]), seen);
    assert_eq!(run.mentions(pid, "EINVAL"), 5);
    assert_eq!(run.mentions(pid, "ETIMEDOUT"), 3);
    assert_eq!(run.mentions(pid, "EAGAIN"), 4);
    assert_eq!(run.mentions(pid, "getppid("), 8);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn compat_calls_go_through_the_32_bit_entry() {
    let run = run(&["syscalls", "--start-after-stdin", "compat=9", "compat-chdir=2"], "").unwrap();
    let truth = run.truth().unwrap();
    assert_eq!(truth["calls"], json!({"compat getpid": 9, "compat chdir": 2}));
    assert_eq!(truth["errors"], json!({"compat chdir": 2}));
    // strace decodes by the entry: by the 64-bit numbers these would be writev and brk.
    let seen = run.counts(&[number(truth, "/pid").unwrap()]);
    assert_eq!((seen.get("getpid"), seen.get("chdir")), (Some(&9), Some(&2)));
    assert_eq!((seen.get("writev"), seen.get("brk")), (None, None));
}

#[test]
fn a_futex_wait_lasts_as_long_as_stated() {
    let output = Command::new(WORKLOADS).args(["syscalls", "futex-wait=5:10ms"]).output().unwrap();
    let truth: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(number(&truth, "/futex_wait_ns/count").unwrap(), 5);
    let shortest = number(&truth, "/futex_wait_ns/min").unwrap();
    assert!(shortest >= 10_000_000, "{truth}");
    assert!(number(&truth, "/futex_wait_ns/total").unwrap() >= 5 * shortest, "{truth}");
    assert!(number(&truth, "/voluntary").unwrap() >= 5, "{truth}");
}

#[test]
fn each_thread_does_all_the_steps_and_nothing_is_added_by_having_threads() {
    let options = ["--start-after-stdin", "--hold", "--threads", "4"];
    let run = run(&arguments(&options, "brk-query=3 mmap=2 madvise=1 futex-wake=5"), "").unwrap();
    assert!(run.status.success());
    let truth = run.truth().unwrap();
    let calls = json!({"brk query": 12, "mmap": 8, "munmap": 8, "madvise": 4, "futex": 20});
    assert_eq!(truth["calls"], calls);
    let mut tids = numbers(truth, "/tids");
    assert_eq!(tids.len(), 4);
    let each = counts(&[("brk", 3), ("mmap", 2), ("munmap", 2), ("madvise", 1), ("futex", 5)]);
    for tid in &tids {
        let before_end: Counts = run.stated(&[*tid, number(truth, "/pid").unwrap()]);
        assert_eq!(before_end, each, "of thread {tid} with the first thread");
    }
    tids.push(number(truth, "/pid").unwrap());
    let all = counts(&[("brk", 12), ("mmap", 8), ("munmap", 8), ("madvise", 4), ("futex", 20)]);
    assert_eq!(run.stated(&tids), all);
}

#[test]
fn each_process_does_all_the_steps_and_tells_its_own_truth() {
    let options = ["--start-after-stdin", "--procs", "3", "--repeat", "20"];
    let run = run(&arguments(&options, "brk-grow=2 brk-shrink=2 mmap=1"), "\n").unwrap();
    assert!(run.status.success());
    let mut children = numbers(&run.lines[0], "/children");
    let mut told = Vec::new();
    for truth in run.truths() {
        let calls = json!({"brk grow": 40, "brk shrink": 40, "mmap": 20, "munmap": 20});
        assert_eq!(truth["calls"], calls);
        let pid = number(truth, "/pid").unwrap();
        assert_eq!(run.stated(&[pid]), counts(&[("brk", 80), ("mmap", 20), ("munmap", 20)]));
        told.push(pid);
    }
    children.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, children);
    assert_eq!(told.len(), 3);
}

#[test]
fn nothing_begins_before_a_line_and_nothing_ends_before_the_end_of_input() -> Result<()> {
    let mut workload = Command::new(WORKLOADS)
        .args(["syscalls", "--start-after-stdin", "--hold", "brk-query=1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = workload.stdin.take().context("no input")?;
    let mut lines = BufReader::new(workload.stdout.take().context("no output")?).lines();
    let mut next = || -> Result<Value> {
        Ok(serde_json::from_str(&lines.next().context("no further line")??)?)
    };
    assert_eq!(next()?, json!({"ready": true, "pid": workload.id()}));
    sleep(Duration::from_millis(50));
    let asleep_in = std::fs::read_to_string(format!("/proc/{}/syscall", workload.id()))?;
    assert!(asleep_in.starts_with("0 0x0 "), "is not reading standard input: {asleep_in}");
    stdin.write_all(b"begin\n")?;
    assert_eq!(next()?["calls"], json!({"brk query": 1}));
    sleep(Duration::from_millis(50));
    assert!(workload.try_wait()?.is_none(), "ended although it was to hold");
    drop(stdin);
    assert!(workload.wait()?.success());
    Ok(())
}

#[test]
fn wrong_steps_are_refused_with_a_reason() {
    let refused = |arguments: &[&str]| {
        let output = Command::new(WORKLOADS).arg("syscalls").args(arguments).output().unwrap();
        assert!(output.stdout.is_empty());
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, message) = refused(&["brk=1"]);
    assert_eq!(code, Some(2));
    assert!(message.contains("there is no step 'brk'; there are brk-grow"), "{message}");
    let (code, message) = refused(&["brk-shrink=1"]);
    assert_eq!(code, Some(1));
    assert!(message.starts_with("workloads: brk-shrink=1 would cut into the heap"), "{message}");
    let (code, message) = refused(&["--threads", "2", "brk-grow=1"]);
    assert_eq!(code, Some(1));
    assert!(message.contains("use --procs"), "{message}");
    assert_eq!(refused(&[]).0, Some(2));
}

#[test]
fn a_reader_who_has_gone_is_no_failure() {
    let mut workload = Command::new(WORKLOADS)
        .args(["syscalls", "--start-after-stdin", "getppid=1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(workload.stdout.take().unwrap());
    output.read_line(&mut String::new()).unwrap();
    drop(output);
    drop(workload.stdin.take());
    let mut message = String::new();
    workload.stderr.take().unwrap().read_to_string(&mut message).unwrap();
    assert_eq!((workload.wait().unwrap().code(), message.as_str()), (Some(0), ""));
}
