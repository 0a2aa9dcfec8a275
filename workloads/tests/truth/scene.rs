//! `workloads scene`.

use std::os::unix::process::ExitStatusExt;

use anyhow::Result;
use serde_json::json;

use crate::strace::{Run, number, numbers, run};

fn scene(arguments: &[&str]) -> Result<Run> {
    run(&[&["scene"], arguments].concat(), "\n")
}

#[test]
fn spinning_threads_make_no_call_but_those_that_measure_and_report() {
    let run = scene(&["threads-spin", "--threads", "8", "--seconds", "0.2", "--start-after-stdin"])
        .unwrap();
    let truth = run.truth().unwrap();
    let mut threads = numbers(truth, "/tids");
    assert_eq!(threads.len(), 8);
    assert_eq!(truth["calls"], json!({}));
    threads.push(number(truth, "/pid").unwrap());
    // fcntl: unoptimised code checks a file descriptor before it closes it.
    let measuring =
        ["clock_gettime", "getrusage", "openat", "read", "fcntl", "close", "gettid", "write"];
    let seen = run.counts(&threads);
    for name in seen.keys() {
        assert!(measuring.contains(&name.as_str()), "a spinning thread called {name}");
    }
    // Two readings of the accounts in each thread, one before the spinning and one after it.
    assert_eq!(seen.get("getrusage"), Some(&16));
    assert!(number(truth, "/wall_ns").unwrap() >= 200_000_000, "{truth}");
}

#[test]
fn every_process_of_a_fork_tree_makes_its_calls_and_no_more() {
    for first in [&["--fork-first"][..], &[]] {
        let tree = ["fork-tree", "--depth", "2", "--width", "2", "--calls", "7"];
        let run = scene(&[&tree[..], &["--start-after-stdin"], first].concat()).unwrap();
        assert!(run.status.success());
        let truths = run.truths();
        let mut depths: Vec<_> =
            truths.iter().map(|truth| number(truth, "/depth").unwrap()).collect();
        depths.sort_unstable();
        assert_eq!(depths, [0, 1, 1, 2, 2, 2, 2]);
        for truth in &truths {
            assert_eq!(truth["calls"], json!({"brk query": 7}));
            let pid = number(truth, "/pid").unwrap();
            assert_eq!(run.counts(&[pid]).get("brk"), Some(&7), "of {truth}");
            for child in numbers(truth, "/children") {
                let child = truths.iter().find(|other| other["pid"] == child).unwrap();
                assert_eq!(child["ppid"], truth["pid"]);
            }
        }
        let announced = numbers(&run.lines[0], "/children").len();
        assert_eq!(announced, if first.is_empty() { 0 } else { 6 });
    }
}

#[test]
fn every_short_lived_child_makes_its_calls() {
    let run = scene(&["short-lived", "--count", "20", "--calls", "3"]).unwrap();
    let truth = run.truth().unwrap();
    let children = numbers(truth, "/children");
    assert_eq!(children.len(), 20);
    assert_eq!(number(truth, "/calls_total").unwrap(), 60);
    for child in children {
        assert_eq!(run.counts(&[child]).get("brk"), Some(&3), "of child {child}");
    }
}

#[test]
fn a_thread_other_than_the_leader_executes_a_new_program_under_the_same_pid() {
    let arguments = ["exec-thread", "--calls-before", "4", "--calls", "6"];
    let run = scene(&[&arguments[..], &["--start-after-stdin"]].concat()).unwrap();
    assert!(run.status.success());
    let [before, after] = run.truths()[..] else { panic!("not two truths: {:?}", run.lines) };
    assert_eq!(before["calls"], json!({"brk query": 4}));
    assert_eq!(after["calls"], json!({"brk query": 6}));
    assert_eq!(before["pid"], after["pid"]);
    let (pid, tid) = (number(before, "/pid").unwrap(), number(before, "/tid").unwrap());
    assert_ne!(pid, tid);
    assert_eq!(run.counts(&[tid]).get("brk"), Some(&4));
    assert_eq!(run.mentions(pid, &format!("superseded by execve in pid {tid}")), 1);
}

#[test]
fn a_stopped_call_counts_once_and_is_resumed_once_for_each_stop() {
    for call in ["nanosleep", "futex"] {
        let run = scene(&["restart", "--seconds", "0.6", "--call", call]).unwrap();
        assert!(run.status.success());
        let [child, parent] = run.truths()[..] else { panic!("not two truths: {:?}", run.lines) };
        let pid = number(child, "/pid").unwrap();
        let stops = number(parent, "/stops").unwrap();
        assert!(stops >= 3, "{parent}");
        assert_eq!(number(parent, "/child").unwrap(), pid);
        assert_eq!(child["calls"], json!({call: 1}));
        let seen = run.counts(&[pid]);
        assert_eq!(seen.get(call), Some(&1));
        assert_eq!(seen.get("restart_syscall").copied(), u64::try_from(stops).ok());
    }
}

#[test]
fn a_read_cut_off_by_a_handler_is_one_call_or_as_many_as_sa_restart_says() {
    for (option, restarts) in [("--handler", true), ("--eintr", false)] {
        let run = scene(&["restart", "--seconds", "0.5", option]).unwrap();
        assert!(run.status.success());
        let [child, parent] = run.truths()[..] else { panic!("not two truths: {:?}", run.lines) };
        let pid = number(child, "/pid").unwrap();
        let signals = number(parent, "/signals").unwrap();
        assert!(signals >= 3, "{parent}");
        assert_eq!(number(child, "/handler_runs").unwrap(), signals);
        let (calls, errors) = if restarts {
            (json!({"read": 1}), json!({}))
        } else {
            (json!({"read": signals + 1}), json!({"read": signals}))
        };
        assert_eq!((&child["calls"], &child["errors"]), (&calls, &errors));
        assert_eq!(run.mentions(pid, "--- SIGUSR1"), usize::try_from(signals).unwrap());
        let interrupted = usize::try_from(signals).unwrap();
        assert_eq!(run.mentions(pid, "ERESTARTSYS"), interrupted);
        let eintr = if restarts { 0 } else { interrupted };
        assert_eq!(run.mentions(pid, "= -1 EINTR"), eintr);
    }
}

#[test]
fn threads_are_cut_off_in_their_calls_by_the_end_of_the_process() {
    for (option, signal) in [(None, None), (Some("--sigkill"), Some(9))] {
        let arguments = ["killed-in-call", "--threads", "3", "--seconds", "0.1"];
        let run = scene(&[&arguments[..], option.as_slice()].concat()).unwrap();
        assert_eq!(run.status.signal(), signal);
        let truth = run.truth().unwrap();
        assert_eq!(truth["ended_by_exit"], json!({"futex": 3}));
        for tid in numbers(truth, "/tids") {
            assert_eq!(run.counts(&[tid]).get("futex"), Some(&1));
            assert_eq!(run.mentions(tid, "futex resumed>) = 0"), 0);
        }
    }
}

#[test]
fn the_calls_after_a_long_one_are_counted() {
    let run = scene(&["mid-call", "--seconds", "0.2", "--calls", "9"]).unwrap();
    let truth = run.truth().unwrap();
    assert_eq!(truth["calls"], json!({"futex": 1, "brk query": 9}));
    assert_eq!(truth["errors"], json!({"futex": 1}));
    assert!(number(truth, "/futex_wait_ns/min").unwrap() >= 200_000_000);
    assert_eq!(run.counts(&[number(truth, "/pid").unwrap()]).get("futex"), Some(&1));
}

#[test]
fn players_of_ping_pong_count_their_waits_and_wakes() {
    let run = scene(&["ping-pong", "--iterations", "50", "--start-after-stdin"]).unwrap();
    let truth = run.truth().unwrap();
    let calls = number(truth, "/calls/futex").unwrap();
    // Nobody has waited if each turn had come already when it was looked for.
    let waits = truth["futex_wait_ns"]["count"].as_i64().unwrap_or(0);
    assert_eq!(calls - waits, 100, "each thread wakes the other once a turn");
    let mut tids = numbers(truth, "/tids");
    tids.push(number(truth, "/pid").unwrap());
    assert_eq!(run.stated(&tids).get("futex").copied(), u64::try_from(calls).ok());
}
