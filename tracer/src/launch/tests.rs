use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    time::{Duration, Instant},
};

use super::*;

fn command(argv: &[&str]) -> config::Command {
    config::Command {
        argv: argv.iter().map(OsString::from).collect(),
        user: None,
        kill: false,
        variables: Vec::new(),
    }
}

fn nice() -> i32 {
    rustix::process::getpriority_process(None).unwrap()
}

fn start(argv: &[&str]) -> Held {
    super::start(&command(argv), None).unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(future)
}

fn end(running: Running) -> Result<ExitStatus, LaunchError> {
    block_on(running.wait())
}

fn run(argv: &[&str]) -> Result<u8, LaunchError> {
    end(start(argv).release()).map(exit_code)
}

fn is_there(pid: i32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(10), "waited in vain until {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A directory with the file `file` of this content and mode.
fn directory(file: &str, content: &str, mode: u32) -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(file);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (dir, path)
}

#[test]
fn a_held_child_waits_before_its_exec_until_it_is_released() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("proof");
    let held = start(&["touch", file.to_str().unwrap()]);
    thread::sleep(Duration::from_millis(50));
    let own = fs::read_link("/proc/self/exe").unwrap();
    assert_eq!(fs::read_link(format!("/proc/{}/exe", held.pid())).unwrap(), own);
    assert!(!file.exists());
    let pid = held.pid();
    let running = held.release();
    assert_eq!(running.pid(), pid);
    assert!(end(running).unwrap().success());
    assert!(file.exists());
}

#[test]
fn the_process_id_stays_over_the_exec() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let held = start(&["sh", "-c", "echo $$ > \"$0\"", file.to_str().unwrap()]);
    let pid = held.pid();
    assert!(end(held.release()).unwrap().success());
    assert_eq!(fs::read_to_string(file).unwrap().trim(), pid.to_string());
}

#[test]
fn a_held_child_that_nobody_releases_goes_without_a_trace() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("proof");
    let held = start(&["touch", file.to_str().unwrap()]);
    let pid = held.pid();
    assert!(is_there(pid));
    drop(held);
    wait_until("the child is reaped", || !is_there(pid));
    assert!(!file.exists());
}

#[test]
fn exit_status_and_signal_are_passed_on() {
    assert_eq!(run(&["true"]).unwrap(), 0);
    assert_eq!(run(&["sh", "-c", "exit 3"]).unwrap(), 3);
    assert_eq!(run(&["sh", "-c", "exit 255"]).unwrap(), 255);
    assert_eq!(run(&["sh", "-c", "kill -9 $$"]).unwrap(), 128 + 9);
}

#[test]
fn a_child_killed_while_held_has_ended_by_the_signal() {
    let held = start(&["true"]);
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(held.pid()), nix::sys::signal::SIGKILL)
        .unwrap();
    assert_eq!(exit_code(end(held.release()).unwrap()), 128 + 9);
}

#[test]
fn a_running_command_can_be_ended() {
    let running = start(&["sleep", "100"]).release();
    assert_eq!(exit_code(block_on(running.kill()).unwrap()), 128 + 15);
}

#[test]
fn a_command_that_ignores_the_request_is_made_to_end() {
    let dir = tempfile::tempdir().unwrap();
    let ready = dir.path().join("ready");
    let script = "trap '' TERM; touch \"$0\"; while :; do sleep 1; done";
    let running = start(&["sh", "-c", script, ready.to_str().unwrap()]).release();
    wait_until("the command ignores SIGTERM", || ready.exists());
    assert_eq!(exit_code(block_on(running.kill()).unwrap()), 128 + 9);
}

#[test]
fn ending_a_command_that_has_ended_tells_how_it_did() {
    let running = start(&["sh", "-c", "exit 7"]).release();
    let pid = running.pid();
    wait_until("the command is reaped", || !is_there(pid));
    assert_eq!(exit_code(block_on(running.kill()).unwrap()), 7);
}

#[test]
fn the_exit_status_for_an_error_is_found_below_its_context() {
    let error = anyhow::Error::new(run(&["no-such-command"]).unwrap_err()).context("above");
    assert_eq!(exit_code_of(&error), Some(127));
    assert_eq!(exit_code_of(&anyhow::anyhow!("something else")), None);
}

#[test]
fn a_command_that_is_not_there_is_status_127_and_says_where_it_was_looked_for() {
    let error = run(&["no-such-command"]).unwrap_err();
    assert_eq!(error.exit_code(), 127);
    let path = env::var("PATH").unwrap();
    let expected = format!("`no-such-command` is in no directory of PATH, which is {path}");
    assert_eq!(error.to_string(), format!("command not found: {expected}"));
    let error = run(&["./no-such-command"]).unwrap_err();
    assert_eq!(error.exit_code(), 127);
    assert!(error.to_string().ends_with("there is no file `./no-such-command`"), "{error}");
}

#[test]
fn a_script_without_its_interpreter_is_not_called_missing() {
    let (_dir, script) = directory("script", "#!/no/such/interpreter\n", 0o755);
    let error = run(&[&script]).unwrap_err();
    assert_eq!(error.exit_code(), 127);
    assert!(error.to_string().contains("interpreter"), "{error}");
}

#[test]
fn what_is_no_program_is_status_126() {
    let (dir, file) = directory("file", "true\n", 0o644);
    for name in [&file, dir.path().to_str().unwrap()] {
        let error = run(&[name]).unwrap_err();
        assert_eq!(error.exit_code(), 126, "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn the_command_has_the_nice_value_it_is_given() {
    let wanted = nice() + 3;
    let held = super::start(&command(&["sh", "-c", "exit $(nice)"]), Some(wanted)).unwrap();
    assert_eq!(i32::from(exit_code(end(held.release()).unwrap())), wanted);
}

#[test]
fn signals_do_in_the_command_what_they_do_by_default() {
    // This process ignores SIGPIPE, as every Rust program does; others it may have inherited.
    let script = "s=$(cat /proc/self/status) && b=${s#*SigBlk:?} && i=${s#*SigIgn:?} && \
                  exit $(( 0x${b%%[!0-9a-f]*} != 0 || (0x${i%%[!0-9a-f]*} & 0x5002) != 0 ))";
    assert_eq!(run(&["sh", "-c", script]).unwrap(), 0);
    let mut plain = Command::new("sh");
    plain.args(["-c", &format!("trap '' TERM; sh -c '{script}'")]);
    assert_eq!(plain.status().unwrap().code(), Some(1), "the script sees an ignored signal");
}

#[test]
fn the_command_gets_no_file_of_ours() {
    let script = "set -- /proc/self/fd/*; exit $#";
    let plain = Command::new("sh").args(["-c", script]).status().unwrap();
    assert_eq!(Some(i32::from(run(&["sh", "-c", script]).unwrap())), plain.code());
}

#[test]
fn many_can_be_held_at_once() {
    let held: Vec<_> = (0..20).map(|i| start(&["sh", "-c", &format!("exit {i}")])).collect();
    for (i, held) in held.into_iter().enumerate().rev() {
        assert_eq!(usize::from(exit_code(end(held.release()).unwrap())), i);
    }
}

#[test]
fn an_unknown_user_is_an_error_of_ours() {
    let user = Some("no-such-user".to_owned());
    let command = config::Command { user, ..command(&["true"]) };
    assert_eq!(super::start(&command, None).unwrap_err().exit_code(), 125);
}
