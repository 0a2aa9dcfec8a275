//! `workloads interpreter-lock`.

use anyhow::Result;
use serde_json::{Value, json};

use crate::strace::{Counts, Run, number, numbers, run};

/// A run, its truth, and what strace saw of its threads between the ready line and the truth.
fn fight(options: &[&str]) -> Result<(Run, Value, Counts)> {
    let run = run(&[&["interpreter-lock", "--start-after-stdin"], options].concat(), "\n")?;
    let truth = run.truth()?.clone();
    let mut tids = numbers(&truth, "/tids");
    tids.push(number(&truth, "/pid")?);
    let seen = run.stated(&tids);
    Ok((run, truth, seen))
}

/// How many calls of the working threads ended with `error`.
fn ended_with(error: &str, run: &Run, truth: &Value) -> usize {
    numbers(truth, "/tids").iter().map(|tid| run.mentions(*tid, error)).sum()
}

fn futex(truth: &Value, name: &str) -> Result<usize> {
    Ok(usize::try_from(number(truth, &format!("/futex/{name}"))?)?)
}

/// Checks that strace saw the `futex` calls that the truth tells of, by their ends, and no other
/// call.
fn compare((run, truth, seen): &(Run, Value, Counts)) -> Result<()> {
    let calls = u64::try_from(number(truth, "/calls/futex")?)?;
    assert_eq!(seen, &Counts::from([("futex".to_owned(), calls)]));
    assert_eq!(futex(truth, "eagain")?, ended_with("EAGAIN", run, truth));
    assert_eq!(futex(truth, "timed_out")?, ended_with("ETIMEDOUT", run, truth));
    let waits = futex(truth, "woken")? + futex(truth, "eagain")? + futex(truth, "timed_out")?;
    assert_eq!(futex(truth, "waits")?, waits);
    assert_eq!(truth["futex"]["waits"], truth["futex_wait_ns"]["count"]);
    assert_eq!(truth["calls"]["futex"], waits + futex(truth, "wakes")?);
    Ok(())
}

#[test]
fn python_2_threads_count_their_waits_and_wakes_by_their_ends() {
    let fight = fight(&["--style", "python2", "--threads", "3", "--seconds", "0.3"]).unwrap();
    compare(&fight).unwrap();
    let truth = &fight.1;
    assert_eq!((&truth["style"], futex(truth, "timed_out").unwrap()), (&json!("python2"), 0));
    assert!(futex(truth, "wakes").unwrap() > 0, "{truth}");
}

#[test]
fn python_3_threads_wait_for_5_ms_and_then_ask() {
    let fight = fight(&["--style", "python3", "--threads", "3", "--seconds", "0.3"]).unwrap();
    compare(&fight).unwrap();
    let truth = &fight.1;
    assert!(futex(truth, "timed_out").unwrap() >= 5, "{truth}");
    assert!(number(truth, "/futex_wait_ns/max").unwrap() >= 5_000_000, "{truth}");
}

#[test]
fn threads_of_a_task_pool_count_every_sched_yield_and_task() {
    let (_, truth, seen) =
        fight(&["--style", "pool", "--threads", "3", "--iterations", "20"]).unwrap();
    let yields = u64::try_from(number(&truth, "/calls/sched_yield").unwrap()).unwrap();
    assert_eq!(seen, Counts::from([("sched_yield".to_owned(), yields)]));
    assert_eq!(number(&truth, "/iterations").unwrap(), 20);
    assert_eq!(number(&truth, "/tasks").unwrap(), 20 * 3 * 4);
}

#[test]
fn one_thread_never_waits() {
    for style in ["python2", "python3", "pool"] {
        let options = ["--style", style, "--threads", "8", "--healthy", "--iterations", "50"];
        let (_, truth, seen) = fight(&options).unwrap();
        assert_eq!((&truth["threads"], &truth["calls"]), (&json!(1), &json!({})), "{style}");
        assert_eq!(number(&truth, "/iterations").unwrap(), 50);
        assert_eq!(seen, Counts::new(), "{style}");
    }
}
