//! Targets that are named by what they are.

use std::{fs, process::Command};

use tests::{Report, Running, programs::tracer_file, run, tracer, workloads};

fn tracing(pid: i32) -> Command {
    let mut command = tracer();
    command.args(["-d", "0.2", "-p", &pid.to_string()]);
    command
}

#[test]
fn a_process_that_is_not_there_is_status_1() {
    let last = fs::read_to_string("/proc/sys/kernel/pid_max").unwrap();
    let finished = run(&mut tracing(last.trim().parse::<i32>().unwrap() - 1)).expect(1);
    let finished = finished.complains_of("there is no process");
    assert!(finished.stdout.is_empty(), "{finished}");
}

#[test]
fn a_thread_of_the_kernel_is_status_1() {
    run(&mut tracing(2)).expect(1).complains_of("is a thread of the kernel");
}

#[test]
fn the_tracer_does_not_trace_itself() {
    let script = format!("exec '{}' -d 0.2 -p $$", tracer_file().display());
    run(Command::new("sh").args(["-c", &script])).expect(1).complains_of("is the tracer itself");
}

#[test]
fn a_thread_is_not_taken_for_its_process() {
    let mut threads = Running::start(workloads().args([
        "syscalls",
        "--threads",
        "2",
        "--start-after-stdin",
        "getppid=1",
    ]));
    threads.first_line();
    let process = procfs::process::Process::new(threads.pid()).unwrap();
    let tids = process.tasks().unwrap().map(|task| task.unwrap().tid);
    let tid = tids.into_iter().find(|tid| *tid != threads.pid()).unwrap();
    run(&mut tracing(tid)).expect(1).complains_of(&format!("--pid {}", threads.pid()));
}

#[test]
fn a_control_group_that_is_not_there_is_status_1() {
    let finished = run(tracer().args(["-d", "0.2", "--cgroup", "/no/such/group"])).expect(1);
    finished.complains_of("there is no control group `/no/such/group`");
}

#[test]
fn several_processes_are_named_with_commas_blanks_or_one_by_one() {
    let sleeps: Vec<_> = (0..3).map(|_| Running::start(Command::new("sleep").arg("60"))).collect();
    let pids: Vec<_> = sleeps.iter().map(Running::pid).collect();
    let list = format!("{},{} {}", pids[0], pids[1], pids[1]);
    let finished = run(tracing(pids[2]).args(["--pid", &list, "--format", "json"])).expect(0);
    let mut pids = pids.clone();
    pids.sort_unstable();
    assert_eq!(Report::parse(&finished.stdout).pids(), pids);
}

#[test]
fn tracing_ends_with_the_last_process_that_was_named() {
    let mut sleep = Running::start(Command::new("sleep").arg("3"));
    let finished = run(tracer().args(["-d", "50", "-p", &sleep.pid().to_string()])).expect(0);
    assert!(finished.took.as_secs() < 20, "{finished}");
    assert!(finished.stdout.contains("exited 0"), "{finished}");
    sleep.finish().expect(0);
}
