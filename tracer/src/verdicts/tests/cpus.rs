//! Threads and the CPUs there are for them.

use super::*;
use crate::report::{Group, Throttling};

/// A pool of threads on two CPUs, whose user time is spent in this function of this library.
fn pool(pid: u32, threads: u64, function: Option<&str>, library: &str) -> Group {
    let wait_ms = (threads * 10_000).saturating_sub(20_000);
    process(pid, threads).runs(function, library, 20_000).waits_for_a_cpu(wait_ms)
}

const OPENBLAS: &str = "libscipy_openblas64_-6bb31eeb.so";

#[test]
fn more_threads_than_cpus_that_spin_are_named_with_the_number_to_have() {
    let verdict = only(&report(vec![pool(7, 16, Some("blas_thread_server"), OPENBLAS)]));
    assert_eq!(
        (verdict.name.as_ref(), verdict.strength),
        ("oversubscribed-spin", Strength::Strong)
    );
    assert!(verdict.what.starts_with("16 threads share 2 CPUs"), "{}", verdict.what);
    assert!(
        verdict.evidence[0].starts_with(
            "16.0 threads want to run at once (16 of one process), \
         on 2 CPUs; 2 CPUs used"
        ),
        "{:?}",
        verdict.evidence
    );
    assert!(
        verdict.evidence[1]
            .contains("100 % of the time in user mode is spent in blas_thread_server")
    );
    assert!(verdict.remedy.contains("OPENBLAS_NUM_THREADS=2 "), "{}", verdict.remedy);
}

#[test]
fn several_pools_divide_the_cpus_between_them() {
    let pools = [7, 8].map(|pid| {
        process(pid, 4).runs(None, "libgomp-a34b3233.so.1.0.0", 10_000).waits_for_a_cpu(30_000)
    });
    let verdict = only(&report(pools.to_vec()));
    assert_eq!(verdict.name, "oversubscribed-spin");
    assert!(verdict.remedy.contains("OMP_NUM_THREADS=1 "), "{}", verdict.remedy);
}

#[test]
fn threads_that_compute_are_too_many_without_being_in_each_others_way() {
    assert_eq!(names(&report(vec![pool(7, 16, Some("dgemm_kernel"), OPENBLAS)])), [""; 0]);
    let half = |ms| {
        process(7, 16)
            .runs(Some("inner_thread"), OPENBLAS, ms)
            .computes(20_000 - ms)
            .waits_for_a_cpu(140_000)
    };
    assert_eq!(names(&report(vec![half(3_000)])), ["oversubscribed-spin"], "15 % of it waits");
    assert_eq!(names(&report(vec![half(2_990)])), [""; 0]);
}

#[test]
fn without_symbols_it_cannot_be_told_whether_they_wait() {
    let it = cannot_tell(&report(vec![pool(7, 16, None, "stripped")]));
    assert_eq!(it.name.as_deref(), Some("oversubscribed-spin"));
    assert!(it.missing.contains("without symbols"), "{it:?}");
    let mut few = pool(7, 16, Some("blas_thread_server"), OPENBLAS);
    if let Some(samples) = &mut few.samples {
        (samples.user, samples.count) = (29, 29);
        samples.top_user[0].count = 29;
    }
    let it = cannot_tell(&report(vec![few]));
    assert!(it.missing.contains("so few CPU samples"), "{it:?}");
}

#[test]
fn what_others_take_of_the_cpus_makes_no_crowd() {
    // Two threads that want two CPUs, and have half of one, as on a machine with much to do.
    let held_up =
        process(7, 2).runs(Some("blas_thread_server"), OPENBLAS, 5_000).waits_for_a_cpu(15_000);
    assert_eq!(names(&report(vec![held_up])), [""; 0]);
    // Four processes of one thread only take turns.
    let each = |pid| process(pid, 1).runs(Some("spin_wait"), "a", 5_000).waits_for_a_cpu(5_000);
    assert_eq!(names(&report((1..5).map(each).collect())), [""; 0]);
}

#[test]
fn a_crowd_begins_beyond_five_threads_for_four_cpus() {
    let crowd =
        |waits_ms| process(7, 3).runs(Some("spin_wait"), "a", 20_000).waits_for_a_cpu(waits_ms);
    assert_eq!(names(&report(vec![crowd(5_010)])), ["oversubscribed-spin"]);
    assert_eq!(names(&report(vec![crowd(5_000)])), [""; 0]);
}

/// A pool that yields so often.
fn yielding(threads: u64, yields: u64, in_yield_ms: u64) -> Group {
    let waits = (threads * 10_000).saturating_sub(20_000);
    process(7, threads)
        .computes(20_000 - in_yield_ms)
        .calls("sched_yield", yields, in_yield_ms, None)
        .waits_for_a_cpu(waits)
}

#[test]
fn threads_that_yield_are_a_crowd_or_a_pool_without_work() {
    let crowd = only(&report(vec![yielding(16, 1_200_000, 8_000)]));
    assert_eq!((crowd.name.as_ref(), crowd.strength), ("oversubscribed-yield", Strength::Strong));
    assert!(crowd.evidence[1].contains("sched_yield 120,000/s"), "{:?}", crowd.evidence);
    let idle = only(&report(vec![yielding(2, 5_000_000, 5_000)]));
    assert_eq!((idle.name.as_ref(), idle.strength), ("spinning-pool", Strength::Clear));
}

#[test]
fn yields_in_a_crowd_count_from_two_thousand_for_each_second_on_a_cpu() {
    assert_eq!(names(&report(vec![yielding(16, 40_000, 1_000)])), ["oversubscribed-yield"]);
    assert_eq!(names(&report(vec![yielding(16, 39_999, 1_000)])), [""; 0]);
}

#[test]
fn a_spinning_pool_begins_at_20_percent_and_twenty_thousand_for_each_second() {
    assert_eq!(names(&report(vec![yielding(2, 5_000_000, 4_000)])), ["spinning-pool"]);
    assert_eq!(names(&report(vec![yielding(2, 5_000_000, 3_990)])), [""; 0]);
    assert_eq!(names(&report(vec![yielding(2, 400_000, 4_000)])), ["spinning-pool"]);
    assert_eq!(names(&report(vec![yielding(2, 399_999, 4_000)])), [""; 0]);
}

#[test]
fn yields_while_others_hold_the_cpus_cannot_be_told_from_waiting() {
    let held_up = |waits_ms| yielding(2, 5_000_000, 4_000).waits_for_a_cpu(waits_ms);
    let it = cannot_tell(&report(vec![held_up(4_001)]));
    assert_eq!(it.name.as_deref(), Some("spinning-pool"));
    assert!(it.missing.contains("others take the CPUs"), "{it:?}");
    assert_eq!(names(&report(vec![held_up(4_000)])), ["spinning-pool"]);
}

/// The pool under a quota of half a CPU, throttled in so many of 100 periods.
fn throttled(threads: u64, throttled_periods: u64, throttled_ms: u64) -> Report {
    let mut group = process(7, threads).runs(Some("spin_wait"), "a", 5_000);
    group.budget.throttled_ns = Some(throttled_ms * MS);
    let mut report = report(vec![group]);
    report.cpus.quota = Some(0.5);
    report.throttling = Some(Throttling {
        cgroup: "/sys/fs/cgroup/job".to_owned(),
        periods: 100,
        throttled_periods,
        throttled_ns: 40_000 * MS,
    });
    report
}

#[test]
fn a_quota_that_is_used_up_is_the_cause_of_the_crowd_too() {
    let verdict = only(&throttled(16, 97, 150_000));
    assert_eq!((verdict.name.as_ref(), verdict.strength), ("cpu-quota", Strength::Strong));
    assert!(verdict.evidence[0].starts_with("throttled in 97 of 100 periods"));
    assert!(verdict.remedy.contains("OPENBLAS_NUM_THREADS=1 "), "{}", verdict.remedy);
    let one = only(&throttled(1, 97, 5_000));
    assert!(one.remedy.starts_with("raise the quota to 1 CPU or more"), "{}", one.remedy);
}

#[test]
fn a_quota_matters_from_a_tenth_of_the_periods_and_five_percent_of_the_time() {
    assert_eq!(names(&throttled(1, 10, 300)), ["cpu-quota"]);
    assert_eq!(names(&throttled(1, 9, 300)), [""; 0]);
    assert_eq!(names(&throttled(1, 10, 250)), [""; 0]);
    let mut unmarked = throttled(1, 10, 250);
    unmarked.total.budget.throttled_ns = None;
    assert_eq!(names(&unmarked), ["cpu-quota"], "then all that the group stood still for counts");
}

#[test]
fn a_quota_that_cannot_be_seen_is_not_guessed() {
    let hidden = Blind { calls: Vec::new(), quota: true };
    let unmarked = |on_cpu_ms, waits_ms| {
        let mut group = process(7, 2).computes(on_cpu_ms).waits_for_a_cpu(waits_ms);
        group.budget.throttled_ns = None;
        report(vec![group])
    };
    let held_up = unmarked(15_000, 5_000);
    let diagnosis = diagnose(&held_up, &hidden);
    assert_eq!(diagnosis.verdicts, []);
    assert_eq!(diagnosis.cannot_tell[0].name.as_deref(), Some("cpu-quota"));
    assert_eq!(diagnose(&unmarked(19_000, 1_000), &hidden), Diagnosis::default());
    // Where the kernel marks such waits, there were none.
    let marked = report(vec![process(7, 2).computes(15_000).waits_for_a_cpu(5_000)]);
    assert_eq!(diagnose(&marked, &hidden), Diagnosis::default());
}

#[test]
fn a_quota_whose_group_is_not_known_shows_by_its_marks() {
    let mut group = process(7, 8).runs(Some("spin_wait"), "a", 10_000);
    group.budget.throttled_ns = Some(70_000 * MS);
    let verdict = only(&report(vec![group]));
    assert_eq!((verdict.name.as_ref(), verdict.strength), ("cpu-quota", Strength::Strong));
    assert!(verdict.evidence[2].starts_with("1 CPU used"), "{:?}", verdict.evidence);
    assert!(verdict.remedy.contains("OPENBLAS_NUM_THREADS=1 "), "{}", verdict.remedy);
}
