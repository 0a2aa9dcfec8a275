//! CPU quotas of control groups that targets join and leave while they are traced.

use std::{thread, time::Duration};

use serde_json::Value;
use tests::{Report, Tracing, Workload, cgroup::ControlGroup, programs, report::number, tracing};

/// Longer than it takes until the next look, however long the window has been open.
const FOR_LONG: Duration = Duration::from_millis(1_500);
const FOR_A_WHILE: Duration = Duration::from_millis(250);

/// Traces a thread that spins, and moves it to other groups after a time in each. The report.
#[track_caller]
fn moved(stays: &[(&ControlGroup, Duration)]) -> Report {
    let mut spinner = Workload::waiting("syscalls spin=20s");
    let tracing = Tracing::of(spinner.pid(), "");
    spinner.go();
    for (group, stay) in stays {
        group.take(spinner.pid());
        thread::sleep(*stay);
    }
    let report = tracing.stop();
    drop(spinner);
    report
}

#[test]
fn a_program_that_limits_itself_is_shown_with_its_quota_and_what_that_did() {
    let favoured = ControlGroup::favoured();
    let workloads = programs::workloads();
    let program = workloads.get_program().to_str().unwrap();
    let command = [program, "oversubscribe", "--wait", "spin", "--quota", "1", "--seconds", "2"];
    let mut tracer = favoured.starting(&programs::tracer());
    let (report, finished) = tracing::trace_by(&mut tracer, "", &command);
    let truth: Value = serde_json::from_str(&finished.stdout).unwrap();
    let quota = &truth["throttling"];
    assert_eq!(report.0["cpus"]["quota"], quota["cpus"], "{report}");
    let throttling = &report.0["throttling"];
    let group = format!("/workloads-{}", truth["pid"]);
    assert!(throttling["cgroup"].as_str().unwrap().ends_with(&group), "{throttling:#}");
    // Seen from the first look to the last: up to a second may be missing at the end.
    let [periods, throttled] = ["periods", "throttled_periods"].map(|it| number(throttling, it));
    assert!(throttled <= number(quota, "throttled"), "{throttling:#} {quota:#}");
    assert!(periods <= number(quota, "periods") && periods >= 3, "{throttling:#} {quota:#}");
}

#[test]
fn a_quota_joined_late_counts_and_one_that_was_left_soon_does_not() {
    let (free, limited) = (ControlGroup::favoured(), ControlGroup::with_quota(0.5));
    let joined = moved(&[(&free, FOR_A_WHILE), (&limited, FOR_LONG)]);
    assert_eq!(joined.0["cpus"]["quota"], 0.5, "{joined}");
    let throttling = &joined.0["throttling"];
    assert_eq!(throttling["cgroup"], limited.path().to_str().unwrap(), "{joined}");
    let throttled = number(throttling, "throttled_periods");
    assert!((5..=17).contains(&throttled), "in at most 1.6 s: {throttling:#}");

    let left = moved(&[(&limited, FOR_A_WHILE), (&free, FOR_LONG)]);
    assert!(left.0["cpus"]["quota"].is_null(), "{left}");
    assert!(left.0["throttling"].is_null(), "{left}");
}

#[test]
fn of_two_groups_the_one_counts_whose_processes_used_the_cpus() {
    let (busy, idle) = (ControlGroup::with_quota(0.75), ControlGroup::with_quota(0.25));
    let mut spinner = Workload::waiting("syscalls spin=20s");
    let sleeper = Workload::waiting("syscalls spin=20s");
    let tracing = Tracing::of(spinner.pid(), &format!("-p {}", sleeper.pid()));
    busy.take(spinner.pid());
    idle.take(sleeper.pid());
    spinner.go();
    thread::sleep(FOR_LONG);
    let report = tracing.stop();
    drop((spinner, sleeper));
    assert_eq!(report.0["cpus"]["quota"], 0.75, "{report}");
    let notes = report.0["trust"]["notes"].to_string();
    assert!(notes.contains("under different CPU quotas"), "{notes}");
}
