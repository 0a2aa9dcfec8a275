//! A process that becomes another program.

use tests::{
    Tracing, Workload,
    account::{counts, row, rows},
    programs,
    report::number,
    strace,
};

/// The account of the program before the exec, and of the one after it.
fn before_and_after(report: &tests::Report) -> (&serde_json::Value, &serde_json::Value) {
    let processes = report.processes();
    assert_eq!(processes.len(), 2, "{report}");
    let (one, two) = (&processes[0], &processes[1]);
    if one["end"] == "exec" { (one, two) } else { (two, one) }
}

#[test]
fn after_an_exec_by_another_thread_counts_are_those_of_the_new_program() {
    let mut workload = Workload::waiting("scene exec-thread --calls-before 10 --calls 25");
    let tracing = Tracing::of(workload.pid(), "-e all");
    workload.go();
    let truths = workload.truths(2);
    let report = tracing.finish();
    let (before, after) = before_and_after(&report);
    for account in [before, after] {
        assert_eq!(account["pid"], workload.pid());
        assert_eq!(account["start_ns"], before["start_ns"], "a process keeps its start");
    }
    assert_eq!(number(row(before, "brk query"), "calls"), truths[0].calls()["brk query"]);
    // What the new program does besides its counted calls is known from strace.
    let program = programs::workloads().get_program().to_str().expect("UTF-8").to_owned();
    let mut expected = strace::counts(&[&program, "syscalls", "brk-query=25"]);
    expected.remove("exit_group");
    assert_eq!(strace::as_strace(rows(after)), expected, "{report}");
    assert_eq!(truths[1].calls()["brk query"], 25);
    assert_eq!(after["end"]["exited"], 0, "{report}");
}

#[test]
fn the_leader_that_dies_in_an_exec_is_cut_off_in_its_call() {
    let mut workload = Workload::waiting("scene exec-thread --calls-before 10 --calls 25");
    let tracing = Tracing::of(workload.pid(), "-e all");
    workload.go();
    let _truths = workload.truths(2);
    let report = tracing.finish();
    let (before, after) = before_and_after(&report);
    // It waits for the thread in a futex.
    assert_eq!(counts(before, "ended_by_exit"), [("futex".to_owned(), 1)].into(), "{report}");
    assert_eq!(counts(after, "ended_by_exit"), [("exit_group".to_owned(), 1)].into(), "{report}");
    assert_eq!(report.total("execve", "calls"), 1, "{report}");
    assert_eq!(number(after, "threads"), 1, "{report}");
}

#[test]
fn a_program_that_executes_itself_again_and_again_is_a_new_account_each_time() {
    let script = r#"n=${1:-0}; [ "$n" = 5 ] && exit 3; exec sh "$0" $((n + 1))"#;
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), script).expect("write the script");
    let path = file.path().to_str().expect("UTF-8");
    let (report, finished) = tests::tracing::trace("-e all --fold process", &["sh", path]);
    assert_eq!(finished.code(), 3);
    assert_eq!(report.processes().len(), 6, "{report}");
    let ended_by_exec = report.processes().iter().filter(|process| process["end"] == "exec");
    assert_eq!(ended_by_exec.count(), 5, "{report}");
    assert_eq!(report.trust("unpaired"), 0, "{report}");
}
