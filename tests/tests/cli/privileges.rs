//! Who the tracer runs as, and who its command does.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::Path,
    process::Command,
};

use tempfile::TempDir;
use tests::{programs::tracer_file, run, tracer};

/// A user without any rights, on every Linux.
const NOBODY: u32 = 65534;

/// The tracer as started by a user without any rights, and the directory where everybody can reach
/// it.
pub(crate) fn nobodys_tracer() -> (TempDir, Command) {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let file = dir.path().join("tracer");
    fs::copy(tracer_file(), &file).unwrap();
    let mut command = Command::new(file);
    command.uid(NOBODY).gid(NOBODY).current_dir("/");
    (dir, command)
}

/// The tracer as under sudo, called by nobody.
fn tracer_under_sudo() -> Command {
    let mut command = tracer();
    command.env("SUDO_UID", NOBODY.to_string()).env("SUDO_GID", NOBODY.to_string());
    command
}

#[test]
fn a_user_without_rights_is_told_which_it_takes() {
    for (arguments, code) in [(&["-a", "-d", "0.1"][..], 1), (&["--", "true"], 125)] {
        let (_dir, mut tracer) = nobodys_tracer();
        let finished = run(tracer.args(arguments)).expect(code);
        let finished = finished.complains_of("CAP_BPF").complains_of("CAP_PERFMON");
        assert!(finished.complains_of("sudo").stdout.is_empty());
    }
}

#[test]
fn under_sudo_the_command_runs_as_the_one_who_called_it() {
    let script = "id -u; id -g; id -G";
    let finished = run(tracer_under_sudo().args(["--", "sh", "-c", script])).expect(0);
    let mut ids = finished.stdout.lines();
    assert_eq!(ids.next(), Some("65534"), "{finished}");
    assert_eq!(ids.next(), Some("65534"), "{finished}");
    assert!(!ids.next().unwrap().split(' ').any(|group| group == "0"), "{finished}");
}

#[test]
fn under_sudo_the_command_has_no_way_back_to_roots_rights() {
    let script = "grep -E '^(Uid|Gid|Cap(Inh|Prm|Eff|Amb)):' /proc/self/status";
    let finished = run(tracer_under_sudo().args(["--", "sh", "-c", script])).expect(0);
    let lines: Vec<_> = finished.stdout.lines().collect();
    let ids = "65534\t65534\t65534\t65534";
    assert_eq!(lines[..2], [format!("Uid:\t{ids}"), format!("Gid:\t{ids}")], "{finished}");
    let none = "0000000000000000";
    assert!(lines[2..].iter().all(|line| line.ends_with(none)), "{finished}");
    assert_eq!(lines.len(), 6, "{finished}");
}

#[test]
fn the_command_sees_nothing_of_sudo_and_a_home_of_its_own() {
    let finished = run(tracer_under_sudo().env("SUDO_COMMAND", "x").args(["--", "env"])).expect(0);
    let variables: Vec<_> = finished.stdout.lines().collect();
    assert!(!variables.iter().any(|line| line.starts_with("SUDO_")), "{finished}");
    let nobody = nix::unistd::User::from_uid(NOBODY.into()).unwrap().unwrap();
    for (name, value) in [("HOME", nobody.dir.to_str().unwrap()), ("USER", &nobody.name)] {
        assert!(variables.contains(&format!("{name}={value}").as_str()), "{finished}");
    }
}

#[test]
fn what_sudo_left_out_of_the_environment_comes_back() {
    // A program by the name of sudo, in whose environment the user's variables are.
    let dir = tempfile::tempdir().unwrap();
    let sudo = dir.path().join("sudo");
    let shell = fs::canonicalize("/bin/sh").unwrap();
    fs::copy(shell, &sudo).unwrap();
    let path = format!("/of/the/user:{}", std::env::var("PATH").unwrap());
    let script = format!(
        "unset VIRTUAL_ENV; HOME=/root PATH=/sbin:/bin SUDO_UID={NOBODY} SUDO_GID={NOBODY} \
         FOR_US=1 KEPT=ours '{}' -- env; exit $?",
        tracer_file().display()
    );
    let mut command = Command::new(sudo);
    command.env("VIRTUAL_ENV", "/venv").env("PATH", &path).env("HOME", "/home/ann");
    command.env("KEPT", "theirs").env("LC_ALL", "C.UTF-8");
    let finished = run(command.args(["-c", &script])).expect(0);
    let variables: Vec<_> = finished.stdout.lines().collect();
    for expected in
        ["VIRTUAL_ENV=/venv", &format!("PATH={path}"), "HOME=/home/ann", "FOR_US=1", "KEPT=ours"]
    {
        assert!(variables.contains(&expected), "no {expected}: {finished}");
    }
    assert!(!variables.iter().any(|line| line.starts_with("SUDO_")), "{finished}");
}

#[test]
fn a_program_in_the_users_own_path_is_found() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = dir.path().join("only-mine");
    fs::write(&program, "#!/bin/sh\nexit 21\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    run(tracer_under_sudo().env("PATH", path).args(["--", "only-mine"])).expect(21);
}

#[test]
fn another_user_can_be_named() {
    let id = |user: &str| run(tracer().args(["--user", user, "--", "id", "-u"]));
    assert_eq!(id("nobody").expect(0).stdout.trim(), "65534");
    assert_eq!(id("65534").expect(0).stdout.trim(), "65534");
    assert_eq!(id("root").expect(0).stdout.trim(), "0");
    id("no-such-user").expect(125).complains_of("there is no user `no-such-user`");
    let under_sudo = run(tracer_under_sudo().args(["--user", "root", "--", "id", "-u"]));
    assert_eq!(under_sudo.expect(0).stdout.trim(), "0");
}

#[test]
fn a_note_of_sudos_that_cannot_be_read_does_not_make_the_command_roots() {
    let dir = tempfile::tempdir().unwrap();
    let proof = dir.path().join("proof");
    let finished = run(tracer().env("SUDO_UID", "ann").args(["--", "touch"]).arg(&proof));
    finished.expect(125).complains_of("name the user with --user");
    assert!(!Path::new(&proof).exists());
}
