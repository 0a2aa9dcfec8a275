//! `tracer -- CMD`: the command is what it is without a tracer.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use nix::sys::signal::Signal;
use tests::{Report, Running, run, tracer, wait_until};

/// A shell script as the command.
fn tracing_script(script: &str) -> Command {
    let mut command = tracer();
    command.args(["--", "sh", "-c", script]);
    command
}

#[test]
fn its_exit_status_is_the_tracers() {
    for code in [0, 1, 3, 255] {
        let finished = run(&mut tracing_script(&format!("exit {code}"))).expect(code);
        assert!(finished.stderr.contains("0 lost"), "{finished}");
    }
}

#[test]
fn a_signal_that_ends_it_shows_as_in_a_shell() {
    for (signal, code) in [("KILL", 128 + 9), ("TERM", 128 + 15), ("SEGV", 128 + 11)] {
        let finished = run(&mut tracing_script(&format!("kill -{signal} $$")));
        assert!(finished.expect(code).stderr.contains("0 lost"));
    }
}

#[test]
fn a_command_that_is_not_there_is_status_127() {
    let finished = run(tracer().args(["--", "no-such-command"])).expect(127);
    let finished = finished.complains_of("`no-such-command` is in no directory of PATH");
    assert!(finished.stdout.is_empty(), "{finished}");
    run(tracer().args(["--", "./no-such-command"])).expect(127).complains_of("there is no file");
}

#[test]
fn a_file_that_is_no_program_is_status_126() {
    let file = tempfile::NamedTempFile::new().unwrap();
    run(tracer().arg("--").arg(file.path())).expect(126).complains_of("Permission denied");
    run(tracer().args(["--", "/"])).expect(126).complains_of("cannot execute `/`");
}

#[test]
fn a_script_without_its_interpreter_is_status_127() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("script");
    fs::write(&script, "#!/no/such/interpreter\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    run(tracer().arg("--").arg(script)).expect(127).complains_of("interpreter");
}

#[test]
fn it_owns_standard_input_and_output() {
    let mut running = Running::start(tracer().args(["--", "cat"]));
    running.say("through and through\n");
    assert_eq!(running.first_line(), "through and through");
    let finished = running.finish().expect(0);
    assert_eq!(finished.stdout, "through and through\n");
    assert!(finished.stderr.contains("0 lost"), "{finished}");
}

#[test]
fn it_gets_its_arguments_as_they_are() {
    let words = ["-p", "1", "--", "a b", "", "*", "--help"];
    let finished = run(tracer().args(["--", "printf", "<%s>"]).args(words)).expect(0);
    assert_eq!(finished.stdout, "<-p><1><--><a b><><*><--help>");
}

#[test]
fn it_may_be_called_as_a_subcommand_is() {
    let dir = tempfile::tempdir().unwrap();
    let doctor = dir.path().join("doctor");
    fs::write(&doctor, "#!/bin/sh\necho it is me\n").unwrap();
    fs::set_permissions(&doctor, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    let finished = run(tracer().env("PATH", path).args(["-e", "brk", "--", "doctor"])).expect(0);
    assert_eq!(finished.stdout, "it is me\n");
}

#[test]
fn it_keeps_the_nice_value_it_would_have_without_a_tracer() {
    let plain = run(&mut Command::new("nice")).expect(0).stdout;
    assert_eq!(run(tracer().args(["--", "nice"])).expect(0).stdout, plain);
    let mut nicer = Command::new("nice");
    nicer.args(["-n", "7"]).arg(tests::programs::tracer_file()).args(["--", "nice"]);
    let expected = plain.trim().parse::<i32>().unwrap() + 7;
    assert_eq!(run(&mut nicer).expect(0).stdout.trim(), expected.to_string());
}

#[test]
fn it_has_no_file_open_that_it_would_not_have_without_a_tracer() {
    let list = ["-c", "ls /proc/self/fd"];
    let plain = run(Command::new("sh").args(list)).expect(0).stdout;
    assert_eq!(run(tracer().args(["--", "sh"]).args(list)).expect(0).stdout, plain);
}

#[test]
fn it_is_counted_from_its_exec_on_and_named_in_the_report() {
    let arguments = ["--format", "json", "-e", "all", "--", "sh", "-c", "echo $$; exit 5"];
    let finished = run(tracer().args(arguments)).expect(5);
    let report = Report::parse(&finished.stderr);
    assert_eq!(report.0["command"], serde_json::json!(["sh", "-c", "echo $$; exit 5"]));
    let shell = report.process(finished.stdout.trim().parse().unwrap());
    assert_eq!(shell["comm"], "sh");
    assert_eq!(shell["end"]["exited"], 5);
    assert_eq!(report.processes().len(), 1, "{report}");
}

#[test]
fn when_the_time_is_up_first_it_is_left_running() {
    let mut running = Running::start(
        tracer().args(["-d", "0.2", "--", "sh", "-c"]).arg("echo $$; exec sleep 60"),
    );
    let pid = running.first_line();
    let finished = running.finish().expect(0);
    assert!(finished.stderr.contains("0 lost"), "{finished}");
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.starts_with("Name:\tsleep\n"), "{status}");
}

#[test]
fn with_kill_it_ends_with_the_window() {
    let mut running = Running::start(
        tracer().args(["--kill", "-d", "0.2", "--", "sh", "-c"]).arg("echo $$; exec sleep 60"),
    );
    let process = format!("/proc/{}", running.first_line());
    let finished = running.finish().expect(0);
    assert!(finished.stderr.contains("0 lost"), "{finished}");
    assert!(!Path::new(&process).exists());
}

#[test]
fn what_it_leaves_in_the_background_is_traced_until_it_ends() {
    let script = "(sleep 0.3; exit) & exit 4";
    let finished = run(&mut tracing_script(script)).expect(4);
    assert!(finished.took.as_millis() >= 300, "{finished}");
}

#[test]
fn a_tracer_that_is_killed_while_it_starts_leaves_no_command_behind() {
    let dir = tempfile::tempdir().unwrap();
    let proof = dir.path().join("proof");
    // At any moment between fork and exec; each time at another.
    for pause in [1_u64, 5, 10, 20, 30, 40, 60] {
        let mut running = Running::start(tracer().args(["--", "touch"]).arg(&proof));
        std::thread::sleep(std::time::Duration::from_millis(pause));
        running.signal(Signal::SIGKILL);
        let code = running.finish().code();
        assert!(code == 128 + 9 || code == 0, "{running}");
        let leader = running.pid();
        wait_until("nothing of it is left", || {
            let mut processes = procfs::process::all_processes().unwrap().flatten();
            let left = processes.any(|it| it.stat().is_ok_and(|stat| stat.pgrp == leader));
            (!left).then_some(())
        });
    }
}
