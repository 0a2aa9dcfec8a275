//! Comparisons of real runs, of programs that count their own units of work.

use std::{
    path::{Path, PathBuf},
    thread::available_parallelism,
};

use serde_json::Value;
use tempfile::TempDir;
use tests::{run, tracer, workloads};

/// Units that each worker does.
const UNITS: u32 = 80;

/// Records so many workers.
fn recorded(dir: &TempDir, name: &str, workers: u32) -> PathBuf {
    let file = dir.path().join(name);
    let mut command = tracer();
    command.arg("-o").arg(&file).args(["--report", "/dev/null", "--"]);
    command.arg(workloads().get_program());
    command.args(["brk-loop", "--iterations", &UNITS.to_string()]);
    run(command.env("NUM_PROCS", workers.to_string())).expect(0);
    file
}

fn compared(base: &Path, new: &Path, options: &[&str]) -> Value {
    let mut command = tracer();
    command.args(["compare", "--format", "json"]).args(options).arg(base).arg(new);
    serde_json::from_str(&run(&mut command).expect(0).stdout).expect("JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn part<'a>(comparison: &'a Value, name: &str) -> &'a Value {
    let parts = comparison["parts"].as_array().expect("parts");
    parts.iter().find(|part| part["name"] == name).expect("a part of this name")
}

#[test]
fn more_workers_than_cpus_wait_and_that_explains_the_change() {
    let dir = tempfile::tempdir().expect("a directory");
    let cpus = available_parallelism().expect("the CPUs").get();
    let cpus = u32::try_from(cpus).expect("not that many");
    let (few, many) = (cpus.max(2), 5 * cpus);
    let (base, new) = (recorded(&dir, "few", few), recorded(&dir, "many", many));
    let comparison = compared(&base, &new, &[]);
    assert_eq!(
        (&comparison["per"], &comparison["per_from"]),
        (&"iteration".into(), &"reported".into())
    );
    for (side, workers) in [("base", few), ("new", many)] {
        assert_eq!(comparison[side]["workers"], workers, "{comparison:#}");
        assert_eq!(number(&comparison[side]["units"]), f64::from(workers * UNITS));
    }
    let change = number(&comparison["change_ns"]);
    let parts = comparison["parts"].as_array().expect("parts");
    let sum: f64 = parts.iter().map(|part| number(&part["change_ns"])).sum();
    assert!((sum - change).abs() <= 0.02 * change.abs(), "{sum} of {change}");
    // Five times as many as can run: of the time that a unit takes longer, most is waiting.
    assert_eq!(parts[0]["name"], "runnable", "{comparison:#}");
    assert!(number(&part(&comparison, "runnable")["change_ns"]) > 0.5 * change, "{comparison:#}");
    let guessed = compared(&base, &new, &["--per", "brk shrink"]);
    assert_eq!((&guessed["per"], &guessed["per_from"]), (&"brk shrink".into(), &"asked".into()));
}

/// Whether these runs are called different.
fn is_different(base: &Path, new: &Path) -> bool {
    compared(base, new, &[])["significant"].as_bool().expect("three workers have intervals")
}

#[test]
fn a_run_repeated_is_not_called_different() {
    let dir = tempfile::tempdir().expect("a directory");
    let runs = ["a", "b", "c", "d", "e"].map(|name| recorded(&dir, name, 3));
    let pairs = (0..5).flat_map(|b| (0..b).map(move |a| (a, b)));
    let different: Vec<_> = pairs.filter(|&(a, b)| is_different(&runs[a], &runs[b])).collect();
    // A host that takes its time for a while makes one run differ from all the others, and rightly so.
    let without = |run: usize| different.iter().filter(|&&(a, b)| a != run && b != run).count();
    let fewest = (0..5).map(without).min();
    assert!(fewest <= Some(1), "different: {different:?}");
}

#[test]
fn one_worker_beside_two_gives_no_interval() {
    let dir = tempfile::tempdir().expect("a directory");
    let (one, two) = (recorded(&dir, "one", 1), recorded(&dir, "two", 2));
    let comparison = compared(&one, &two, &[]);
    assert_eq!((comparison.get("low_ns"), &comparison["significant"]), (None, &Value::Null));
    let notes = comparison["notes"].to_string();
    assert!(notes.contains("has one worker"), "{notes}");
}

#[test]
fn one_worker_beside_many_shows_that_these_wait() {
    let dir = tempfile::tempdir().expect("a directory");
    let cpus = available_parallelism().expect("the CPUs").get();
    let many = u32::try_from(8 * cpus).expect("not that many");
    let (one, many) = (recorded(&dir, "one", 1), recorded(&dir, "many", many));
    let comparison = compared(&one, &many, &[]);
    let runnable = part(&comparison, "runnable");
    // Each waits for seven eighths of its time, or more where others take CPUs too.
    assert!(number(&runnable["low_ns"]) > 0.0, "{runnable:#}");
    assert!(number(&comparison["low_ns"]) > 0.0, "{comparison:#}");
    let notes = comparison["notes"].to_string();
    assert!(notes.contains("one` has one worker: how far"), "{notes}");
}
