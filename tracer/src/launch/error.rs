//! Why a command does not run, and the exit status for it.

use std::{env, ffi::OsStr, io, path::Path};

use nix::libc;

/// Where the C library looks for programs if there is no `PATH`.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// Why a command does not run.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// There is no word to start.
    #[error("there is no command to start: put one after --")]
    Empty,
    /// The user to run it as is unknown, or out of reach.
    #[error("{0}")]
    User(String),
    /// No process could be made for it, or none with the user's rights.
    #[error("cannot start a process for `{program}`: {reason}")]
    Start {
        /// As it was written.
        program: String,
        /// Why.
        reason: io::Error,
    },
    /// It could not be ended.
    #[error("cannot end `{program}`: {reason}")]
    Kill {
        /// As it was written.
        program: String,
        /// Why.
        reason: io::Error,
    },
    /// There is no such program.
    #[error("command not found: {0}")]
    NotFound(String),
    /// It is there, but the kernel does not run it.
    #[error("cannot execute `{program}`: {reason}; is it a program, and may this user execute it?")]
    NotExecutable {
        /// As it was written.
        program: String,
        /// Why.
        reason: io::Error,
    },
}

impl LaunchError {
    /// The status that shells, env(1) and timeout(1) have for this: 127 for a command that was not
    /// found, 126 for one that cannot be executed, 125 for trouble of our own.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Empty | Self::User(_) | Self::Start { .. } | Self::Kill { .. } => 125,
            Self::NotExecutable { .. } => 126,
            Self::NotFound(_) => 127,
        }
    }

    pub(super) fn start(program: &OsStr, reason: io::Error) -> Self {
        Self::Start { program: program.to_string_lossy().into_owned(), reason }
    }

    pub(super) fn kill(program: &OsStr, reason: io::Error) -> Self {
        Self::Kill { program: program.to_string_lossy().into_owned(), reason }
    }

    /// Of an exec that failed; `path` is the `PATH` that the program was looked for in.
    pub(super) fn exec(program: &OsStr, path: Option<&OsStr>, reason: io::Error) -> Self {
        if reason.raw_os_error() == Some(libc::ENOENT) {
            Self::NotFound(not_found(program, path.unwrap_or(OsStr::new(DEFAULT_PATH))))
        } else {
            let program = program.to_string_lossy().into_owned();
            Self::NotExecutable { program, reason }
        }
    }
}

fn not_found(program: &OsStr, path: &OsStr) -> String {
    let has_directory = program.as_encoded_bytes().contains(&b'/');
    let found = if has_directory {
        Path::new(program).exists()
    } else {
        env::split_paths(path).any(|dir| dir.join(program).exists())
    };
    let program = program.display();
    if found {
        format!(
            "`{program}` is there, but not the interpreter that its first line names, or its \
             dynamic loader"
        )
    } else if has_directory {
        format!("there is no file `{program}`")
    } else {
        format!("`{program}` is in no directory of PATH, which is {}", path.display())
    }
}
