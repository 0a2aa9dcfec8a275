//! What `strace` counts.

use std::{collections::BTreeMap, process::Command};

use crate::{report::number, run};

/// Calls and errors of a program and all it starts, by name.
pub type Counts = BTreeMap<String, (u64, u64)>;

/// Lets `strace -f -c` count the calls of a command, from its execve on.
///
/// Calls that do not come back, such as `exit_group`, are not in its table.
#[track_caller]
#[must_use]
pub fn counts(program_and_arguments: &[&str]) -> Counts {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut strace = Command::new("strace");
    strace.args(["-f", "-c", "-U", "calls,errors,name", "-o"]).arg(file.path());
    let _finished = run(strace.args(program_and_arguments)).expect(0);
    let table = std::fs::read_to_string(file.path()).unwrap();
    let mut counts = Counts::new();
    for line in table.lines() {
        let columns: Vec<_> = line.split_ascii_whitespace().collect();
        let Some(Ok(calls)) = columns.first().map(|calls| calls.parse()) else {
            continue; // The heading, or a ruler.
        };
        let (errors, name) = match columns[1..] {
            [name] => (0, name),
            [errors, name] => (errors.parse().unwrap(), name),
            _ => panic!("a line of strace's that is not understood: {line}"),
        };
        if name != "total" {
            counts.insert(name.to_owned(), (calls, errors));
        }
    }
    assert!(!counts.is_empty(), "strace counted nothing:\n{table}");
    counts
}

/// Bytes that the successful `mmap` of a command ask for, as `strace` shows them: in all, and of files.
#[track_caller]
#[must_use]
pub fn mapped(program_and_arguments: &[&str]) -> (u64, u64) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut strace = Command::new("strace");
    strace.args(["-f", "-q", "-e", "trace=mmap", "-e", "signal=none", "-o"]).arg(file.path());
    let _finished = run(strace.args(program_and_arguments)).expect(0);
    let text = std::fs::read_to_string(file.path()).unwrap();
    let (mut all, mut of_files) = (0, 0);
    for line in text.lines().filter(|line| line.contains(" mmap(") && line.contains(") = 0x")) {
        let length: u64 = line.split(", ").nth(1).unwrap().parse().unwrap();
        all += length;
        of_files += if line.contains("MAP_ANONYMOUS") { 0 } else { length };
    }
    assert!(of_files > 0, "strace saw no mapping of a file:\n{text}");
    (all, of_files)
}

/// What `strace` would count of the calls of a report: the three kinds of `brk` are one to it, which has
/// no errors, as it has no errno.
#[track_caller]
#[must_use]
pub fn as_strace(rows: &[serde_json::Value]) -> Counts {
    let mut counts = Counts::new();
    for row in rows.iter().filter(|row| number(row, "calls") > 0) {
        let name = row["name"].as_str().unwrap();
        let is_brk = name.starts_with("brk ");
        let entry = counts.entry(if is_brk { "brk" } else { name }.to_owned()).or_default();
        entry.0 += number(row, "calls");
        entry.1 += if is_brk { 0 } else { number(row, "errors") };
    }
    counts
}
