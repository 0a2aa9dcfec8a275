//! A tool that watches a workload.

use std::{
    ffi::OsString,
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use procfs::process::Process;

use crate::{child::Running, contender::Ready, places::on_cpu};

/// How long a tool may take until it traces.
const PATIENCE: Duration = Duration::from_secs(20);
/// A tool that does not say when it is ready is, when it has opened nothing new for so long.
const STILL: Duration = Duration::from_millis(400);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A tool that traces.
#[derive(Debug)]
pub(crate) struct Watcher(Running);

impl Watcher {
    /// Starts a tool on its CPU (on any with `None`), and waits until it traces.
    ///
    /// # Errors
    /// If it ends instead.
    pub(crate) fn start(cpu: Option<usize>, words: Vec<OsString>, ready: Ready) -> Result<Self> {
        let words = match cpu {
            Some(cpu) => on_cpu(cpu, words),
            None => words,
        };
        let mut tool = Running::start(&words)?;
        match ready {
            Ready::Output(words) => while !tool.line()?.contains(words) {},
            Ready::Error(words) => while !tool.error_line()?.contains(words) {},
            Ready::Hooks => wait_for_hooks(&mut tool)?,
        }
        Ok(Self(tool))
    }

    /// CPU time that it has used up to now, in ns.
    ///
    /// # Errors
    /// If it has ended.
    pub(crate) fn cpu_ns(&self) -> Result<u64> {
        let threads = self.process()?.tasks().context("cannot list its threads")?;
        let times = threads.map(|thread| thread?.schedstat().map(|it| it.sum_exec_runtime));
        times.sum::<Result<u64, _>>().context("cannot read its CPU time")
    }

    /// It, in `/proc`.
    ///
    /// # Errors
    /// If it has ended.
    pub(crate) fn process(&self) -> Result<Process> {
        let pid = i32::try_from(self.0.pid()).context("a pid beyond what the kernel gives")?;
        Process::new(pid).with_context(|| format!("the tool, process {pid}, has ended"))
    }

    /// Ends it as a user would. What it printed.
    ///
    /// # Errors
    /// If it cannot be interrupted.
    pub(crate) fn stop(self) -> Result<String> {
        self.0.interrupt()
    }
}

/// Waits until its descriptors of programs and events are there, and become no more.
fn wait_for_hooks(tool: &mut Running) -> Result<()> {
    let start = Instant::now();
    let (mut hooks, mut since) = (0, start);
    while hooks == 0 || since.elapsed() < STILL {
        if tool.has_ended() {
            bail!("{}", tool.last_words());
        }
        if start.elapsed() > PATIENCE {
            bail!("it has attached nothing after {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(LOOK_EVERY);
        let now = count_hooks(tool.pid());
        if now != hooks {
            (hooks, since) = (now, Instant::now());
        }
    }
    Ok(())
}

/// Descriptors of a process by which its programs and events are attached.
fn count_hooks(pid: u32) -> usize {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return 0 };
    let targets = entries.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    targets
        .filter(|target| {
            let name = target.to_string_lossy();
            name.contains("bpf_link") || name.contains("[perf_event]") || name.contains("bpf-prog")
        })
        .count()
}
