//! `tracer sweep`: runs, the files they leave, and the exit status.

use std::{fs, path::Path, process::Command};

use nix::sys::signal::Signal;
use serde_json::Value;
use tests::{Report, Running, run, tracer};

/// A sweep of a shell script into a folder, without samples, which these scripts are too short for.
fn sweep(dir: &Path, options: &str, script: &str) -> Command {
    let mut command = tracer();
    command.args(["sweep", "--sample-hz", "0", "-o"]).arg(dir);
    command.args(options.split_ascii_whitespace()).args(["--", "sh", "-c", script]);
    command
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn each_value_leaves_a_recording_that_is_named_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("new/out");
    let options = "--set N=1,2 --set MODE=a --repeat 2 --warm-up 1 --format json";
    let finished = run(&mut sweep(&out, options, "echo $N$MODE")).expect(0);
    let ending = |repeat: u8, ending| format!("MODE=a.{repeat}.{ending}");
    let expected: Vec<_> = [1, 2]
        .iter()
        .flat_map(|n| [1, 2].map(|repeat| (n, repeat)))
        .flat_map(|(n, repeat)| {
            ["json.zst", "out"].map(|last| format!("N={n},{}", ending(repeat, last)))
        })
        .collect();
    assert_eq!(names(&out), expected, "{finished}");
    assert_eq!(fs::read_to_string(out.join("N=2,MODE=a.1.out")).unwrap(), "2a\n");
    let json: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(json["points"].as_array().unwrap().len(), 2);
    assert_eq!(json["points"][1]["set"], serde_json::json!({ "N": "2", "MODE": "a" }));
    assert_eq!(json["points"][1]["runs"].as_array().unwrap().len(), 2);
    assert_eq!(json["per"], "calls");
    let why = json["laws"][0]["no_law"].as_str().unwrap();
    assert!(why.contains("fewer than 4 values"), "{why}");
    let file = json["points"][0]["runs"][1]["file"].as_str().unwrap();
    let report = run(tracer().args(["report", "--format", "json", file])).expect(0).stdout;
    assert_eq!(Report::parse(&report).0["command"][2], "echo $N$MODE");
}

#[test]
fn a_run_that_fails_is_named_and_left_out_and_the_others_are_made() {
    let dir = tempfile::tempdir().unwrap();
    let script = "if [ $N = 2 ]; then echo no more >&2; exit 9; fi";
    let finished = run(&mut sweep(dir.path(), "--set N=1,2,3", script)).expect(1);
    assert!(finished.stdout.contains("failed and left out: N=2, run 1: exit status 9: `no more`"));
    let rows = finished.stdout.lines().filter(|line| line.starts_with("N=")).count();
    assert_eq!(rows, 3, "a heading and two lines of bars: {finished}");
}

#[test]
fn what_cannot_run_at_all_ends_the_sweep_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = tracer();
    command.args(["sweep", "--set", "N=1..1000", "-o"]).arg(dir.path());
    let finished = run(command.args(["--", "no-such-command"])).expect(1);
    let _finished =
        finished.complains_of("N=1 could not be traced: `command not found: `no-such-command`");
}

#[test]
fn recordings_that_are_there_are_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("N=2.json.zst"), "dear").unwrap();
    run(&mut sweep(dir.path(), "--set N=1,2", "true")).expect(1).complains_of("is there already");
    assert_eq!(names(dir.path()), ["N=2.json.zst"]);
}

#[test]
fn ctrl_c_keeps_what_is_done_and_leaves_nothing_running() {
    let dir = tempfile::tempdir().unwrap();
    let pid_file = dir.path().join("N=2.out");
    let script = "[ $N = 1 ] || { echo $$; exec sleep 60; }";
    let mut running = Running::start(&mut sweep(dir.path(), "--set N=1,2,3", script));
    let pid = tests::wait_until("the second run is under way", || {
        let text = fs::read_to_string(&pid_file).ok()?;
        text.ends_with('\n').then(|| text.trim().to_owned())
    });
    running.signal(Signal::SIGINT);
    let finished = running.finish().expect(130);
    assert!(finished.stdout.contains("interrupted: 2 runs were not made"), "{finished}");
    assert_eq!(names(dir.path()), ["N=1.json.zst"]);
    assert!(!Path::new("/proc").join(pid).exists(), "{finished}");
}

#[test]
fn mistakes_are_status_2_before_anything_runs() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let cases = [
        ("", "--set <NAME=VALUES>"),
        ("--set N", "such as NUM_PROCS=1,2,4"),
        ("--set N=1,1", "is there twice"),
        ("--set N=1 --set N=2", "--set names N twice"),
        ("--set N=1..200 --set M=1..200", "more than 10000 runs"),
        ("--set N=1 --repeat 0", "0 is not in"),
        ("--set N=1 --per bkr", "did you mean `brk`?"),
        ("--set N=1 --per read", "ask for it with `-e read`"),
        ("--set N=1 -e bkr", "did you mean `brk`?"),
        ("--set N=1 -d 0", "such as 10s"),
    ];
    for (options, hint) in cases {
        run(&mut sweep(&out, options, "true")).expect(2).complains_of(hint);
        assert!(!out.exists(), "{options}");
    }
}
