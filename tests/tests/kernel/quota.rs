//! CPUs that targets may use: by quotas of control groups that they join and leave while they are traced,
//! and by their own choice.

use std::{fs, thread, time::Duration};

use serde_json::Value;
use tests::{Report, Tracing, Workload, cgroup::ControlGroup, programs, report::number, tracing};

/// Longer than it takes until the next look, however long the window has been open.
const FOR_LONG: Duration = Duration::from_millis(1_500);
const FOR_A_WHILE: Duration = Duration::from_millis(250);

/// Traces a thread that spins, and moves it to other groups after a time in each. The report.
#[track_caller]
fn moved(stays: [(&ControlGroup, Duration); 2]) -> Report {
    let mut spinner = Workload::waiting("syscalls spin=20s");
    let tracing = Tracing::of(spinner.pid(), "");
    spinner.go();
    for (group, stay) in stays {
        group.take(spinner.pid());
        thread::sleep(stay);
    }
    let report = tracing.stop();
    drop(spinner);
    report
}

#[test]
fn a_quota_is_reported_as_the_group_itself_counts_it() {
    let group = ControlGroup::with_quota(0.5);
    let mut spinner = Workload::waiting("syscalls spin=20s");
    group.take(spinner.pid());
    let before = cpu_stat(&group);
    let tracing = Tracing::of(spinner.pid(), "");
    let opened = cpu_stat(&group);
    spinner.go();
    thread::sleep(Duration::from_secs(3));
    let closing = cpu_stat(&group);
    let report = tracing.stop();
    let after = cpu_stat(&group);
    drop(spinner);

    let throttling = &report.0["throttling"];
    assert_eq!(throttling["cgroup"], group.path().to_str().unwrap(), "{report}");
    assert_eq!(report.0["cpus"]["quota"], 0.5, "{report}");
    for (field, name) in ["periods", "throttled_periods", "throttled_ns"].iter().enumerate() {
        let (shown, most) = (number(throttling, name), after[field] - before[field]);
        let least = closing[field] - opened[field];
        assert!(
            (least..=most).contains(&shown),
            "{name}: {shown}, not {least} to {most}: {report}"
        );
    }
    let ns = number(throttling, "throttled_ns");
    // Of a lone thread the kernel's mark on it tells the same.
    if let Some(marked) = report.process(number_of(&report))["budget"]["throttled_ns"].as_u64() {
        assert!(marked.abs_diff(ns) * 10 <= ns, "{marked} ns marked, but {ns} ns in cpu.stat");
    }
}

#[test]
fn a_program_that_binds_itself_to_a_cpu_is_shown_with_that_one() {
    let program = programs::workloads();
    let program = program.get_program().to_str().unwrap();
    let command = ["taskset", "-c", "0", program, "syscalls", "spin=400ms"];
    let (report, _) = tracing::trace_by(&mut programs::tracer(), "", &command);
    assert_eq!(report.0["cpus"]["allowed"], 1, "{report}");
}

#[test]
fn workers_bound_to_a_cpu_each_may_use_them_together() {
    let spinners = [0, 1].map(|cpu| Workload::waiting_on_cpu(cpu, "syscalls spin=20s"));
    let pids = spinners.each_ref().map(Workload::pid);
    let mut spinners = spinners;
    spinners.iter_mut().for_each(Workload::go);
    let tracing = Tracing::start(&format!("-p {},{}", pids[0], pids[1]));
    thread::sleep(Duration::from_secs(1));
    let report = tracing.stop();
    assert_eq!(report.0["cpus"]["allowed"], 2, "{report}");
    drop(spinners);
}

#[test]
fn without_a_quota_there_is_nothing_to_say_about_one() {
    let mut workload = Workload::waiting("syscalls spin=100ms --hold");
    let tracing = Tracing::of(workload.pid(), "");
    let _truth = workload.work();
    let report = tracing.stop();
    assert!(report.0["cpus"]["quota"].is_null(), "a quota on the tests themselves: {report}");
    assert!(report.0["throttling"].is_null(), "{report}");
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
    let quota = &truth["quota"];
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
    let joined = moved([(&free, FOR_A_WHILE), (&limited, FOR_LONG)]);
    assert_eq!(joined.0["cpus"]["quota"], 0.5, "{joined}");
    let throttling = &joined.0["throttling"];
    assert_eq!(throttling["cgroup"], limited.path().to_str().unwrap(), "{joined}");
    let counted = cpu_stat(&limited);
    assert!(number(throttling, "periods") >= 1, "{throttling:#}");
    for (name, counted) in ["periods", "throttled_periods", "throttled_ns"].iter().zip(counted) {
        assert!(number(throttling, name) <= counted, "{name}: {counted}, but {throttling:#}");
    }

    let left = moved([(&limited, FOR_A_WHILE), (&free, FOR_LONG)]);
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

/// The only process of a report.
#[track_caller]
fn number_of(report: &Report) -> i32 {
    let pids = report.pids();
    assert_eq!(pids.len(), 1, "{report}");
    pids[0]
}

/// Periods, throttled periods, and throttled nanoseconds of a group.
#[track_caller]
fn cpu_stat(group: &ControlGroup) -> [u64; 3] {
    let text = fs::read_to_string(group.path().join("cpu.stat")).expect("the group's counts");
    let field = |name: &str| -> Option<u64> {
        let mut words = text.split_ascii_whitespace().skip_while(|word| *word != name);
        words.nth(1)?.parse().ok()
    };
    let ns = field("throttled_time").or_else(|| Some(field("throttled_usec")? * 1_000));
    [field("nr_periods"), field("nr_throttled"), ns].map(|count| count.expect("a count"))
}
