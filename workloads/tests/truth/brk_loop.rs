//! `workloads brk-loop`.

use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::strace::{self, number};

/// `brk-loop` with what a developer has set (`NUM_PROCS`, `MALLOC_…`) out of the way.
fn brk_loop(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workloads"));
    command.env_clear().arg("brk-loop").args(arguments);
    command
}

fn truths(output: &Output) -> Result<Vec<Value>> {
    let text = std::str::from_utf8(&output.stdout)?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

fn observed(truth: &Value, name: &str) -> Result<i64> {
    number(truth, &format!("/brk_observed/{name}"))
}

/// Upward and downward moves among successive breaks, and by how much.
fn moves(breaks: &[i64]) -> [i64; 4] {
    let mut moves = [0; 4];
    for pair in breaks.windows(2) {
        let by = pair[1] - pair[0];
        match by {
            1.. => moves = [moves[0] + 1, moves[1], moves[2] + by, moves[3]],
            0 => {}
            ..0 => moves = [moves[0], moves[1] + 1, moves[2], moves[3] - by],
        }
    }
    moves
}

#[test]
fn the_worker_observes_exactly_the_brk_calls_that_strace_sees() {
    let run = |iterations| {
        let arguments = ["brk-loop", "--procs", "1", "--iterations", iterations];
        let run = strace::run(&arguments, "").unwrap();
        let truth = run.truth().unwrap().clone();
        let seen = moves(&run.breaks(number(&truth, "/pid").unwrap()).unwrap());
        let observed = ["grow", "shrink", "bytes_grown", "bytes_shrunk"]
            .map(|name| observed(&truth, name).unwrap());
        (seen, observed)
    };
    // What happens before the first turn is the same whatever the number of turns.
    let (start_up, none) = run("0");
    assert_eq!(none, [0; 4]);
    let (seen, observed) = run("4");
    assert!(observed[0] >= 12 && observed[1] >= 6, "{observed:?}");
    assert_eq!([0, 1, 2, 3].map(|at| seen[at] - start_up[at]), observed);
}

#[test]
fn a_turn_grows_the_heap_four_times_and_trims_it_twice_by_8_mib() {
    let run = |iterations| {
        let output = brk_loop(&["--procs", "1", "--iterations", iterations]).output().unwrap();
        assert!(output.status.success());
        truths(&output).unwrap().remove(0)
    };
    let (few, many) = (run("3"), run("13"));
    let ten_turns = |name| observed(&many, name).unwrap() - observed(&few, name).unwrap();
    assert_eq!(number(&many, "/iterations").unwrap(), 13);
    assert_eq!((ten_turns("grow"), ten_turns("shrink")), (40, 20));
    // 2 arrays of 1,032 × 512 reals and 2 of 1,032 × 257 complex numbers, in whole pages.
    assert_eq!(ten_turns("bytes_grown"), 10 * 2 * (0x40_8000 + 0x40_c000));
    assert_eq!(ten_turns("bytes_shrunk"), ten_turns("bytes_grown"));
    let faults = (number(&many, "/minflt").unwrap() - number(&few, "/minflt").unwrap()) / 10;
    assert!((3_900..4_300).contains(&faults), "{faults} faults a turn; are huge pages 'always'?");
}

#[test]
fn malloc_that_keeps_room_moves_the_break_in_no_turn() {
    let run = |iterations| {
        let arguments = ["brk-loop", "--procs", "1", "--healthy", "--iterations", iterations];
        let run = strace::run(&arguments, "").unwrap();
        let truth = run.truth().unwrap().clone();
        let calls = run.stated(&[number(&truth, "/pid").unwrap()]);
        (truth, calls)
    };
    let ((_, start_up), (truth, calls)) = (run("0"), run("6"));
    assert_eq!(number(&truth, "/iterations").unwrap(), 6);
    for name in ["grow", "shrink", "bytes_grown", "bytes_shrunk"] {
        assert_eq!(observed(&truth, name).unwrap(), 0, "{truth}");
    }
    assert_eq!(calls, start_up);
    // The first turns touch the heap; from then on there is nothing left to touch.
    let faults = number(&truth, "/minflt").unwrap();
    assert!(faults < 6 * 4_072 / 2, "{faults} faults in 6 turns");
}

#[test]
fn each_worker_is_a_process_and_tells_its_truth() {
    let output = brk_loop(&["--iterations", "2"]).env("NUM_PROCS", "3").output().unwrap();
    assert!(output.status.success());
    let truths = truths(&output).unwrap();
    let mut pids: Vec<_> = truths.iter().map(|truth| number(truth, "/pid").unwrap()).collect();
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), 3);
    for truth in &truths {
        let of = |path| number(truth, path).unwrap();
        assert_eq!(of("/wall_ns"), of("/end_ns") - of("/start_ns"));
        // The kernel scales utime and stime to the time on a CPU, in whole microseconds.
        let on_cpu = of("/schedstat/on_cpu_ns");
        let difference = (of("/utime_ns") + of("/stime_ns") - on_cpu).abs();
        assert!(difference < on_cpu / 50, "{truth}");
        let accounted = on_cpu + of("/schedstat/wait_ns");
        let wall = of("/wall_ns");
        assert!(accounted > wall / 2 && accounted < wall + wall / 50, "{truth}");
    }
}

#[test]
fn seconds_end_a_worker() {
    let output = brk_loop(&["--procs", "1", "--seconds", "0.3"]).output().unwrap();
    let wall = number(&truths(&output).unwrap()[0], "/wall_ns").unwrap();
    assert!((300_000_000..2_000_000_000).contains(&wall), "{wall}");
}

/// Starts two workers and waits until both run.
fn start_two() -> Result<(Child, Vec<i32>)> {
    let parent =
        brk_loop(&["--procs", "2"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let pid = parent.id();
    for _ in 0..500 {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        let children: Vec<i32> = children.split(' ').filter_map(|pid| pid.parse().ok()).collect();
        let is_worker = |child: &i32| {
            fs::read(format!("/proc/{child}/cmdline"))
                .is_ok_and(|line| line.split(|byte| *byte == 0).any(|word| word == b"worker"))
        };
        if children.len() == 2 && children.iter().all(is_worker) {
            return Ok((parent, children));
        }
        sleep(Duration::from_millis(10));
    }
    anyhow::bail!("no two workers after 5 s")
}

fn signal(pid: u32, signal: Signal) -> Result<()> {
    kill(Pid::from_raw(i32::try_from(pid)?), signal).context("cannot send a signal")
}

#[test]
fn a_signal_to_the_parent_ends_the_workers_who_still_tell_their_truth() {
    for sent in [Signal::SIGTERM, Signal::SIGINT] {
        let (parent, _) = start_two().unwrap();
        signal(parent.id(), sent).unwrap();
        let output = parent.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(truths(&output).unwrap().len(), 2);
    }
}

#[test]
fn a_worker_that_dies_makes_the_parent_fail_after_the_others() {
    let (parent, workers) = start_two().unwrap();
    kill(Pid::from_raw(workers[0]), Signal::SIGKILL).unwrap();
    kill(Pid::from_raw(workers[1]), Signal::SIGTERM).unwrap();
    let output = parent.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(truths(&output).unwrap().len(), 1);
    let message = String::from_utf8(output.stderr).unwrap();
    let expected = format!("workloads: worker {} failed: signal: 9 (SIGKILL)\n", workers[0]);
    assert_eq!(message, expected);
}
