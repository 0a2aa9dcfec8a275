//! Processes that end with the test, at the latest.

use std::{
    fmt,
    fs::File,
    io::Write as _,
    os::unix::{
        fs::FileExt as _,
        process::{CommandExt as _, ExitStatusExt as _},
    },
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};

/// Nothing takes this long unless it hangs.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A process, in a process group of its own. Dropped, the whole group is killed.
#[derive(Debug)]
pub struct Running {
    /// The command, for messages.
    line: String,
    child: Child,
    started: Instant,
    /// Files, not pipes: they are never full, and never kept open by a process that was left.
    stdout: File,
    stderr: File,
}

/// A process that has ended.
#[derive(Debug)]
pub struct Finished {
    /// The command, for messages.
    line: String,
    /// How it ended.
    pub status: ExitStatus,
    /// All it wrote to standard output.
    pub stdout: String,
    /// All it wrote to standard error.
    pub stderr: String,
    /// From start to end.
    pub took: Duration,
}

/// Runs a command to its end, without input.
#[track_caller]
pub fn run(command: &mut Command) -> Finished {
    Running::start(command).finish()
}

/// Waits until a condition holds, and gives what it found.
#[track_caller]
pub fn wait_until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(start.elapsed() < LIMIT, "waited {LIMIT:?} in vain until {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

impl Running {
    /// Starts a command whose input comes from the test, and whose output is kept for it.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let stdout = temporary_file();
        let copy = stdout.try_clone().unwrap();
        Self::spawn(command.stdin(Stdio::piped()).stdout(copy).process_group(0), stdout)
    }

    /// Starts a command whose standard output goes elsewhere.
    #[track_caller]
    pub fn start_into(command: &mut Command, stdout: impl Into<Stdio>) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(stdout).process_group(0);
        Self::spawn(command, temporary_file())
    }

    /// Starts the tracer, and waits until its window is open.
    #[track_caller]
    pub fn start_tracing(command: &mut Command) -> Self {
        // Options stand before a `--`, so this one comes by the environment.
        let mut running = Self::start(command.env("RUST_LOG", "tracer=info"));
        running.wait_until("the window is open", |it| {
            it.stderr().contains("the window is open").then_some(())
        });
        running
    }

    /// Starts a command as it is, but for its standard error.
    #[track_caller]
    pub(crate) fn spawn(command: &mut Command, stdout: File) -> Self {
        let stderr = temporary_file();
        let copy = stderr.try_clone().unwrap();
        let line = format!("{command:?}");
        let child = command.stderr(copy).spawn();
        let child = child.unwrap_or_else(|e| panic!("cannot start {line}: {e}"));
        Self { line, child, started: Instant::now(), stdout, stderr }
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.child.id().try_into().unwrap()
    }

    /// Sends a signal to the process.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// Sends a signal to the process and all that it started, as a terminal's Ctrl-C does.
    #[track_caller]
    pub fn signal_group(&self, signal: Signal) {
        killpg(Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// Writes to its standard input.
    #[track_caller]
    pub fn say(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().expect("standard input is open");
        stdin.write_all(text.as_bytes()).unwrap();
    }

    /// Ends its standard input.
    pub fn close_stdin(&mut self) {
        self.child.stdin = None;
    }

    /// What it has written to standard output so far.
    #[must_use]
    pub fn stdout(&self) -> String {
        content(&self.stdout)
    }

    /// What it has written to standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        content(&self.stderr)
    }

    /// Whether it has not ended yet.
    #[must_use]
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until a condition holds, which it must before the process ends.
    #[track_caller]
    pub fn wait_until<T>(
        &mut self,
        what: &str,
        mut condition: impl FnMut(&Self) -> Option<T>,
    ) -> T {
        while self.started.elapsed() < LIMIT {
            // In this order: what it wrote just before its end counts.
            let ended = !self.is_running();
            if let Some(found) = condition(self) {
                return found;
            }
            assert!(!ended, "it ended before {what}: {self}");
            thread::sleep(Duration::from_millis(2));
        }
        panic!("waited {LIMIT:?} in vain until {what}: {self}")
    }

    /// Waits for the first line on standard output.
    #[track_caller]
    pub fn first_line(&mut self) -> String {
        self.wait_until("it printed a line", |it| {
            it.stdout().split_once('\n').map(|(line, _)| line.to_owned())
        })
    }

    /// Ends its input, and waits for its end. What it has started goes on until this is dropped.
    #[track_caller]
    pub fn finish(&mut self) -> Finished {
        self.close_stdin();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(self.started.elapsed() < LIMIT, "it has not ended after {LIMIT:?}: {self}");
            thread::sleep(Duration::from_millis(1));
        };
        let took = self.started.elapsed();
        let (stdout, stderr) = (self.stdout(), self.stderr());
        Finished { line: self.line.clone(), status, stdout, stderr, took }
    }
}

impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stdout, stderr) = (self.stdout(), self.stderr());
        write!(f, "{}\nstdout:\n{stdout}\nstderr:\n{stderr}", self.line)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // If it has ended, this reaches those it left behind; if there are none, nobody.
        killpg(Pid::from_raw(self.pid()), Signal::SIGKILL).ok();
        drop(self.child.wait());
    }
}

impl Finished {
    /// Its status as a shell shows it: 128 and the signal's number if one ended it.
    #[must_use]
    pub fn code(&self) -> i32 {
        let signalled = || self.status.signal().map(|signal| 128 + signal);
        self.status.code().or_else(signalled).expect("it exited, or a signal ended it")
    }

    /// Fails the test unless this is the status.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "status of {self}");
        self
    }

    /// Fails the test unless standard error has these words.
    #[track_caller]
    pub fn complains_of(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "no `{words}` on standard error of {self}");
        self
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, status, stdout, stderr, .. } = self;
        write!(f, "{line}\n{status}\nstdout:\n{stdout}\nstderr:\n{stderr}")
    }
}

fn temporary_file() -> File {
    tempfile::tempfile().unwrap()
}

/// All that is in a file, without moving the place that its writers write at.
fn content(file: &File) -> String {
    let length = file.metadata().unwrap().len();
    let mut bytes = vec![0; usize::try_from(length).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}
