//! Ctrl-C and its relatives.

use std::process::Command;

use nix::sys::signal::Signal;
use tests::{Report, Running, Terminal, kernel::Loaded, tracer, wait_until};

/// A process that does nothing, and a tracer of it.
fn idle() -> (Running, Command) {
    let sleep = Running::start(Command::new("sleep").arg("60"));
    let mut tracer = tracer();
    tracer.args(["--format", "json", "-p", &sleep.pid().to_string()]);
    (sleep, tracer)
}

#[test]
fn ctrl_c_and_sigterm_close_the_window_and_the_report_comes() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let (sleep, mut command) = idle();
        let mut tracing = Running::start_tracing(&mut command);
        tracing.signal(signal);
        let finished = tracing.finish().expect(0);
        assert_eq!(Report::parse(&finished.stdout).pids(), [sleep.pid()]);
    }
}

#[test]
fn a_second_ctrl_c_leaves_at_once_even_if_nobody_takes_the_report() {
    let (_sleep, mut command) = idle();
    // A pipe that is full holds the report up.
    let (reader, mut writer) = std::io::pipe().unwrap();
    fill(&mut writer);
    let mut tracing = Running::start_into(command.env("RUST_LOG", "tracer=info"), writer);
    tracing.wait_until("the window is open", |it| {
        it.stderr().contains("the window is open").then_some(())
    });
    tracing.signal(Signal::SIGINT);
    let pid = tracing.pid();
    tracing.wait_until("it is about to write", |_| writes(pid).then_some(()));
    tracing.signal(Signal::SIGINT);
    assert_eq!(tracing.finish().code(), 128 + 2);
    drop(reader);
}

/// Writes until there is no more room.
fn fill(pipe: &mut std::io::PipeWriter) {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    let flags = OFlag::from_bits_retain(fcntl(&*pipe, FcntlArg::F_GETFL).unwrap());
    fcntl(&*pipe, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK)).unwrap();
    while std::io::Write::write(pipe, &[b'.'; 4096]).is_ok() {}
    fcntl(&*pipe, FcntlArg::F_SETFL(flags)).unwrap();
}

/// Whether a thread of the process is in a write to standard output.
fn writes(pid: i32) -> bool {
    let call = std::fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
    // Its number, which is 1 on x86-64 and 64 on aarch64, and its first argument.
    call.starts_with("1 0x1 ") || call.starts_with("64 0x1 ")
}

#[test]
fn ctrl_c_in_a_terminal_reaches_the_command_too_and_its_status_is_passed_on() {
    let script = "trap 'exit 9' INT; echo ready; while :; do sleep 0.05; done";
    let mut terminal = Terminal::start(tracer().args(["--", "sh", "-c", script]), 80);
    terminal.wait_for("ready");
    terminal.press("\x03");
    let (code, screen) = terminal.finish();
    assert_eq!(code, 9, "{screen}");
}

#[test]
fn a_tracer_that_is_killed_leaves_nothing_attached() {
    let (_sleep, mut command) = idle();
    let mut tracing = Running::start_tracing(&mut command);
    let loaded = Loaded::by(&tracing);
    assert!(!loaded.links.is_empty(), "a tracer at work has programs attached");
    assert_eq!(loaded.left(), loaded);
    tracing.signal(Signal::SIGKILL);
    assert_eq!(tracing.finish().code(), 128 + 9);
    wait_until("the kernel has dropped what it had loaded", || {
        loaded.left().is_empty().then_some(())
    });
}

#[test]
fn a_tracer_that_ends_leaves_nothing_attached() {
    let (_sleep, mut command) = idle();
    let mut tracing = Running::start_tracing(&mut command);
    let loaded = Loaded::by(&tracing);
    assert!(!loaded.links.is_empty(), "a tracer at work has programs attached");
    tracing.signal(Signal::SIGTERM);
    tracing.finish().expect(0);
    wait_until("the kernel has dropped what it had loaded", || {
        loaded.left().is_empty().then_some(())
    });
}
