//! Workloads at work, and the truth that they tell about it.

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::Value;

use crate::{Finished, Running, programs, report::number};

/// A workload that waits for a sign to begin.
#[derive(Debug)]
pub struct Workload {
    running: Running,
    ready: Value,
}

/// What a workload says that a process of it did.
#[derive(Clone, Debug)]
pub struct Truth(pub Value);

impl Workload {
    /// Starts `workloads` with these arguments, and waits until everything that counts is in place
    /// and nothing that counts has happened.
    #[track_caller]
    #[must_use]
    pub fn waiting(arguments: &str) -> Self {
        Self::waiting_as(&mut programs::workloads(), arguments)
    }

    /// The same under another name: `program` leads to `workloads`.
    #[track_caller]
    #[must_use]
    pub fn waiting_named(program: &Path, arguments: &str) -> Self {
        Self::waiting_as(&mut Command::new(program), arguments)
    }

    /// The same on one CPU.
    #[track_caller]
    #[must_use]
    pub fn waiting_on_cpu(cpu: usize, arguments: &str) -> Self {
        let mut taskset = Command::new("taskset");
        taskset.args(["--cpu-list", &cpu.to_string()]).arg(programs::workloads().get_program());
        Self::waiting_as(&mut taskset, arguments)
    }

    /// The same by a command that ends up in `workloads`.
    #[track_caller]
    #[must_use]
    pub fn waiting_as(command: &mut Command, arguments: &str) -> Self {
        command.args(arguments.split_ascii_whitespace()).arg("--start-after-stdin");
        let mut running = Running::start(command);
        let ready = parse(&running.first_line());
        assert_eq!(ready["ready"], true, "the first line of {running}");
        Self { running, ready }
    }

    /// Its process id, as it sees it itself.
    #[track_caller]
    #[must_use]
    pub fn pid(&self) -> i32 {
        pid(&self.ready["pid"])
    }

    /// The process id of what was started: itself, unless it was started by another program.
    #[must_use]
    pub fn started_pid(&self) -> i32 {
        self.running.pid()
    }

    /// Its threads besides the first, as far as they exist already.
    #[track_caller]
    #[must_use]
    pub fn tids(&self) -> Vec<i32> {
        pids(&self.ready["tids"])
    }

    /// Its descendants, as far as they exist already.
    #[track_caller]
    #[must_use]
    pub fn children(&self) -> Vec<i32> {
        pids(&self.ready["children"])
    }

    /// Gives the sign to begin.
    #[track_caller]
    pub fn go(&mut self) {
        self.running.say("\n");
    }

    /// Waits until this many of its processes have told their truth.
    #[track_caller]
    #[must_use]
    pub fn truths(&mut self, count: usize) -> Vec<Truth> {
        self.running.wait_until("all truths are told", |it| {
            let text = it.stdout();
            let told: Vec<_> =
                text.split_inclusive('\n').filter(|line| line.ends_with('\n')).collect();
            let truths = told.get(1..=count)?;
            Some(truths.iter().map(|line| Truth(parse(line))).collect())
        })
    }

    /// Waits until its only process has told its truth.
    #[track_caller]
    #[must_use]
    pub fn truth(&mut self) -> Truth {
        self.truths(1).remove(0)
    }

    /// Has it do its work, and gives the truth of its only process.
    #[track_caller]
    #[must_use]
    pub fn work(&mut self) -> Truth {
        self.go();
        self.truth()
    }

    /// Lets it end, and waits for that.
    #[track_caller]
    pub fn finish(&mut self) -> Finished {
        self.running.finish().expect(0)
    }
}

impl Truth {
    /// The process that it is about.
    #[track_caller]
    #[must_use]
    pub fn pid(&self) -> i32 {
        pid(&self.0["pid"])
    }

    /// How many calls it made, by the names that the tracer has for them.
    #[track_caller]
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u64> {
        by_name(&self.0["calls"])
    }

    /// How many of them failed, likewise.
    #[track_caller]
    #[must_use]
    pub fn errors(&self) -> BTreeMap<String, u64> {
        by_name(&self.0["errors"])
    }

    /// A number it tells, such as `start_ns`.
    #[track_caller]
    #[must_use]
    pub fn number(&self, name: &str) -> u64 {
        number(&self.0, name)
    }
}

/// The names of 32-bit calls are numbers to the tracer: it has no table of them.
fn by_name(counts: &Value) -> BTreeMap<String, u64> {
    let counts = counts.as_object().unwrap_or_else(|| panic!("no counts by name: {counts}"));
    let name = |name: &str| match name {
        "compat getpid" => "32-bit 20".to_owned(),
        "compat chdir" => "32-bit 12".to_owned(),
        other => other.to_owned(),
    };
    counts.iter().map(|(of, count)| (name(of), count.as_u64().unwrap())).collect()
}

#[track_caller]
fn parse(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in what a workload said: {line}"))
}

fn pids(list: &Value) -> Vec<i32> {
    list.as_array().map_or_else(Vec::new, |list| list.iter().map(pid).collect())
}

#[track_caller]
fn pid(value: &Value) -> i32 {
    let pid = value.as_i64().unwrap_or_else(|| panic!("no process id: {value}"));
    i32::try_from(pid).unwrap()
}
