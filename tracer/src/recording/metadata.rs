//! What a reader has to know of a run in order to explain a difference from another one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::machine::{FirstTarget, Machine};
use crate::report::{Cpus, Fold};

/// What was traced, where, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Metadata {
    /// Version of the tracer that wrote this.
    pub tracer: String,
    /// When the window opened: RFC 3339, UTC.
    pub started_at: String,
    /// Length of the window.
    pub window_ns: u64,
    /// The command that was started, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// The machine.
    pub machine: Machine,
    /// CPUs online, and what the first target may use of them.
    pub cpus: Cpus,
    /// How the first target was set up.
    pub first_target: FirstTarget,
    /// How it was traced.
    pub options: Options,
    /// Calls that reached no figure.
    pub lost: u64,
    /// CPU time of the tracer's own process in the window.
    pub reader_cpu_ns: u64,
    /// CPUs, of those that the first target may use, that others kept busy, as a mean over the
    /// window: everything but the targets. Null where that could not be read.
    pub other_cpus: Option<f64>,
    /// Each process, and each program that an exec began.
    pub targets: Vec<Target>,
}

/// How it was traced, as far as that decides what is in the file, or how the live report looked.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Options {
    /// The system calls that have rows.
    pub calls: Vec<String>,
    /// Descendants were targets.
    pub follow: bool,
    /// Groups are threads.
    pub threads: bool,
    /// There is a report for each interval of this length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_ns: Option<u64>,
    /// Samples a second on each CPU that were asked for; 0 for none.
    pub sample_hz: u32,
    /// Pauses are at least this long.
    pub pauses_over_ns: u64,
    /// The live report put processes together like this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<Fold>,
    /// The live report showed histograms.
    pub histograms: bool,
    /// The live report named so many functions.
    pub top: usize,
}

/// A process, running one program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its pid. With `start_ns` and `born_ns` it names the same group of the report.
    pub pid: u32,
    /// Its start, nanoseconds since boot.
    pub start_ns: u64,
    /// Its birth, or the exec that began it, since the window opened; absent if before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub born_ns: Option<u64>,
    /// Its name.
    pub comm: String,
    /// Its program and arguments; absent where it had gone before they could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argv: Option<Vec<String>>,
    /// The variables of its environment that decide how numeric programs run
    /// ([`is_recorded`]), never another one. Absent as `argv`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<BTreeMap<String, String>>,
    /// Units of work that it reported in the window; absent if it reported none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iterations: Option<u64>,
}

/// Whether a variable of a target's environment is recorded.
#[must_use]
pub(super) fn is_recorded(variable: &str) -> bool {
    variable.ends_with("_NUM_THREADS")
        || variable == "GLIBC_TUNABLES"
        || ["MALLOC_", "OMP_", "PYTHON"].iter().any(|prefix| variable.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_variables_that_decide_how_numbers_are_crunched_are_recorded() {
        for recorded in [
            "OPENBLAS_NUM_THREADS",
            "OMP_PROC_BIND",
            "MALLOC_ARENA_MAX",
            "GLIBC_TUNABLES",
            "PYTHONMALLOC",
        ] {
            assert!(is_recorded(recorded), "{recorded}");
        }
        for other in ["PATH", "AWS_SECRET_ACCESS_KEY", "HOME", "MY_PYTHON", "NUM_THREADS_KEY", ""] {
            assert!(!is_recorded(other), "{other}");
        }
    }
}
