//! `workloads shared-columns`.

use serde_json::Value;

use crate::strace::{number, run};

#[test]
fn every_worker_adds_to_its_own_column_and_makes_no_call_for_it() {
    for layout in [&[][..], &["--healthy"]] {
        let calls = |iterations| {
            let options = ["shared-columns", "--procs", "3", "--iterations", iterations];
            let run = run(&[&options[..], layout].concat(), "").unwrap();
            assert!(run.status.success());
            let truths: Vec<Value> = run.truths().into_iter().cloned().collect();
            assert_eq!(truths.len(), 3);
            let turns: i64 = iterations.parse().unwrap();
            for truth in &truths {
                assert_eq!(number(truth, "/iterations").unwrap(), turns);
                // A column that another wrote to would sum up to something else.
                assert_eq!(number(truth, "/additions").unwrap(), turns << 20, "{truth}");
            }
            let counts = run.counts(&[number(&truths[0], "/pid").unwrap()]);
            counts.values().sum::<u64>()
        };
        assert_eq!(calls("7"), calls("1"), "{layout:?}");
    }
}
