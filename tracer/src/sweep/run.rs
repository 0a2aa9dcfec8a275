//! One run of a sweep: this very program, started to trace the command into a recording.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::{self, File},
    io,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use anyhow::{Context as _, Result};
use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use tokio::process::Command;

use super::grid::Point;
use crate::{launch, session::Signals};

/// What a tracer ends with if it could not trace, or not start the command.
const OUR_FAILURES: std::ops::RangeInclusive<u8> = 125..=127;

/// How runs are made.
pub(super) struct Runner {
    program: PathBuf,
    /// Options of the tracer's.
    options: Vec<OsString>,
    command: Vec<OsString>,
}

/// The files of a run.
#[derive(Clone, Debug)]
pub(super) struct Files {
    /// The recording.
    pub(super) recording: PathBuf,
    /// What the command wrote to standard output.
    stdout: PathBuf,
    /// What it and the tracer wrote to standard error.
    stderr: PathBuf,
}

/// How a run ended.
pub(super) enum Ended {
    /// With status 0.
    Well,
    /// The command failed.
    Badly(String),
    /// The command was not traced, or not even started: nor will it be the next time.
    NotTraced(String),
    /// The user wants no more.
    Interrupted,
}

impl Files {
    /// Those of a run, by their name without an ending.
    pub(super) fn named(dir: &Path, stem: &str) -> Self {
        let file = |ending| dir.join(format!("{stem}.{ending}"));
        Self { recording: file("json.zst"), stdout: file("out"), stderr: file("err") }
    }

    /// Removes what nothing was written to.
    fn remove_empty(&self) {
        for file in [&self.stdout, &self.stderr] {
            if fs::metadata(file).is_ok_and(|file| file.len() == 0) {
                drop(fs::remove_file(file));
            }
        }
    }

    /// Where to look for the cause of a failure: the last line of standard error, and the file.
    fn last_words(&self) -> String {
        let text = fs::read(&self.stderr).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let file = self.stderr.display();
        match text.lines().rev().map(str::trim).find(|line| !line.is_empty()) {
            Some(line) => {
                let line = line.strip_prefix("tracer: error: ").unwrap_or(line);
                format!("`{line}` (see {file})")
            }
            None => "nothing on standard error".to_owned(),
        }
    }
}

impl Runner {
    pub(super) fn new(options: Vec<OsString>, command: Vec<OsString>) -> Result<Self> {
        let program = env::current_exe().context("cannot find this program's own file")?;
        Ok(Self { program, options, command })
    }

    /// Runs the command with the values of a point; with a recording unless it only warms up.
    pub(super) async fn run(
        &self,
        point: &Point,
        files: &Files,
        record: bool,
        signals: &mut Signals,
    ) -> Result<Ended> {
        let create = |path: &Path| {
            File::create(path).with_context(|| format!("cannot write `{}`", path.display()))
        };
        let mut command = std::process::Command::new(&self.program);
        if record {
            command.arg("-o").arg(&files.recording);
        }
        command
            .args(&self.options)
            // Its standard error is the command's, and the report is in the recording.
            .args([OsStr::new("--report"), OsStr::new("/dev/null"), OsStr::new("--kill")])
            .arg("--")
            .args(&self.command)
            .envs(point.0.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(create(&files.stdout)?)
            .stderr(create(&files.stderr)?)
            // Ctrl-C is ours: the run is told to end once, and the command with it.
            .process_group(0);
        let mut child = Command::from(command).spawn().context("cannot start the tracer again")?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw);
        let mut interrupts = 0;
        let status = loop {
            tokio::select! {
                status = child.wait() => break status.context("cannot wait for the run")?,
                () = signals.recv() => {
                    interrupts += 1;
                    stop(pid, interrupts).context("cannot stop the run")?;
                }
            }
        };
        if interrupts > 0 {
            for file in [&files.recording, &files.stdout, &files.stderr] {
                drop(fs::remove_file(file)); // It need not be there.
            }
            return Ok(Ended::Interrupted);
        }
        let ended = ended(status, files);
        files.remove_empty();
        Ok(ended)
    }
}

/// Asks at first, which ends the window and the command, and does not ask again.
fn stop(child: Option<Pid>, times: u32) -> io::Result<()> {
    let Some(child) = child else { return Ok(()) };
    let sent = match times {
        1 => kill(child, Signal::SIGINT),
        _ => killpg(child, Signal::SIGKILL),
    };
    match sent {
        Ok(()) | Err(nix::errno::Errno::ESRCH) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

fn ended(status: ExitStatus, files: &Files) -> Ended {
    match launch::exit_code(status) {
        0 => Ended::Well,
        code if OUR_FAILURES.contains(&code) => Ended::NotTraced(files.last_words()),
        code => Ended::Badly(format!("exit status {code}: {}", files.last_words())),
    }
}
