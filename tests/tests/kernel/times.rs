//! Times are those that passed, and their parts say where.

use tests::{
    Tracing, Workload,
    account::{row, time},
    report::number,
};

const MILLISECOND: u64 = 1_000_000;

#[test]
fn a_wait_of_ten_milliseconds_lasts_ten_and_is_spent_blocked() {
    let mut workload = Workload::waiting("syscalls futex-wait=100:10ms --hold");
    let tracing = Tracing::of(workload.pid(), "");
    let truth = workload.work();
    let report = tracing.stop();
    let futex = row(report.process(workload.pid()), "futex");
    let median = number(&futex["wall_ns"], "p50");
    assert!(median >= 10 * MILLISECOND, "{median} ns: {futex:#}");
    // Without waiting for a CPU, whatever else the machine has to do.
    let asleep = number(&futex["blocked_ns"], "p50");
    assert!((9 * MILLISECOND..11 * MILLISECOND).contains(&asleep), "{asleep} ns: {futex:#}");
    let (wall, blocked) = (time(futex, "wall_ns"), time(futex, "blocked_ns"));
    assert!(blocked * 100 >= wall * 80, "blocked {blocked} ns of {wall} ns: {futex:#}");
    // The program's clock was read right before and right after each wait.
    let own = &truth.0["futex_wait_ns"];
    assert_eq!(number(futex, "calls"), number(own, "count"));
    let own_total = number(own, "total");
    assert!(wall <= own_total, "{wall} ns, but {own_total} ns by the program's clock");
    assert!(wall * 100 >= own_total * 95, "{wall} ns, but {own_total} ns by the program's clock");
    assert!(number(&futex["wall_ns"], "max") <= number(own, "max"), "{futex:#}");
}

#[test]
fn a_short_call_is_not_shown_longer_than_the_program_took_for_it() {
    let mut workload = Workload::waiting("syscalls brk-query=20000 --hold");
    let tracing = Tracing::of(workload.pid(), "");
    let truth = workload.work();
    let report = tracing.stop();
    let brk = row(report.process(workload.pid()), "brk query");
    assert!(time(brk, "wall_ns") <= truth.number("wall_ns"), "{brk:#}");
    assert_eq!(time(brk, "blocked_ns"), 0, "asking for the break never sleeps: {brk:#}");
}

#[test]
fn waiting_for_a_busy_cpu_is_shown_as_runnable() {
    let mut spinner = Workload::waiting_on_cpu(0, "syscalls spin=20s");
    spinner.go();
    let mut workload = Workload::waiting_on_cpu(0, "syscalls sched-yield=300 --hold");
    let tracing = Tracing::of(workload.pid(), "");
    let truth = workload.work();
    let report = tracing.stop();
    let yields = row(report.process(workload.pid()), "sched_yield");
    let runnable = time(yields, "runnable_ns");
    // It uses next to no CPU time of its own, so it is hardly ever made to wait but by yielding.
    let waited = number(&truth.0["schedstat"], "wait_ns");
    assert!(waited >= 100 * MILLISECOND, "the spinner was not in its way: {truth:?}");
    let within = waited * 80 / 100..=waited * 110 / 100;
    assert!(within.contains(&runnable), "{runnable} ns, but {waited} ns by schedstat: {yields:#}");
    assert_eq!(time(yields, "blocked_ns"), 0, "{yields:#}");
}

#[test]
fn a_call_preempted_by_a_spinner_is_not_shown_as_blocked() {
    let mut spinner = Workload::waiting_on_cpu(0, "syscalls spin=20s");
    spinner.go();
    let steps = "mmap=1 --repeat 100000";
    let mut workload = Workload::waiting_on_cpu(0, &format!("syscalls {steps} --hold"));
    let tracing = Tracing::of(workload.pid(), "");
    let truth = workload.work();
    let report = tracing.stop();
    let process = report.process(workload.pid());
    let of_both = |part| time(row(process, "mmap"), part) + time(row(process, "munmap"), part);
    let waited = number(&truth.0["schedstat"], "wait_ns");
    let on_cpu = number(&truth.0["schedstat"], "on_cpu_ns");
    assert!(waited >= 20 * MILLISECOND, "the spinner was not in its way: {truth:?}");
    assert!(of_both("runnable_ns") * 100 <= waited * 110, "{waited} ns by schedstat: {report}");
    assert!(of_both("on_cpu_ns") * 100 <= on_cpu * 115, "{on_cpu} ns by schedstat: {report}");
    let blocked = of_both("blocked_ns");
    assert!(blocked * 100 <= of_both("wall_ns"), "{blocked} ns blocked: {report}");
}

#[test]
fn two_threads_that_wake_each_other_wait_as_long_as_they_say() {
    let mut workload = Workload::waiting("scene ping-pong --iterations 2000");
    let tracing = Tracing::of(workload.pid(), "--threads");
    let truth = workload.work();
    let report = tracing.finish();
    let players: Vec<_> = workload
        .tids()
        .iter()
        .map(|&tid| {
            let mut accounts = report.processes().iter();
            let account = accounts.find(|account| account["tid"] == tid);
            row(account.expect("each player has an account"), "futex")
        })
        .collect();
    let sum = |figure| players.iter().map(|futex| number(futex, figure)).sum::<u64>();
    let errors = truth.errors().get("futex").copied().unwrap_or(0);
    // At its end a thread may have to wait for the lock of what both share, and to wake the other.
    let calls = truth.calls()["futex"];
    assert!((calls..=calls + 4).contains(&sum("calls")), "{calls}: {report}");
    assert_eq!(sum("errors"), errors, "{report}");
    let blocked: u64 = players.iter().map(|futex| time(futex, "blocked_ns")).sum();
    let waited = number(&truth.0["futex_wait_ns"], "total");
    assert!(blocked <= waited, "{blocked} ns blocked, but {waited} ns by the program's clock");
}

#[test]
fn the_moments_of_calls_are_as_far_apart_as_the_program_made_them() {
    let calls = "syscalls sched-yield=20 spin=200ms futex-wake=20 spin=100ms futex-wake=20 --hold";
    let mut workload = Workload::waiting(calls);
    let tracing = Tracing::of(workload.pid(), "");
    let truth = workload.work();
    let report = tracing.stop();
    let process = report.process(workload.pid());
    let [yields, wakes] = ["sched_yield", "futex"].map(|name| {
        let row = row(process, name);
        (number(row, "mean_at_ns"), number(row, "last_ns"))
    });
    let wall = truth.number("wall_ns");
    for (what, apart, least) in [
        ("the last of each", wakes.1 - yields.1, 300),
        ("each on average", wakes.0 - yields.0, 250),
        ("the last wake and the average one", wakes.1 - wakes.0, 50),
    ] {
        let within = least * MILLISECOND..=wall;
        assert!(within.contains(&apart), "{what}: {apart} ns, of {wall} ns: {process:#}");
    }
}
