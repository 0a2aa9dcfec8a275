//! A sweep, against what the programs that it ran say of themselves.

use std::{fs, path::Path};

use serde_json::Value;
use tests::{Report, programs, report::number, run};

/// Turns of each worker.
const TURNS: u64 = 80;

/// What the workers of a run say: turns, time on a CPU, and the span from the first start to the last
/// end.
fn truths(dir: &Path, procs: u64) -> (u64, u64, u64) {
    let file = dir.join(format!("NUM_PROCS={procs}.out"));
    let text = fs::read_to_string(file).expect("what the workers said");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a truth")).collect();
    assert_eq!(lines.len() as u64, procs, "{text}");
    let sum = |of: &dyn Fn(&Value) -> u64| lines.iter().map(of).sum::<u64>();
    let edge = |name| lines.iter().map(move |line| number(line, name));
    (
        sum(&|line| number(line, "iterations")),
        sum(&|line| number(&line["schedstat"], "on_cpu_ns")),
        edge("end_ns").fold(0, u64::max) - edge("start_ns").fold(u64::MAX, u64::min),
    )
}

#[test]
fn throughput_is_what_the_workers_say_that_they_did_in_the_time_they_took() {
    let dir = tempfile::tempdir().unwrap();
    let mut tracer = programs::tracer();
    tracer.args(["sweep", "--set", "NUM_PROCS=1,2", "-o"]).arg(dir.path());
    tracer.arg("--").arg(programs::workloads().get_program());
    let finished = run(tracer.args(["brk-loop", "--iterations", &TURNS.to_string()])).expect(0);
    assert!(finished.stdout.contains("A unit of work is one iteration, as the program reports"));
    for procs in [1, 2] {
        let (turns, on_cpu_ns, span_ns) = truths(dir.path(), procs);
        assert_eq!(turns, procs * TURNS);
        let mut show = programs::tracer();
        show.args(["report", "--format", "json"]);
        show.arg(dir.path().join(format!("NUM_PROCS={procs}.json.zst")));
        let report = Report::parse(&run(&mut show).expect(0).stdout);
        let window_ns = number(&report.0, "window_ns");
        assert!(window_ns >= span_ns, "{window_ns} is shorter than {span_ns}");

        let row = finished
            .stdout
            .lines()
            .find(|line| line.split_whitespace().next() == Some(&procs.to_string()));
        let cells: Vec<&str> =
            row.unwrap_or_else(|| panic!("{finished}")).split_whitespace().collect();
        let cell = |index: usize| cells[index].replace(',', "").parse::<f64>().unwrap();
        assert_eq!(cells[1], "1", "runs: {finished}");
        // Three digits are shown.
        let throughput = turns as f64 / (window_ns as f64 / 1e9);
        let shown = throughput * 0.994..throughput * 1.006;
        assert!(shown.contains(&cell(2)), "{throughput}: {finished}");
        let busy = on_cpu_ns as f64 / window_ns as f64;
        assert!((busy - 0.02..=procs as f64 + 0.1).contains(&cell(4)), "{busy}: {finished}");
    }
    assert!(finished.stdout.contains("no law can be fitted to fewer than 4 values: here are 2"));
}
