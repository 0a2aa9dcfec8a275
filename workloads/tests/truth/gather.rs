//! `workloads gather`.

use anyhow::Result;
use serde_json::{Value, json};

use crate::strace::{Event, Run, number, run};

/// Tasks given out in a run: 4 rounds of 3 workers.
const TASKS: usize = 12;

fn gather(options: &[&str]) -> Result<Run> {
    run(&[&["gather", "--procs", "3", "--iterations", "4"], options].concat(), "")
}

fn of_role<'a>(role: &str, run: &'a Run) -> Vec<&'a Value> {
    run.truths().into_iter().filter(|truth| truth["role"] == role).collect()
}

/// In which order the dispatcher wrote (`w`) and read (`r`), from its first task on.
fn order(run: &Run, pid: i64) -> String {
    let mine = run.events.iter().filter(|event| event.tid == pid);
    let first_task = |event: &&Event| event.enters("write") && event.text.contains(", 8");
    let letter = |event: &Event| match event.entered.as_deref() {
        Some("write") => Some('w'),
        Some("read") => Some('r'),
        _ => None,
    };
    mine.skip_while(|event| !first_task(event)).filter_map(letter).take(TASKS * 2).collect()
}

#[test]
fn every_worker_does_every_round_and_all_count_their_reads_and_writes() {
    for option in ["--serial", "--healthy"] {
        let run = gather(&[option, "--steps", "1000"]).unwrap();
        assert!(run.status.success());
        let [dispatcher] = of_role("dispatcher", &run)[..] else { panic!("{:?}", run.lines) };
        assert_eq!(dispatcher["iterations"], 4);
        assert_eq!(dispatcher["calls"], json!({"read": 12, "write": 12}));
        let workers = of_role("worker", &run);
        assert_eq!(workers.len(), 3);
        for worker in workers {
            assert_eq!(worker["iterations"], 4);
            // The last read finds the end of the tasks.
            assert_eq!(worker["calls"], json!({"read": 5, "write": 4}));
            let seen = run.counts(&[number(worker, "/pid").unwrap()]);
            // Besides, the accounts are read at both ends.
            assert_eq!((seen["read"], seen["write"]), (5 + 2, 4), "{worker}");
        }
    }
}

#[test]
fn the_serial_one_waits_for_each_answer_and_the_twin_asks_all_first() {
    for (options, expected) in [
        (&["--steps", "1000"][..], "wrwrwr".repeat(4)),
        (&["--steps", "1000", "--serial"], "wrwrwr".repeat(4)),
        (&["--steps", "1000", "--healthy"], "wwwrrr".repeat(4)),
    ] {
        let run = gather(options).unwrap();
        let [dispatcher] = of_role("dispatcher", &run)[..] else { panic!("{:?}", run.lines) };
        assert_eq!(order(&run, number(dispatcher, "/pid").unwrap()), expected, "{options:?}");
    }
}
