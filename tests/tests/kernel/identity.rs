//! Which process is meant, where numbers are used twice or mean another process elsewhere.

use std::process::Command;

use tests::{
    Running, Tracing, Workload,
    account::{counts, row},
    proc, programs,
    report::number,
};

/// Starts one program after another until two have had the same pid: the kernel gives the pid after
/// the last one, and root may say which was the last. Others start processes too, hence the tries.
const SAME_PID_TWICE: &str = r#"
    read go
    "$0" syscalls brk-query=1000 &
    first=$!
    wait
    for try in $(seq 300); do
        echo $((first - 1)) > /proc/sys/kernel/ns_last_pid
        "$0" syscalls sched-yield=1000 &
        second=$!
        wait
        [ $second = $first ] && exit 0
    done
    exit 1
"#;

#[test]
fn two_processes_with_the_same_pid_are_told_apart() {
    let program = programs::workloads();
    let mut shell = Command::new("sh");
    let mut shell = Running::start(shell.args(["-c", SAME_PID_TWICE]).arg(program.get_program()));
    let tracing = Tracing::of(shell.pid(), "--fold process");
    shell.say("\n");
    let finished = shell.finish();
    assert_eq!(finished.code(), 0, "no pid was given twice: {finished}");
    let report = tracing.finish();
    let first: serde_json::Value =
        serde_json::from_str(finished.stdout.lines().next().expect("a truth")).expect("JSON");
    let same: Vec<_> = report
        .processes()
        .iter()
        .filter(|process| process["pid"] == first["pid"] && process["end"] != "exec")
        .collect();
    let [one, two] = same[..] else { panic!("not two processes {}: {report}", first["pid"]) };
    assert_ne!(one["start_ns"], two["start_ns"]);
    let queries = |process| number(row(process, "brk query"), "calls");
    let (one, two) = if queries(one) > queries(two) { (one, two) } else { (two, one) };
    // Both ask for the break while they start, equally often.
    assert_eq!(queries(one), queries(two) + 1000, "{report}");
    assert_eq!(counts(one, "calls").get("sched_yield"), None, "{report}");
    assert_eq!(counts(two, "calls").get("sched_yield"), Some(&1000), "{report}");
    assert!(number(one, "start_ns") < number(two, "start_ns"), "{report}");
}

/// A pid namespace with a `/proc` of its own. Its first process sleeps; with it all others end.
struct Namespace {
    unshare: Running,
}

impl Namespace {
    fn new() -> Self {
        let mut unshare = Command::new("unshare");
        unshare.args(["--fork", "--pid", "--mount-proc", "--kill-child", "sleep", "300"]);
        let unshare = Running::start(&mut unshare);
        tests::wait_until("the namespace is there", || {
            let pid = proc::find_child(unshare.pid())?;
            (proc::comm(pid)? == "sleep").then_some(())
        });
        Self { unshare }
    }

    /// A command that starts what its arguments say inside.
    fn enter(&self) -> Command {
        let first = proc::child_of(self.unshare.pid());
        let mut nsenter = Command::new("nsenter");
        nsenter.args(["--target", &first.to_string(), "--pid", "--mount"]);
        nsenter
    }
}

#[test]
fn inside_a_pid_namespace_a_pid_is_that_of_the_namespace() {
    let namespace = Namespace::new();
    let mut enter = namespace.enter();
    enter.arg(programs::workloads().get_program());
    let mut workload = Workload::waiting_as(&mut enter, "syscalls brk-query=321 --procs 2 --hold");
    let options = format!("-p {}", workload.pid());
    let tracing = Tracing::start_by(&mut namespace.enter(), &options);
    workload.go();
    let truths = workload.truths(2);
    let report = tracing.stop();
    assert!(workload.pid() < 100, "pids in a new namespace are small");
    assert_eq!(report.processes().len(), 3, "{report}");
    for truth in &truths {
        let process = report.process(truth.pid());
        assert_eq!(counts(process, "calls"), truth.calls(), "{report}");
        assert_eq!(process["ppid"], workload.pid(), "{report}");
    }
}

#[test]
fn outside_a_pid_namespace_a_pid_in_it_is_shown_as_it_is_outside() {
    let namespace = Namespace::new();
    let mut enter = namespace.enter();
    enter.arg(programs::workloads().get_program());
    let mut workload = Workload::waiting_as(&mut enter, "syscalls brk-query=123 --hold");
    let outside = proc::child_of(workload.started_pid());
    assert_ne!(outside, workload.pid());
    let tracing = Tracing::of(outside, "");
    let truth = workload.work();
    let report = tracing.stop();
    assert_eq!(report.pids(), [outside], "{report}");
    assert_eq!(counts(report.process(outside), "calls"), truth.calls(), "{report}");
}

#[test]
fn inside_a_pid_namespace_all_processes_are_those_of_the_namespace() {
    let namespace = Namespace::new();
    let mut outside = Workload::waiting("syscalls sched-yield=77 --hold");
    let mut enter = namespace.enter();
    enter.arg(programs::workloads().get_program());
    let mut inside = Workload::waiting_as(&mut enter, "syscalls sched-yield=55 --hold");
    let options = "-a -e sched_yield --fold process";
    let tracing = Tracing::start_by(&mut namespace.enter(), options);
    let _truths = (outside.work(), inside.work());
    let report = tracing.stop();
    assert_eq!(report.count(inside.pid(), "sched_yield", "calls"), 55, "{report}");
    assert_eq!(report.total("sched_yield", "calls"), 55, "{report}");
}

#[test]
fn inside_a_pid_namespace_the_tracer_is_no_part_of_all_processes() {
    let namespace = Namespace::new();
    let mut enter = namespace.enter();
    enter.arg(programs::workloads().get_program());
    let workload = Workload::waiting_as(&mut enter, "syscalls brk-query=1 --hold");
    let tracing = Tracing::start_by(&mut namespace.enter(), "-a --fold process");
    let tracer = proc::innermost_pid(tracing.pid());
    let report = tracing.stop();
    assert!(report.pids().contains(&workload.pid()), "{report}");
    assert!(!report.pids().contains(&tracer), "the tracer is {tracer}: {report}");
}

#[test]
fn the_start_of_a_process_is_that_of_proc() {
    let workload = Workload::waiting("syscalls brk-query=1 --hold");
    let report = Tracing::of(workload.pid(), "").stop();
    let start_ns = number(report.process(workload.pid()), "start_ns");
    let (ticks, per_second) = proc::start(workload.pid());
    // The kernel rounds down to ticks.
    assert_eq!(start_ns / (1_000_000_000 / per_second), ticks, "{report}");
}
