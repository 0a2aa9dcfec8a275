//! The child between fork and exec. It may call only what is safe in a signal handler: its memory
//! is a copy of a process with several threads, whose locks may be held by threads that are gone.

use std::{
    io::{self, PipeReader, PipeWriter, Read as _, Write as _},
    os::{
        fd::{AsRawFd as _, RawFd},
        unix::process::CommandExt as _,
    },
    process::{self, Command},
};

use nix::{
    sys::signal::{SigHandler, SigSet, Signal, signal},
    unistd::{close, setgid, setgroups, setuid},
};
use rustix::process::setpriority_process;

use super::identity::Credentials;

/// All that the child needs, made before the fork.
#[derive(Debug)]
pub(super) struct Child {
    nice: Option<i32>,
    credentials: Option<Credentials>,
    /// Takes the child's process id once it is ready.
    announce: PipeWriter,
    /// Gives a byte when the child may go on.
    wait: PipeReader,
    /// The other end of `wait`, which the fork copies into the child.
    go: RawFd,
}

impl Child {
    /// `go` is borrowed for its number: it has to be open until the fork.
    pub(super) fn new(
        nice: Option<i32>,
        credentials: Option<Credentials>,
        announce: PipeWriter,
        wait: PipeReader,
        go: &PipeWriter,
    ) -> Self {
        Self { nice, credentials, announce, wait, go: go.as_raw_fd() }
    }

    /// Has the child of `command` run this before its exec.
    pub(super) fn prepare(self, command: &mut Command) {
        let run = move || self.run();
        // SAFETY: `run` neither allocates nor takes a lock, and all it calls is a thin layer on
        // system calls. Its file descriptors are the child's own copies.
        unsafe { command.pre_exec(run) };
    }

    fn run(&self) -> io::Result<()> {
        // As long as the child itself could still write there, it would wait for ever for a tracer
        // that was killed.
        close(self.go)?;
        if let Some(nice) = self.nice {
            setpriority_process(None, nice)?;
        }
        default_signals()?;
        if let Some(Credentials { uid, gid, groups }) = &self.credentials {
            // The user comes last: only root may change the groups.
            setgroups(groups)?;
            setgid(*gid)?;
            setuid(*uid)?;
        }
        (&self.announce).write_all(&process::id().to_ne_bytes())?;
        // An error makes `spawn` end the child: at the end of file, nobody wants the command.
        (&self.wait).read_exact(&mut [0])
    }
}

/// An ignored or blocked signal stays so over an exec, and the tracer has its own wishes.
fn default_signals() -> nix::Result<()> {
    for each in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGPIPE] {
        // SAFETY: the default action is no handler, so no code of ours runs in a signal.
        unsafe { signal(each, SigHandler::SigDfl) }?;
    }
    SigSet::empty().thread_set_mask()
}
