//! Descendants of targets are targets: those alive when tracing begins and those born later.

use std::collections::BTreeMap;

use tests::{
    Report, Tracing, Workload,
    account::{counts, row},
    report::number,
    tracing::trace,
};

/// Two generations below the first process, three children each: 1 + 3 + 9.
const TREE: &str = "scene fork-tree --depth 2 --width 3 --calls 120";
const PROCESSES: usize = 13;

#[track_caller]
fn assert_all_counted(workload: &mut Workload, report: &Report) {
    let truths = workload.truths(PROCESSES);
    let mut pids: Vec<_> = truths.iter().map(tests::Truth::pid).collect();
    pids.sort_unstable();
    assert_eq!(report.pids(), pids);
    for truth in truths {
        let process = report.process(truth.pid());
        let queries = row(process, "brk query");
        assert_eq!(number(queries, "calls"), truth.calls()["brk query"], "{report}");
        assert_eq!(process["ppid"], truth.0["ppid"], "{report}");
        assert_eq!(process["end"]["exited"], 0, "{report}");
    }
    assert_eq!(report.total("brk query", "calls"), 120 * PROCESSES as u64);
}

#[test]
fn descendants_alive_when_tracing_begins_are_traced() {
    let mut workload = Workload::waiting(&format!("{TREE} --fork-first"));
    assert_eq!(workload.children().len() + 1, PROCESSES);
    let tracing = Tracing::of(workload.pid(), "--fold process");
    workload.go();
    let report = tracing.finish();
    assert_all_counted(&mut workload, &report);
    assert!(report.processes().iter().all(|process| process.get("born_ns").is_none()));
}

#[test]
fn descendants_born_while_traced_are_traced() {
    let mut workload = Workload::waiting(TREE);
    let tracing = Tracing::of(workload.pid(), "--fold process");
    workload.go();
    let report = tracing.finish();
    assert_all_counted(&mut workload, &report);
    let born = report.processes().iter().filter(|process| process.get("born_ns").is_some());
    assert_eq!(born.count(), PROCESSES - 1);
}

#[test]
fn a_fork_makes_no_unpaired_exit() {
    let mut workload = Workload::waiting(TREE);
    let tracing = Tracing::of(workload.pid(), "-e all --fold process");
    workload.go();
    let report = tracing.finish();
    assert_all_counted(&mut workload, &report);
    // The first process waits for its sign in a read.
    assert_eq!(counts(&report.0["total"], "unpaired"), [("read".to_owned(), 1)].into());
    let forks: u64 =
        ["clone", "clone3", "fork", "vfork"].map(|call| report.total(call, "calls")).iter().sum();
    assert_eq!(forks, PROCESSES as u64 - 1, "{report}");
}

#[test]
fn a_shell_that_starts_programs_makes_no_unpaired_exit() {
    let script = "for n in 1 2 3; do /bin/true; done; (/bin/true; /bin/true) | cat";
    let (report, finished) = trace("-e all --fold process", &["sh", "-c", script]);
    let _finished = finished.expect(0);
    assert_eq!(report.trust("unpaired"), 0, "{report}");
    assert_eq!(report.trust("in_flight"), 0, "{report}");
    let programs =
        |name: &str| report.processes().iter().filter(|process| process["comm"] == name).count();
    assert_eq!((programs("true"), programs("cat")), (5, 1), "{report}");
}

#[test]
fn without_following_a_child_alive_or_born_later_is_not_traced() {
    for fork_first in ["", "--fork-first"] {
        let mut workload = Workload::waiting(&format!("{TREE} {fork_first}"));
        let tracing = Tracing::of(workload.pid(), "--no-follow");
        workload.go();
        let report = tracing.finish();
        let _truths = workload.truths(PROCESSES);
        assert_eq!(report.pids(), [workload.pid()], "{fork_first}");
        assert_eq!(report.total("brk query", "calls"), 120, "{fork_first} {report}");
    }
}

#[test]
fn without_following_a_new_thread_of_the_target_is_traced() {
    let mut workload = Workload::waiting("scene exec-thread --calls-before 33 --calls 5");
    let tracing = Tracing::of(workload.pid(), "--no-follow");
    workload.go();
    let _truths = workload.truths(2);
    let report = tracing.finish();
    let first = report.processes().iter().find(|process| process["end"] == "exec");
    let first = first.expect("the program before the exec");
    assert_eq!(number(row(first, "brk query"), "calls"), 33, "{report}");
}

#[test]
fn five_hundred_short_lived_processes_are_all_counted() {
    let mut workload = Workload::waiting("scene short-lived --count 500 --calls 10");
    let tracing = Tracing::of(workload.pid(), "--fold process");
    let truth = workload.work();
    let report = tracing.finish();
    assert_eq!(truth.number("calls_total"), 5_000);
    assert_eq!(report.total("brk query", "calls"), 5_000);
    assert_eq!(number(&report.0["total"], "processes"), 501);
    let mut accounts: BTreeMap<u64, _> =
        report.processes().iter().map(|process| (number(process, "pid"), process)).collect();
    assert!(accounts.remove(&truth.number("pid")).is_some());
    let children = truth.0["children"].as_array().expect("the pids of the children");
    assert_eq!(accounts.len(), children.len());
    for child in children {
        let account = accounts[&child.as_u64().expect("a pid")];
        let expected = [("brk query".to_owned(), 10)].into();
        assert_eq!(counts(account, "calls"), expected, "{account:#}");
        assert_eq!(account["end"]["exited"], 0, "{account:#}");
        assert_eq!(number(account, "threads"), 1, "{account:#}");
    }
}
