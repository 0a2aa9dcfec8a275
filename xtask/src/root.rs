//! Becoming root: for packages, and for the tracer.

use std::{ffi::OsStr, fs, os::unix::fs::MetadataExt as _, process::Command};

use anyhow::{Context as _, Result, bail};

use crate::{command, environment::Environment};

/// How this process comes to root's rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// It has them.
    Already,
    /// It asks for them through sudo.
    Sudo,
    /// It cannot get them.
    No,
}

impl Root {
    /// Looks at the user, and for sudo.
    pub(crate) fn detect() -> Result<Self> {
        // The owner of /proc/self is the effective user.
        let user = fs::metadata("/proc/self").context("read /proc/self to learn the user")?.uid();
        Ok(match command::find("sudo") {
            _ if user == 0 => Self::Already,
            Some(_) => Self::Sudo,
            None => Self::No,
        })
    }

    /// The program as root.
    pub(crate) fn command(self, program: &str) -> Command {
        match self {
            Self::Already => Command::new(program),
            // Without sudo this line is only shown, never run.
            Self::Sudo | Self::No => {
                let mut sudo = Command::new("sudo");
                sudo.arg(program);
                sudo
            }
        }
    }

    /// The program as root, in the user's environment.
    pub(crate) fn command_in(self, environment: &Environment, program: &OsStr) -> Command {
        let mut command = match self {
            Self::Already => Command::new(program),
            Self::Sudo | Self::No => {
                let mut sudo = Command::new("sudo");
                sudo.args(["-E", "env"]).args(environment.lost_in_sudo()).arg(program);
                sudo
            }
        };
        command.env_clear().envs(environment.iter());
        command
    }

    /// Refuses early what cannot be done: `purpose` is what root is needed for.
    pub(crate) fn require(self, purpose: &str) -> Result<()> {
        if self == Self::No {
            bail!("{purpose} needs root, and there is no sudo in PATH: run this as root");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::line;

    #[test]
    fn root_asks_no_sudo() {
        assert_eq!(line(&Root::Already.command("apt-get")), "apt-get");
        assert_eq!(line(&Root::Sudo.command("apt-get")), "sudo apt-get");
    }

    #[test]
    fn sudo_gets_by_hand_what_it_would_drop() {
        let environment: Environment =
            [("HOME", "/home/u"), ("MALLOC_TOP_PAD_", "134217728"), ("PATH", "/venv/bin:/bin")]
                .into_iter()
                .collect();
        let command = Root::Sudo.command_in(&environment, OsStr::new("/w/tracer"));
        let words: Vec<_> = command.get_args().collect();
        assert_eq!(
            words,
            ["-E", "env", "MALLOC_TOP_PAD_=134217728", "PATH=/venv/bin:/bin", "/w/tracer"]
        );
        let command = Root::Already.command_in(&environment, OsStr::new("/w/tracer"));
        assert_eq!(command.get_program(), "/w/tracer");
        assert_eq!(command.get_envs().count(), 3);
    }

    #[test]
    fn without_sudo_the_error_says_what_to_do() {
        let error = Root::No.require("tracing").unwrap_err().to_string();
        assert_eq!(error, "tracing needs root, and there is no sudo in PATH: run this as root");
    }
}
