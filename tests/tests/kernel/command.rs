//! A command that the tracer starts.

use tests::{
    Report,
    account::rows,
    programs, strace,
    tracing::{trace, trace_by},
};

/// Calls of `/bin/true` that depend on nothing but the program.
const CALLS: [&str; 4] = ["brk", "mmap", "munmap", "mprotect"];

#[track_caller]
fn assert_counted_as_by_strace(report: &Report) {
    let expected = strace::counts(&["/bin/true"]);
    let processes = report.processes();
    assert_eq!(processes.len(), 1, "more than the command: {report}");
    let counted = strace::as_strace(rows(&processes[0]));
    for call in CALLS {
        assert!(expected.contains_key(call), "strace saw no {call}");
        assert_eq!(counted.get(call), expected.get(call), "{call}: {report}");
    }
    assert_eq!(processes[0]["comm"], "true");
    assert_eq!(processes[0]["end"]["exited"], 0);
}

#[test]
fn a_command_is_counted_from_its_exec_on_as_strace_does() {
    let (report, finished) = trace("", &["/bin/true"]);
    let _finished = finished.expect(0);
    assert_counted_as_by_strace(&report);
}

#[test]
fn a_command_of_another_user_is_counted_as_exactly() {
    let nobody = nix::unistd::User::from_name("nobody").expect("users").expect("a user nobody");
    let mut tracer = programs::tracer();
    tracer.env("SUDO_UID", nobody.uid.to_string()).env("SUDO_GID", nobody.gid.to_string());
    tracer.env("SUDO_USER", "nobody");
    let (report, finished) = trace_by(&mut tracer, "", &["/bin/true"]);
    let _finished = finished.expect(0);
    assert_counted_as_by_strace(&report);
}
