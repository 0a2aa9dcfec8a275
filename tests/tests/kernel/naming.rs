//! Targets named by what they are: those alive when tracing begins, and those that appear.

use std::{os::unix::fs::symlink, path::PathBuf};

use tempfile::TempDir;
use tests::{
    Report, Tracing, Workload,
    account::{counts, rows},
    cgroup::{self, ControlGroup},
    programs,
    report::number,
};

/// A process that appears in a report has been adopted.
fn wait_until_known(tracing: &mut Tracing, pid: i32) {
    tracing.wait_for_interval("the newcomer is known", |report: &Report| {
        report.pids().contains(&pid).then_some(())
    });
}

#[test]
fn all_processes_are_those_alive_and_those_that_start_later() {
    let mut before = Workload::waiting("syscalls sched-yield=777 --hold");
    let tracing = Tracing::start("-a -e sched_yield --fold process");
    let mut after = Workload::waiting("syscalls sched-yield=555 --hold");
    let truths = [before.work(), after.work()];
    let report = tracing.stop();
    for truth in &truths {
        assert_eq!(counts(report.process(truth.pid()), "calls"), truth.calls(), "{report}");
    }
    let own = i32::try_from(std::process::id()).expect("a pid");
    assert!(report.pids().contains(&own), "this test is one of them");
}

#[test]
fn the_tracer_itself_and_kernel_threads_are_no_part_of_all_processes() {
    let tracing = Tracing::start("-a --fold process -i 0.2");
    let tracer = tracing.pid();
    let mut tracing = tracing;
    tracing.wait_for_interval("an interval is over", |_| Some(()));
    let (intervals, whole) = tracing.stop_intervals();
    for report in intervals.iter().chain([&whole]) {
        assert!(!report.pids().contains(&tracer), "the tracer: {report}");
        assert!(!report.pids().contains(&2), "kthreadd: {report}");
        assert!(report.processes().len() > 1, "{report}");
    }
}

/// `workloads` under a name that no other process has.
struct Renamed {
    _directory: TempDir,
    program: PathBuf,
    name: String,
}

impl Renamed {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let name = format!("kt-{}", std::process::id());
        let program = directory.path().join(&name);
        symlink(programs::workloads().get_program(), &program).expect("make a link");
        Self { _directory: directory, program, name }
    }
}

#[test]
fn programs_of_a_name_are_those_running_and_those_that_start_later() {
    let renamed = Renamed::new();
    let mut before = Workload::waiting_named(&renamed.program, "syscalls brk-query=111 --hold");
    let other = Workload::waiting("syscalls brk-query=5 --hold");
    let mut tracing = Tracing::start(&format!("--comm ^{}$ -i 0.1", renamed.name));
    let mut after = Workload::waiting_named(&renamed.program, "syscalls brk-query=222 --hold");
    wait_until_known(&mut tracing, after.pid());
    let truths = [before.work(), after.work()];
    let report = tracing.stop();
    let mut expected = [before.pid(), after.pid()];
    expected.sort_unstable();
    assert_eq!(report.pids(), expected);
    assert!(!report.pids().contains(&other.pid()));
    for truth in &truths {
        let calls = counts(report.process(truth.pid()), "calls");
        assert_eq!(calls["brk query"], truth.calls()["brk query"], "{report}");
        assert_eq!(report.process(truth.pid())["comm"], renamed.name.as_str());
    }
    let notes = report.0["trust"]["notes"].to_string();
    assert!(notes.contains("became targets"), "calls before that were not seen: {notes}");
}

#[test]
fn a_control_group_is_who_is_in_it_and_who_joins_later() {
    for hierarchy in cgroup::mounted() {
        let group = ControlGroup::new(&hierarchy);
        let mut before = Workload::waiting("syscalls brk-query=111 --procs 2 --hold");
        group.take(before.pid());
        before.children().into_iter().for_each(|pid| group.take(pid));
        let mut joins = Workload::waiting("syscalls brk-query=222 mmap=5 --hold");
        let stays_out = Workload::waiting("syscalls brk-query=5 --hold");
        let path = group.path().display();
        let mut tracing = Tracing::start(&format!("--cgroup {path} -i 0.1"));
        group.take(joins.pid());
        wait_until_known(&mut tracing, joins.pid());
        before.go();
        let mut truths = before.truths(2);
        truths.push(joins.work());
        let report = tracing.stop();
        let mut expected: Vec<_> = truths.iter().map(tests::Truth::pid).collect();
        expected.push(before.pid());
        expected.sort_unstable();
        assert_eq!(report.pids(), expected, "{path}");
        assert!(!report.pids().contains(&stays_out.pid()));
        for truth in &truths {
            let calls = counts(report.process(truth.pid()), "calls");
            assert_eq!(calls, truth.calls(), "{path}: {report}");
        }
        // It ends with its processes; the workloads are killed before the group is removed.
        assert!(rows(report.process(before.pid())).is_empty(), "{path}: {report}");
        drop((before, joins));
    }
}

#[test]
fn a_group_named_as_proc_shows_it_is_the_same_group() {
    for hierarchy in cgroup::mounted() {
        let group = ControlGroup::new(&hierarchy);
        let mut workload = Workload::waiting("syscalls brk-query=44 --hold");
        group.take(workload.pid());
        let name = group.path().file_name().expect("a name").to_str().expect("UTF-8");
        let tracing = Tracing::start(&format!("--cgroup /{name}"));
        let truth = workload.work();
        let report = tracing.stop();
        assert_eq!(report.pids(), [workload.pid()], "{report}");
        assert_eq!(report.total("brk query", "calls"), truth.calls()["brk query"]);
        assert_eq!(number(&report.0["total"], "processes"), 1);
        drop(workload);
    }
}
