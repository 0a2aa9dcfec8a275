//! A command that the tracer starts.

use tests::{
    account::{counts, rows},
    programs, strace,
    tracing::{trace, trace_by},
};

#[test]
fn a_command_is_counted_from_its_exec_on_as_strace_does() {
    let expected = strace::counts(&["/bin/true"]);
    let (report, finished) = trace("", &["/bin/true"]);
    let _finished = finished.expect(0);
    assert_eq!(report.processes().len(), 1, "nothing before the exec: {report}");
    let counted = strace::as_strace(rows(&report.processes()[0]));
    for call in ["brk", "mmap", "munmap", "mprotect"] {
        assert_eq!(counted.get(call), expected.get(call), "{call}: {report}");
    }
    assert_eq!(report.0["command"], serde_json::json!(["/bin/true"]));
    assert_eq!(report.processes()[0]["comm"], "true");
}

#[test]
fn a_command_runs_as_the_user_who_called_sudo() {
    let nobody = nix::unistd::User::from_name("nobody").expect("users").expect("a user nobody");
    let (uid, gid) = (nobody.uid.to_string(), nobody.gid.to_string());
    let mut tracer = programs::tracer();
    tracer.env("SUDO_UID", &uid).env("SUDO_GID", &gid).env("SUDO_USER", "nobody");
    let (report, finished) = trace_by(&mut tracer, "", &["sh", "-c", "id -u; id -g"]);
    let finished = finished.expect(0);
    assert_eq!(finished.stdout, format!("{uid}\n{gid}\n"));
    let names: Vec<_> = report.processes().iter().map(|process| &process["comm"]).collect();
    assert!(names.iter().any(|name| **name == "id"), "{report}");
    assert!(!counts(&report.0["total"], "calls").is_empty(), "{report}");
}

#[test]
fn the_status_of_a_command_is_passed_on() {
    let (report, finished) = trace("", &["sh", "-c", "exit 7"]);
    assert_eq!(finished.code(), 7);
    assert_eq!(report.processes()[0]["end"]["exited"], 7, "{report}");
}

#[test]
fn the_signal_that_ends_a_command_is_passed_on() {
    let (report, finished) = trace("", &["sh", "-c", "kill -TERM $$"]);
    assert_eq!(finished.status.code(), Some(128 + 15), "the tracer itself exits: {finished}");
    assert_eq!(report.processes()[0]["end"]["signalled"], 15, "{report}");
}

#[test]
fn tracing_goes_on_until_the_last_process_of_a_command_has_ended() {
    let program = programs::workloads().get_program().to_str().expect("UTF-8").to_owned();
    let script = format!("(sleep 0.5; exec {program} syscalls sched-yield=41) & exit 5");
    let (report, finished) = trace("", &["sh", "-c", &script]);
    assert_eq!(finished.code(), 5);
    assert_eq!(report.total("sched_yield", "calls"), 41, "{report}");
}
