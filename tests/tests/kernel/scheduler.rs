//! What the scheduler did besides the times: where it put threads, and who ended at an edge.

use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};
use tests::{
    Tracing, Workload,
    proc::{self, Scheduled},
    report::number,
    wait_until,
};

/// The CPUs that this test may use.
fn cpus() -> Vec<usize> {
    let allowed = sched_getaffinity(Pid::from_raw(0)).expect("its own affinity");
    (0..CpuSet::count()).filter(|cpu| allowed.is_set(*cpu).unwrap_or(false)).collect()
}

fn pin(pid: i32, cpu: usize) {
    let mut set = CpuSet::new();
    set.set(cpu).expect("a CPU of this machine");
    sched_setaffinity(Pid::from_raw(pid), &set).expect("root may pin whom it likes");
}

#[test]
fn migrations_are_those_that_the_scheduler_counts() {
    const HOPS: u64 = 100;
    let [one, other, ..] = cpus()[..] else {
        eprintln!("skipped: on a single CPU nothing migrates");
        return;
    };
    let mut spinner = Workload::waiting("syscalls spin=20s");
    pin(spinner.pid(), one);
    spinner.go();
    let tracing = Tracing::of(spinner.pid(), "");
    let before = proc::migrations(spinner.pid());
    for hop in 0..HOPS {
        pin(spinner.pid(), if hop.is_multiple_of(2) { other } else { one });
        let ran = || Scheduled::of(&[spinner.pid()]).on_cpu_ns;
        let before = ran();
        wait_until("it runs there", || (ran() > before).then_some(()));
    }
    let after = proc::migrations(spinner.pid());
    let report = tracing.stop();
    let migrations = number(&report.process(spinner.pid())["sched"], "migrations");
    let counted = after.zip(before).map_or(HOPS, |(after, before)| after - before);
    assert_eq!(counted, HOPS, "pinned as it is, it goes where it is told to alone");
    assert_eq!(migrations, HOPS, "{report}");
}

#[test]
fn processes_that_end_about_the_edges_of_intervals_are_in_one_of_them_each() {
    const CHILDREN: u64 = 1_000;
    let mut workload = Workload::waiting(&format!("scene short-lived --count {CHILDREN}"));
    let tracing = Tracing::of(workload.pid(), "-i 50ms");
    let truth = workload.work();
    let _ended = workload.finish();
    let (intervals, whole) = tracing.stop_intervals();
    assert!(intervals.len() >= 3, "{} intervals", intervals.len());
    let ended = |report: &tests::Report| {
        let ends = report.processes().iter().filter(|it| it.get("exited_ns").is_some());
        ends.count() as u64
    };
    // And their parent.
    assert_eq!(ended(&whole), CHILDREN + 1, "{whole}");
    let thread_ns: u64 =
        intervals.iter().map(|report| number(&report.0["total"], "thread_ns")).sum();
    assert_eq!(thread_ns, number(&whole.0["total"], "thread_ns"));
    let calls: u64 = intervals.iter().map(|report| report.total("brk query", "calls")).sum();
    assert_eq!(calls, truth.number("calls_total"));
    assert_eq!(calls, whole.total("brk query", "calls"));
}
