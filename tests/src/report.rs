//! Reports that the tracer wrote as JSON.

use std::fmt;

use serde_json::Value;

/// A report of one window, or of one interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Report(pub Value);

impl Report {
    /// Reads the one report in this text.
    #[track_caller]
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_else(|e| panic!("{e} in the report:\n{text}")))
    }

    /// Reads a report from each line: those of the intervals, and that of the whole.
    #[track_caller]
    #[must_use]
    pub fn parse_lines(text: &str) -> Vec<Self> {
        text.lines().map(Self::parse).collect()
    }

    /// The accounts of processes.
    #[track_caller]
    #[must_use]
    pub fn processes(&self) -> &[Value] {
        self.0["processes"].as_array().unwrap_or_else(|| panic!("no processes in {self}"))
    }

    /// The pids that have accounts, in rising order, each as often as it has one.
    #[must_use]
    pub fn pids(&self) -> Vec<i32> {
        let mut pids: Vec<i32> = self.processes().iter().filter_map(pid).collect();
        pids.sort_unstable();
        pids
    }

    /// The only account of a process.
    #[track_caller]
    #[must_use]
    pub fn process(&self, wanted: i32) -> &Value {
        let mut found = self.processes().iter().filter(|process| pid(process) == Some(wanted));
        let process = found.next().unwrap_or_else(|| panic!("no process {wanted} in {self}"));
        assert!(found.next().is_none(), "two accounts of process {wanted} in {self}");
        process
    }

    /// A figure of one call of a process, such as `calls`, `errors` or `unpaired`: 0 without a row.
    #[track_caller]
    #[must_use]
    pub fn count(&self, pid: i32, call: &str, figure: &str) -> u64 {
        row(self.process(pid), call).map_or(0, |row| number(row, figure))
    }

    /// A figure of one call of all processes: 0 without a row.
    #[track_caller]
    #[must_use]
    pub fn total(&self, call: &str, figure: &str) -> u64 {
        row(&self.0["total"], call).map_or(0, |row| number(row, figure))
    }

    /// A figure of how far the others can be believed, such as `lost`.
    #[track_caller]
    #[must_use]
    pub fn trust(&self, figure: &str) -> u64 {
        number(&self.0["trust"], figure)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

/// The row of a call in an account.
#[must_use]
pub fn row<'a>(account: &'a Value, call: &str) -> Option<&'a Value> {
    account["syscalls"].as_array()?.iter().find(|row| row["name"] == call)
}

/// A number in a JSON object.
#[track_caller]
#[must_use]
pub fn number(object: &Value, name: &str) -> u64 {
    object[name].as_u64().unwrap_or_else(|| panic!("no number `{name}` in {object:#}"))
}

fn pid(process: &Value) -> Option<i32> {
    process["pid"].as_i64()?.try_into().ok()
}
