//! Starts the command that is to be traced, and holds it before its exec until tracing is ready.

mod child;
mod environment;
mod error;
mod identity;

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, Read as _, Write as _},
    os::{fd::OwnedFd, unix::process::ExitStatusExt as _},
    process::{Command, ExitStatus},
    thread,
    time::Duration,
};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::{sync::oneshot, time::timeout};

pub use self::error::LaunchError;
use self::{child::Child, identity::Identity};
use crate::config;

/// How long a command that is told to end may take before it is made to.
const GRACE: Duration = Duration::from_secs(2);

/// Forks, and has the child ready to become the command: with the user's identity and environment,
/// the standard streams untouched, and one call away from its exec. `nice` is the nice value it
/// gets: the one that the tracer had before it raised its own priority; `None` leaves it alone.
///
/// # Errors
/// If the user cannot be found or become, or there can be no more processes.
pub fn start(command: &config::Command, nice: Option<i32>) -> Result<Held, LaunchError> {
    let (program, arguments) = command.argv.split_first().ok_or(LaunchError::Empty)?;
    let failed = |reason| LaunchError::start(program, reason);
    let identity = Identity::for_command(command.user.as_deref())?;
    let mut child = Command::new(program);
    child.args(arguments);
    let mut path = env::var_os("PATH");
    if let Some(identity) = &identity {
        let variables = identity.environment(env::vars_os().collect());
        path = variables.get(OsStr::new("PATH")).cloned();
        child.env_clear().envs(variables);
    }
    child.envs(command.variables.iter().cloned());

    let (mut announced, announce) = io::pipe().map_err(failed)?;
    let (wait, go) = io::pipe().map_err(failed)?;
    let credentials = identity.map(|identity| identity.credentials);
    Child::new(nice, credentials, announce, wait, &go).prepare(&mut child);

    // `spawn` comes back only after the exec, so it gets a thread; and so nobody has to handle
    // SIGCHLD.
    let (sender, mut ended) = oneshot::channel();
    let run = move || {
        let outcome = child.spawn().and_then(|mut child| child.wait());
        drop(child); // with the child's ends of the pipes
        drop(sender.send(outcome)); // nobody listens any more if the tracer is leaving
    };
    let thread = thread::Builder::new().name("launch".to_owned());
    let thread = thread.spawn(run).map_err(failed)?;

    let mut pid = [0; size_of::<i32>()];
    if announced.read_exact(&mut pid).is_err() {
        // The child closed its end without a word, so it is gone, and the thread soon will be.
        drop(thread.join());
        return Err(failed(match ended.try_recv() {
            Ok(Err(error)) => error,
            Ok(Ok(status)) => io::Error::other(format!("it ended at once: {status}")),
            Err(_) => io::Error::other("the thread that starts it has ended"),
        }));
    }
    let pid = i32::from_ne_bytes(pid);
    let handle = Pid::from_raw(pid).ok_or_else(|| failed(io::ErrorKind::InvalidData.into()))?;
    let pidfd = pidfd_open(handle, PidfdFlags::empty()).map_err(|e| failed(e.into()))?;
    Ok(Held { go, running: Running { pid, pidfd, ended, program: program.clone(), path } })
}

/// A child that waits before its exec. Dropped, it leaves without it, and is reaped.
#[derive(Debug)]
pub struct Held {
    /// The child waits for a byte from here, and leaves when this is closed.
    go: io::PipeWriter,
    running: Running,
}

impl Held {
    /// The process id, in the caller's pid namespace. It stays the same over the exec.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.running.pid
    }

    /// Lets the child go on to its exec. Whether that succeeds, [`Running::ended`] tells.
    #[must_use]
    pub fn release(mut self) -> Running {
        // This fails only if the child has been killed, which `ended` will tell.
        drop(self.go.write_all(&[1]));
        self.running
    }
}

/// A command that has been let go.
#[derive(Debug)]
pub struct Running {
    pid: i32,
    /// Opened while the child could not have ended, so that no signal ever hits another process.
    pidfd: OwnedFd,
    ended: oneshot::Receiver<io::Result<ExitStatus>>,
    program: OsString,
    /// Where the program was looked for.
    path: Option<OsString>,
}

impl Running {
    /// The process id, in the caller's pid namespace.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Waits for the command's end. Can be cancelled and called again, until it has answered.
    ///
    /// # Errors
    /// If the program was not found or cannot be executed.
    pub async fn ended(&mut self) -> Result<ExitStatus, LaunchError> {
        let outcome = (&mut self.ended).await.unwrap_or_else(|_| {
            Err(io::Error::other("the thread that waits for the command has ended"))
        });
        outcome.map_err(|reason| LaunchError::exec(&self.program, self.path.as_deref(), reason))
    }

    /// Waits for the command's end.
    ///
    /// # Errors
    /// As [`Running::ended`] does.
    pub async fn wait(mut self) -> Result<ExitStatus, LaunchError> {
        self.ended().await
    }

    /// Ends the command's first process: SIGTERM, and soon after SIGKILL if it does not listen.
    /// Needs a runtime with timers.
    ///
    /// # Errors
    /// As [`Running::ended`] does, and if the tracer may not send signals to the command.
    pub async fn kill(mut self) -> Result<ExitStatus, LaunchError> {
        for signal in [Signal::TERM, Signal::KILL] {
            self.signal(signal).map_err(|reason| LaunchError::kill(&self.program, reason))?;
            if let Ok(ended) = timeout(GRACE, self.ended()).await {
                return ended;
            }
        }
        // It is in an uninterruptible sleep, and dies when it wakes up.
        self.ended().await
    }

    /// No error if the command has ended.
    fn signal(&self, signal: Signal) -> io::Result<()> {
        match pidfd_send_signal(&self.pidfd, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What a shell would show as `$?`: the command's own status, or 128 and the signal's number.
#[must_use]
pub fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    // Linux keeps eight bits of a status, and has 64 signals.
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

/// The exit status for an error of ours that shells have a number for, wherever in its causes it is.
#[must_use]
pub fn exit_code_of(error: &anyhow::Error) -> Option<u8> {
    error.downcast_ref::<LaunchError>().map(LaunchError::exit_code)
}

#[cfg(test)]
mod tests;
