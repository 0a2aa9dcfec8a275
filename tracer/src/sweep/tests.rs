//! From runs to points.

use super::{
    grid::{Point, points, setting},
    measured::{Calls, Measured, Percentiles},
    results::{Done, Summary, Sweep},
    work::Unit,
};

/// A run of two seconds.
fn run(n: &str, calls: u64, p50: Option<u64>) -> Done {
    let row = |name: &str, calls, p50| Calls {
        name: name.to_owned(),
        calls,
        total_ns: calls * 10,
        wall_ns: Percentiles { p50, p99: p50.map(|ns| ns * 9) },
    };
    Done {
        point: Point(vec![("N".to_owned(), n.to_owned())]),
        file: format!("out/N={n}.json.zst"),
        measured: Measured {
            window_ns: 2_000_000_000,
            calls: vec![row("brk grow", calls, p50), row("brk shrink", 1, None)],
            busy_cpus: 1.5,
            ..Measured::default()
        },
    }
}

fn summaries(per: Unit, done: &[Done]) -> Vec<Summary> {
    Sweep::of(Vec::new(), vec![setting("N=2,1,4").unwrap()], per, done, Vec::new(), 0).points
}

#[test]
fn a_point_has_the_medians_of_its_runs_in_the_order_of_the_values() {
    let done = [
        run("1", 100, Some(30)),
        run("2", 400, None),
        run("1", 300, None),
        run("1", 120, Some(10)),
    ];
    let points = summaries(Unit::Call("brk grow".to_owned()), &done);
    assert_eq!(
        points.iter().map(|point| point.set.to_string()).collect::<Vec<_>>(),
        ["N=2", "N=1"]
    );
    let [two, one] = &points[..] else { panic!("{points:?}") };
    assert_eq!((two.throughput, one.throughput), (Some(200.0), Some(60.0)));
    let throughputs: Vec<_> = one.runs.iter().filter_map(|run| run.throughput).collect();
    assert_eq!(throughputs, [50.0, 150.0, 60.0]);
    // Of what only two runs know, the lower of the two.
    assert_eq!(one.syscalls[0].wall_ns, Percentiles { p50: Some(10), p99: Some(90) });
    assert_eq!(two.syscalls[0].wall_ns, Percentiles::default());
    assert_eq!((one.runnable_share, one.busy_cpus), (None, 1.5));
}

#[test]
fn a_unit_of_work_is_a_call_or_what_the_program_reports() {
    let mut run = run("1", 100, None).measured;
    assert_eq!(Unit::named("brk").done(&run), Some(101));
    assert_eq!(Unit::named("brk shrink").done(&run), Some(1));
    assert_eq!(Unit::named("br").done(&run), Some(0));
    assert_eq!(Unit::named("calls").done(&run), Some(101));
    assert_eq!(Unit::named("iterations").done(&run), None);
    let silent = run.clone();
    run.iterations = Some(7);
    assert_eq!(Unit::named("iterations").done(&run), Some(7));
    assert_eq!(Unit::proposed([&run].into_iter()), Unit::Iterations);
    assert_eq!(Unit::proposed([&run, &silent].into_iter()), Unit::AnyCall);
}

#[test]
fn throughput_that_is_not_known_is_null_and_no_law_is_made_of_it() {
    let mut empty = run("2", 10, None);
    empty.measured.window_ns = 0;
    let points = summaries(Unit::AnyCall, &[empty]);
    assert_eq!((points[0].throughput, points[0].runs[0].units), (None, Some(11)));
    let points = summaries(Unit::Iterations, &[run("1", 10, None)]);
    assert_eq!(points[0].throughput, None);
    assert!(serde_json::to_value(&points[0]).unwrap()["throughput"].is_null());
}

#[test]
fn json_names_values_by_their_variables() {
    let settings = [setting("N=1,2").unwrap(), setting("MODE=fast").unwrap()];
    let json = serde_json::to_value(&points(&settings)[1]).unwrap();
    assert_eq!(json, serde_json::json!({ "N": "2", "MODE": "fast" }));
}
