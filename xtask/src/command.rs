//! Running other programs: as a line that a shell would take, with errors that name it, and as root.

use std::{
    convert::Infallible,
    env,
    ffi::{OsStr, OsString},
    io,
    os::{fd::AsFd as _, unix::process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

/// The command as a line for a shell, to be shown or copied.
pub(crate) fn line(command: &Command) -> String {
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.to_string_lossy(), quoted(value?))));
    let words = std::iter::once(command.get_program()).chain(command.get_args()).map(quoted);
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

/// One word of a shell's line, in quotes where it needs them.
fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+./:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Runs the command to its end beside what we are asked for: standard input belongs to the traced
/// command, and standard output to the tracer, so the output is shown on standard error alone.
pub(crate) fn run_aside(command: &mut Command) -> Result<()> {
    let stderr = io::stderr().as_fd().try_clone_to_owned().context("duplicate standard error")?;
    run(command.stdin(Stdio::null()).stdout(Stdio::from(stderr)))
}

/// Runs the command to its end; a status other than success is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start `{}`", line(command)))?;
    if !status.success() {
        bail!("`{}` failed: {status}", line(command));
    }
    Ok(())
}

/// What the command prints, if it can be started and succeeds: a question to the system, where
/// "not there" is an answer.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Replaces this process by the command, so that its exit status is ours.
pub(crate) fn exec(command: &mut Command) -> Result<Infallible> {
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start `{}`", line(command)))
}

/// The first file of this name in the directories of `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// Puts a directory in front of a list of directories such as `PATH`.
pub(crate) fn prepend(dir: &Path, list: Option<&OsStr>) -> Result<OsString> {
    let rest = list.map(env::split_paths).into_iter().flatten();
    env::join_paths(std::iter::once(dir.to_path_buf()).chain(rest))
        .with_context(|| format!("`{}` cannot be an entry of PATH", dir.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_pasted_into_a_shell() {
        let mut command = Command::new("cargo");
        command.env("LLVM_PREFIX", "/usr/lib/llvm-22").env_remove("RUSTC");
        command.args(["install", "--root", "a dir/it's", ""]);
        assert_eq!(
            line(&command),
            r"LLVM_PREFIX=/usr/lib/llvm-22 cargo install --root 'a dir/it'\''s' ''"
        );
    }

    #[test]
    fn a_directory_goes_in_front_of_the_others() {
        let list = prepend(Path::new("/t/release"), Some(OsStr::new("/usr/bin:/bin"))).unwrap();
        assert_eq!(list, "/t/release:/usr/bin:/bin");
        assert_eq!(prepend(Path::new("/t"), None).unwrap(), "/t");
        assert!(prepend(Path::new("/a:b"), None).is_err());
    }

    #[test]
    fn a_failing_command_is_named_with_its_status() {
        let error = run(&mut Command::new("false")).unwrap_err().to_string();
        assert_eq!(error, "`false` failed: exit status: 1");
        let error = run(&mut Command::new("/no/such/program")).unwrap_err().to_string();
        assert_eq!(error, "cannot start `/no/such/program`");
    }
}
