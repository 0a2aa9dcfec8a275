//! `workloads shm-sum`.

use anyhow::Result;
use serde_json::{Value, json};

use crate::strace::{Run, number, numbers, run};

/// Of an array of 1 MiB: 128 times 0 + 1 + … + 1023.
const SUM: f64 = 128.0 * 523_776.0;

fn sum(options: &[&str]) -> Result<Run> {
    run(&[&["shm-sum", "--mib", "1"], options].concat(), "")
}

fn of_role<'a>(role: &str, run: &'a Run) -> Vec<&'a Value> {
    run.truths().into_iter().filter(|truth| truth["role"] == role).collect()
}

#[test]
fn every_worker_of_every_round_sums_its_part_and_is_a_process_of_its_own() {
    for start in ["fork", "exec"] {
        let options = ["--procs", "3", "--passes", "4", "--iterations", "2", "--modules", "5"];
        let run = sum(&[&options[..], &["--start", start]].concat()).unwrap();
        assert!(run.status.success());
        let [parent] = of_role("parent", &run)[..] else { panic!("{:?}", run.lines) };
        assert_eq!((&parent["iterations"], &parent["workers"]), (&json!(2), &json!(6)));
        assert_eq!((&parent["sum"], &parent["passes"]), (&json!(SUM), &json!(4)));
        let workers = of_role("worker", &run);
        let sums = workers.iter().filter_map(|worker| worker["sum"].as_f64());
        assert!((sums.sum::<f64>() - 2.0 * SUM).abs() < 0.5, "{workers:?}");
        let mut pids: Vec<_> = workers.iter().map(|one| number(one, "/pid").unwrap()).collect();
        let mut children = numbers(parent, "/children");
        pids.sort_unstable();
        children.sort_unstable();
        assert_eq!(pids, children);
        assert_eq!(pids.len(), 6);
        for (worker, pid) in workers.iter().zip(&pids) {
            assert_eq!(worker["iterations"], 4);
            let executed = usize::from(start == "exec");
            assert_eq!(run.mentions(*pid, "execve("), executed, "{start} {worker}");
        }
    }
}

#[test]
fn an_executed_worker_maps_the_objects_of_each_module() {
    let maps = |modules| {
        let run = sum(&["--procs", "1", "--iterations", "1", "--modules", modules]).unwrap();
        let [worker] = of_role("worker", &run)[..] else { panic!("{:?}", run.lines) };
        let seen = run.counts(&[number(worker, "/pid").unwrap()]);
        (["mmap", "openat"].map(|call| seen[call]), number(worker, "/start_up_cpu_ns").unwrap())
    };
    let ((few, cheap), (many, dear)) = (maps("2"), maps("42"));
    assert_eq!([many[0] - few[0], many[1] - few[1]], [40, 40]);
    assert!(dear > cheap, "42 modules took {dear} ns, and 2 took {cheap}");
}

#[test]
fn a_forked_worker_imports_nothing() {
    let run = sum(&["--procs", "1", "--iterations", "1", "--start", "fork"]).unwrap();
    let [worker] = of_role("worker", &run)[..] else { panic!("{:?}", run.lines) };
    let seen = run.stated(&[number(worker, "/pid").unwrap()]);
    assert_eq!(seen.get("mmap"), Some(&1), "the segment alone: {seen:?}");
}

#[test]
fn one_process_sums_all_of_it_without_workers() {
    let options = ["--healthy", "--procs", "8", "--passes", "2", "--iterations", "3"];
    let run = sum(&options).unwrap();
    let truth = run.truth().unwrap();
    assert_eq!((&truth["sum"], &truth["iterations"]), (&json!(SUM), &json!(3)));
    assert_eq!((&truth["workers"], &truth["children"]), (&json!(0), &json!([])));
    let clones = run.events.iter().filter(|event| event.enters("clone") || event.enters("clone3"));
    assert_eq!(clones.count(), 0);
}
