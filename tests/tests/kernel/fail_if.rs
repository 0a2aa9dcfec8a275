//! Conditions, against calls of which the program knows how many there are and how long they last.

use tests::{Finished, programs, run};

/// Five waits of 20 ms, and 20 calls that are over at once.
const STEPS: [&str; 3] = ["syscalls", "futex-wait=5:20ms", "madvise=20"];

fn tracing(condition: &str) -> Finished {
    let mut tracer = programs::tracer();
    tracer.args(["--fail-if", condition, "--"]).arg(programs::workloads().get_program());
    run(tracer.args(STEPS))
}

#[test]
fn conditions_hold_of_what_the_program_did_and_of_nothing_else() {
    let hold = [
        "calls(futex) == 5 and calls(madvise) == 20 and lost == 0",
        "p50(futex) >= 19ms and mean(futex) >= 20ms and total(futex) >= 100ms",
        "blocked(futex) >= 90ms and blocked(futex) <= 100%",
        "max(madvise) < 1s and runnable_running < 2.1 and errors(futex) == 5",
        "calls(futex) != 5 or calls(futex) < 50/s",
    ];
    for condition in hold {
        let finished = tracing(condition).expect(3).complains_of(condition);
        assert!(finished.stdout.contains("\"futex\":5"), "{finished}");
    }
    let do_not =
        ["calls(futex) != 5 or calls(madvise) > 20", "max(futex) < 20ms", "p99(madvise) > 9s"];
    for condition in do_not {
        let _finished = tracing(condition).expect(0);
    }
}

#[test]
fn a_verdict_holds_of_the_program_that_earns_it_and_not_of_its_twin() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("run");
    let churn = |twin: &[&str], condition: &str| {
        let mut tracer = programs::tracer();
        tracer.arg("-o").arg(&file).args(["--fail-if", condition, "--"]);
        tracer.arg(programs::workloads().get_program());
        run(tracer.args(["brk-loop", "--procs", "1", "--seconds", "0.8"]).args(twin))
    };
    let finished = churn(&[], "verdict(heap-churn)").expect(3);
    let _held = finished.complains_of("verdict(heap-churn) was given: heap-churn (strong)");
    let recorded = |condition: &str| {
        run(programs::tracer().arg("report").arg(&file).args(["--fail-if", condition]))
    };
    let _held = recorded("verdict(any)").expect(3);
    let _not = recorded("verdict(mmap-lock)").expect(0);
    let _not = churn(&["--healthy"], "verdict(heap-churn)").expect(0);
}
