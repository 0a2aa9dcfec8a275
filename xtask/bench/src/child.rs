//! A program that is ended with us, whatever happens.

use std::{
    ffi::OsString,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// A running program with its three streams.
#[derive(Debug)]
pub(crate) struct Running {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    error: BufReader<ChildStderr>,
}

impl Running {
    /// Starts a command.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn start(words: &[OsString]) -> Result<Self> {
        let line = words.join(" ".as_ref()).to_string_lossy().into_owned();
        let Some((program, arguments)) = words.split_first() else { bail!("an empty command") };
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{line}`"))?;
        let (Some(input), Some(output), Some(error)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            bail!("`{line}` has no streams");
        };
        Ok(Self {
            name: line,
            child,
            input: Some(input),
            output: BufReader::new(output),
            error: BufReader::new(error),
        })
    }

    /// Its process id, which is also that of what `taskset` has become.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its next line on standard output.
    ///
    /// # Errors
    /// If it has ended: with what it said on standard error.
    pub(crate) fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line).with_context(|| format!("cannot read `{}`", self.name))?;
        if line.is_empty() {
            bail!("{}", self.last_words());
        }
        Ok(line)
    }

    /// Its next line on standard error.
    ///
    /// # Errors
    /// If it has ended.
    pub(crate) fn error_line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.error.read_line(&mut line).with_context(|| format!("cannot read `{}`", self.name))?;
        if line.is_empty() {
            bail!("{}", self.last_words());
        }
        Ok(line)
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Gives it a line.
    ///
    /// # Errors
    /// If it does not read any more.
    pub(crate) fn tell(&mut self, line: &str) -> Result<()> {
        let Some(input) = &mut self.input else { bail!("`{}` is told no more", self.name) };
        writeln!(input, "{line}").with_context(|| format!("`{}` does not listen", self.name))
    }

    /// Ends its input, and waits for its end. What it has printed since: output, then error.
    pub(crate) fn finish(mut self) -> String {
        drop(self.input.take());
        self.rest()
    }

    /// Interrupts it as a user would by Ctrl-C. What it has printed since: output, then error.
    ///
    /// # Errors
    /// If the signal cannot be sent.
    pub(crate) fn interrupt(mut self) -> Result<String> {
        let pid = i32::try_from(self.pid()).context("a pid beyond what the kernel gives")?;
        kill(Pid::from_raw(pid), Signal::SIGINT)
            .with_context(|| format!("cannot interrupt `{}`", self.name))?;
        Ok(self.rest())
    }

    fn rest(&mut self) -> String {
        let mut text = String::new();
        // A tool's table is all that is wanted; where bytes are no text there is none.
        let _ = self.output.read_to_string(&mut text);
        let _ = self.error.read_to_string(&mut text);
        let _ = self.child.wait();
        text
    }

    /// Why it ended, as far as it told.
    pub(crate) fn last_words(&mut self) -> String {
        let _ = self.child.kill();
        let text = self.rest();
        let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("nothing");
        format!("`{}` ended, and said: {}", self.name, last.trim())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Running {
        Running::start(&["sh", "-c", script].map(OsString::from)).unwrap()
    }

    #[test]
    fn a_program_is_told_a_line_and_answers() {
        let mut running = sh("read word; echo got $word; echo end >&2");
        running.tell("it").unwrap();
        assert_eq!(running.line().unwrap(), "got it\n");
        assert_eq!(running.finish(), "end\n");
    }

    #[test]
    fn whoever_ends_early_is_quoted() {
        let mut running = sh("echo no such kernel >&2; exit 1");
        let error = running.line().unwrap_err().to_string();
        assert!(error.ends_with("said: no such kernel"), "{error}");
    }

    #[test]
    fn a_command_that_is_not_there_is_named() {
        let error = Running::start(&["/no/such/program".into()]).unwrap_err().to_string();
        assert_eq!(error, "cannot start `/no/such/program`");
    }
}
