//! What two reports show together.

use super::*;
use crate::report::Report;

/// A run that did as many units on so many processes, with this much user and kernel time for each
/// 1,000 units.
fn run(processes: u32, user_ms: u64, kernel_ms: u64) -> Report {
    let of = |n| process(n, 1).computes(user_ms).calls("brk grow", 6_000, kernel_ms, None);
    report((1..=processes).map(of).collect())
}

fn work(base: u64, new: u64) -> Option<Work<'static>> {
    Some(Work { unit: "iteration", base, new })
}

#[test]
fn user_time_that_grows_alone_while_more_runs_points_at_memory() {
    let (base, new) = (run(1, 5_000, 100), run(2, 8_000, 100));
    let Finding::Verdict(verdict) = compare(&base, &new, work(1_000, 2_000)) else {
        panic!("{:?}", compare(&base, &new, work(1_000, 2_000)))
    };
    assert_eq!((verdict.name.as_ref(), verdict.strength), ("memory-bandwidth", Strength::Weak));
    assert!(verdict.evidence[0].contains("grew from 5.00 ms to 8.00 ms"), "{:?}", verdict.evidence);
}

#[test]
fn it_grows_from_a_fifth_on_and_from_a_half_on_it_is_no_noise() {
    let new = |ms| compare(&run(1, 5_000, 100), &run(2, ms, 100), work(1_000, 2_000));
    assert!(matches!(new(7_500), Finding::Verdict(_)));
    assert!(matches!(new(7_490), Finding::CannotTell(missing) if missing.contains("lower clocks")));
    assert!(matches!(new(6_000), Finding::CannotTell(_)));
    assert_eq!(new(5_990), Finding::Nothing);
}

#[test]
fn if_the_kernels_time_grows_too_that_is_another_cause() {
    let new =
        |kernel_ms| compare(&run(1, 5_000, 1_000), &run(2, 8_000, kernel_ms), work(1_000, 2_000));
    assert!(matches!(new(1_750), Finding::Verdict(_)), "a quarter of the growth");
    assert_eq!(new(1_800), Finding::Nothing);
}

#[test]
fn whoever_waits_for_the_workers_says_nothing_of_the_work_and_a_worker_that_sleeps_does() {
    let beside = |on_cpu_ms: u64, mut run: Report| {
        let other = process(99, 1).computes(on_cpu_ms).sleeps_in("read", 9_000);
        run.processes.push(other);
        let mut with = report(run.processes);
        with.total.budget.user_ns = run.total.budget.user_ns;
        with
    };
    let found = |on_cpu_ms| {
        let runs = [run(1, 5_000, 100), run(2, 8_000, 100)].map(|run| beside(on_cpu_ms, run));
        // Half the units for each second: as much sleep is twice as much for a unit.
        compare(&runs[0], &runs[1], work(1_000, 500))
    };
    assert!(matches!(found(100), Finding::Verdict(_)), "{:?}", found(100));
    assert_eq!(found(900), Finding::Nothing);
}

#[test]
fn without_more_cpus_or_a_unit_or_enough_of_it_nothing_can_be_told() {
    let tell = |new: &Report, work| match compare(&run(1, 5_000, 100), new, work) {
        Finding::CannotTell(missing) => missing,
        other => panic!("{other:?}"),
    };
    let mut alone = run(1, 8_000, 100);
    alone.concurrency.busy_cpus = run(1, 5_000, 100).concurrency.busy_cpus;
    assert!(tell(&alone, work(1_000, 1_000)).contains("hardware counters would tell"));
    assert!(tell(&run(2, 8_000, 100), None).contains("--per"));
    assert!(tell(&run(2, 8_000, 100), work(1_000, 9)).contains("too few"));
    let mut unknown = run(2, 8_000, 100);
    unknown.total.budget.user_ns = None;
    assert!(tell(&unknown, work(1_000, 2_000)).contains("user time is unknown"));
}
