//! Reports of intervals, and of the whole that they make up.

use std::time::Duration;

use tests::{
    Report, Tracing, Workload,
    account::{rows, time},
    report::number,
};

/// Which interval a report is of.
fn index(report: &Report) -> u64 {
    number(&report.0["interval"], "index")
}

/// Waits until an interval is over that began after this call.
fn wait_for_a_whole_interval(tracing: &mut Tracing) {
    let last = tracing.intervals().last().map_or(0, index);
    tracing.wait_for_interval("two more intervals are over", |report| {
        (index(report) == last + 2).then_some(())
    });
}

#[test]
fn the_intervals_sum_up_to_the_whole() {
    let steps = "brk-query=10 brk-fail=2 mmap=3 futex-wait=1:20ms --repeat 110";
    let mut workload = Workload::waiting(&format!("syscalls {steps} --hold"));
    let mut tracing = Tracing::of(workload.pid(), "-i 1");
    let truth = workload.work();
    wait_for_a_whole_interval(&mut tracing);
    let (intervals, whole) = tracing.stop_intervals();
    assert!(intervals.len() >= 4, "{} intervals", intervals.len());
    for (call, calls) in truth.calls() {
        assert_eq!(whole.total(&call, "calls"), calls, "{call}: {whole}");
        let sum: u64 = intervals.iter().map(|report| report.total(&call, "calls")).sum();
        assert_eq!(sum, calls, "{call}");
        let errors: u64 = intervals.iter().map(|report| report.total(&call, "errors")).sum();
        assert_eq!(errors, whole.total(&call, "errors"), "{call}");
    }
    for row in rows(&whole.0["total"]) {
        for part in ["wall_ns", "on_cpu_ns", "runnable_ns", "blocked_ns"] {
            let of_this = intervals
                .iter()
                .flat_map(|report| rows(&report.0["total"]))
                .filter(|of| of["name"] == row["name"]);
            assert_eq!(of_this.map(|of| time(of, part)).sum::<u64>(), time(row, part), "{row:#}");
        }
    }
}

#[test]
fn intervals_follow_each_other_without_a_gap_about_as_long_as_asked_for() {
    let workload = Workload::waiting("syscalls brk-query=1 --hold");
    let mut tracing = Tracing::of(workload.pid(), "-i 1");
    tracing.wait_for_interval("three intervals", |report| (index(report) == 3).then_some(()));
    let (intervals, whole) = tracing.stop_intervals();
    let mut end_ns = 0;
    let last = intervals.len() as u64;
    for (n, report) in (1..).zip(&intervals) {
        assert_eq!(index(report), n);
        assert_eq!(number(&report.0["interval"], "start_ns"), end_ns, "{report}");
        let window = Duration::from_nanos(number(&report.0, "window_ns"));
        let about = Duration::from_millis(900)..Duration::from_millis(1500);
        assert!(n == last || about.contains(&window), "interval {n} is {window:?} long");
        end_ns += number(&report.0, "window_ns");
    }
    // The last is the one that the end cut short.
    assert_eq!(end_ns, number(&whole.0, "window_ns"), "{whole}");
    assert!(whole.0.get("interval").is_none());
}

#[test]
fn a_call_longer_than_intervals_is_in_flight_at_their_edges_and_completed_once() {
    let mut workload = Workload::waiting("syscalls futex-wait=1:2500ms --hold");
    let mut tracing = Tracing::of(workload.pid(), "-i 1");
    let truth = workload.work();
    wait_for_a_whole_interval(&mut tracing);
    let (intervals, whole) = tracing.stop_intervals();
    let of = |figure| intervals.iter().map(|report| report.total("futex", figure)).collect();
    let (open, calls): (Vec<u64>, Vec<u64>) = (of("in_flight"), of("calls"));
    let ended = calls.iter().position(|&calls| calls == 1).expect("it ended in an interval");
    assert_eq!(calls.iter().sum::<u64>(), 1, "{calls:?}");
    // It began before the first edge, and at every edge up to its end it was open.
    assert!(ended >= 2, "{calls:?}");
    let expected: Vec<_> = (0..intervals.len()).map(|n| u64::from(n < ended)).collect();
    assert_eq!(open, expected, "it ended in interval {ended}");
    let elapsed = |n: usize| {
        number(tests::account::row(&intervals[n].0["total"], "futex"), "in_flight_longest_ns")
    };
    assert!(elapsed(0) < elapsed(1), "{} {}", elapsed(0), elapsed(1));
    let wall = time(tests::account::row(&whole.0["total"], "futex"), "wall_ns");
    assert!(wall <= number(&truth.0["futex_wait_ns"], "total"), "{whole}");
    assert!(wall >= 2_500_000_000, "{whole}");
    assert_eq!(whole.total("futex", "calls"), 1);
    assert_eq!(whole.trust("in_flight"), 0);
}
