//! A workload run under strace: its lines, and the calls that strace saw.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

/// How often each call was made, by name.
pub(crate) type Counts = BTreeMap<String, u64>;

/// Calls of which a workload says that it makes no more than it states.
pub(crate) const STATED: [&str; 9] =
    ["brk", "mmap", "munmap", "madvise", "mprotect", "mremap", "futex", "sched_yield", "nanosleep"];

/// One run.
pub(crate) struct Run {
    /// How strace, and so the workload, ended.
    pub(crate) status: ExitStatus,
    /// The JSON lines.
    pub(crate) lines: Vec<Value>,
    /// What strace wrote, in order.
    pub(crate) events: Vec<Event>,
}

/// A line of strace's.
#[derive(Debug)]
pub(crate) struct Event {
    /// The thread.
    pub(crate) tid: i64,
    /// The call's name, if the line shows a call's beginning.
    pub(crate) entered: Option<String>,
    /// The whole line but the thread.
    pub(crate) text: String,
}

impl Event {
    fn parse(line: &str) -> Option<Self> {
        let (tid, text) = line.split_once(' ')?;
        let text = text.trim_start();
        let name = text.split_once('(').map(|(name, _)| name);
        let is_name = |name: &&str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        let entered = name.filter(is_name).map(str::to_owned);
        Some(Self { tid: tid.parse().ok()?, entered, text: text.to_owned() })
    }

    /// Whether this is the beginning of `call`.
    pub(crate) fn enters(&self, call: &str) -> bool {
        self.entered.as_deref() == Some(call)
    }

    /// Whether this writes a JSON line with `key`.
    fn tells(&self, key: &str) -> bool {
        self.enters("write") && self.text.contains(&format!("{{\\\"{key}\\\":"))
    }
}

/// Runs the workload with `arguments` under `strace -f`, with `input` as its standard input.
pub(crate) fn run(arguments: &[&str], input: &str) -> Result<Run> {
    static FILES: AtomicU32 = AtomicU32::new(0);
    let name = format!("{}-{}", std::process::id(), FILES.fetch_add(1, Ordering::Relaxed));
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("strace-{name}.txt"));
    let mut strace = Command::new("strace")
        .args(["-f", "-s", "64", "-o"])
        .arg(&file)
        .arg(env!("CARGO_BIN_EXE_workloads"))
        .args(arguments)
        // What a developer has set must not change what malloc does.
        .env_clear()
        .envs(env::vars_os().filter(|(name, _)| name == "PATH"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => anyhow!(
                "strace is not installed, and these tests compare with it: install the package \
                 strace"
            ),
            _ => error.into(),
        })?;
    if let Some(mut stdin) = strace.stdin.take() {
        stdin.write_all(input.as_bytes()).context("cannot write to the workload")?;
    }
    let output = strace.wait_with_output().context("cannot wait for strace")?;
    let lines = String::from_utf8(output.stdout)?;
    let lines = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let text = fs::read_to_string(&file).context("cannot read what strace wrote")?;
    fs::remove_file(&file)?;
    let events = text.lines().filter_map(Event::parse).collect();
    Ok(Run { status: output.status, lines, events })
}

impl Run {
    /// The lines of truth: all but the ready line.
    pub(crate) fn truths(&self) -> Vec<&Value> {
        self.lines.iter().filter(|line| line.get("ready").is_none()).collect()
    }

    /// The only line of truth.
    pub(crate) fn truth(&self) -> Result<&Value> {
        match self.truths().as_slice() {
            [truth] => Ok(truth),
            others => bail!("{} lines of truth where one was expected", others.len()),
        }
    }

    /// How often `tids` began each call, from the ready line of any process (or from the start, if
    /// there is none) to the truth that one of `tids` tells.
    pub(crate) fn counts(&self, tids: &[i64]) -> Counts {
        let ready = self.events.iter().position(|event| event.tells("ready"));
        let after = ready.map_or(0, |at| at + 1);
        let mine = self.events[after..].iter().filter(|event| tids.contains(&event.tid));
        let mut counts = Counts::new();
        for event in mine.take_while(|event| !event.tells("workload")) {
            if let Some(name) = &event.entered {
                *counts.entry(name.clone()).or_default() += 1;
            }
        }
        counts
    }

    /// As [`Run::counts`], only of the calls a workload states.
    pub(crate) fn stated(&self, tids: &[i64]) -> Counts {
        let mut counts = self.counts(tids);
        counts.retain(|name, _| STATED.contains(&name.as_str()));
        counts
    }

    /// How many events of `tid` have `text` in them.
    pub(crate) fn mentions(&self, tid: i64, text: &str) -> usize {
        self.events.iter().filter(|event| event.tid == tid && event.text.contains(text)).count()
    }

    /// The breaks of `tid` that `brk` calls left behind, in order.
    pub(crate) fn breaks(&self, tid: i64) -> Result<Vec<i64>> {
        // A call that another thread's line cuts in two has its result on the second line.
        let ends = |event: &&Event| {
            let call = event.enters("brk") && !event.text.ends_with("<unfinished ...>");
            event.tid == tid && (call || event.text.starts_with("<... brk resumed>"))
        };
        let break_after = |event: &Event| {
            let (_, address) = event.text.rsplit_once("= 0x").context("brk without a result")?;
            i64::from_str_radix(address, 16).context("brk without an address")
        };
        self.events.iter().filter(ends).map(break_after).collect()
    }
}

/// A number in a line.
pub(crate) fn number(line: &Value, path: &str) -> Result<i64> {
    line.pointer(path)
        .and_then(Value::as_i64)
        .with_context(|| format!("no number at {path} in {line}"))
}

/// All numbers in a list of a line; none if there is no list.
pub(crate) fn numbers(line: &Value, path: &str) -> Vec<i64> {
    let list = line.pointer(path).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_i64).collect()
}
