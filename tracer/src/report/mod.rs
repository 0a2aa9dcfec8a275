//! What is shown: the accounts of [`model`](crate::model) as shares, percentiles and sums.
//!
//! These types are the JSON that `--format json` prints, field for field; `docs/json.md` describes
//! it. All times are integer nanoseconds. What is not known is absent, or null, never 0.

mod births;
mod budget;
mod build;
mod drafts;
mod figures;
mod futexes;
mod locks;
mod names;
mod row;
mod samples;
mod sched;
mod shed;
mod trust;

pub use births::Births;
pub use budget::{Method, Uncertainty};
pub use build::{Options, Shown, groups, processes};
pub use figures::{Bucket, Figures};
pub use futexes::Futex;
pub(crate) use locks::lock_kinds;
pub use locks::{Lock, LockPlace, Throttling};
pub(crate) use names::{BRK, number_of_row, stands_for};
pub use row::Row;
pub use samples::{Function, Library, Samples};
pub(crate) use sched::pauses;
pub use sched::{Concurrency, Faults, Pause, Sched, Sleep, Switches, Waker};
pub use shed::{Detail, Shed};
pub use trust::Trust;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::verdicts::Diagnosis;

/// Version of the JSON: raised when a field changes its meaning or goes. New fields do not raise it.
pub const SCHEMA: u32 = 1;

/// How processes are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fold {
    /// Each by itself.
    Process,
    /// Those of one name together.
    Comm,
    /// All in one.
    All,
}

/// One report: of the whole window, or of an interval of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`]
    pub schema: u32,
    /// Length of the window, or of the interval.
    pub window_ns: u64,
    /// Which interval this is; absent in the report of the whole window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// The command that was started, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// What stands out; absent in the report of an interval, which is too short a time to judge by.
    #[serde(flatten)]
    pub diagnosis: Option<Diagnosis>,
    /// What the machine, and the targets, have to run on.
    pub cpus: Cpus,
    /// The accounts, longest total time in calls first.
    pub processes: Vec<Group>,
    /// The same over all processes: nobody's, so without a pid or a name.
    pub total: Group,
    /// How many threads ran, or wanted to run, at the same time.
    pub concurrency: Concurrency,
    /// What a CPU quota did; absent where none is known of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttling: Option<Throttling>,
    /// The longest pauses over the threshold, longest first.
    pub pauses: Vec<Pause>,
    /// How far the figures can be believed.
    pub trust: Trust,
}

/// Place of an interval in the window.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Interval {
    /// Counted from 1.
    pub index: u64,
    /// Its beginning, since the window opened.
    pub start_ns: u64,
}

/// CPUs, and what may be used of them.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Cpus {
    /// Online in the machine; null where that is not known.
    pub online: Option<u32>,
    /// Allowed to the first target by its affinity; null where that is not known.
    pub allowed: Option<u32>,
    /// CPU quota of the targets' control groups, in CPUs; absent where there is none, or none is visible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<f64>,
}

/// The account of a process, or of several folded together.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Group {
    /// The process, as the caller's pid namespace has it; absent when several are folded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Its parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ppid: Option<u32>,
    /// Its thread, with `--threads`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tid: Option<u32>,
    /// Its start, nanoseconds since boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_ns: Option<u64>,
    /// Its name; with several, the name they share, or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comm: Option<String>,
    /// How many processes this is the account of.
    pub processes: u64,
    /// Threads that were alive in the window, at any time.
    pub threads: u64,
    /// Time in the window, summed over its threads: what shares are shares of.
    pub thread_ns: u64,
    /// When it was born, since the window opened; absent if it was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub born_ns: Option<u64>,
    /// When it ended, since the window opened; absent if it lives on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exited_ns: Option<u64>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
    /// A row for each system call, longest total time first.
    pub syscalls: Vec<Row>,
    /// Where all of `thread_ns` went.
    pub budget: Budget,
    /// What the scheduler did with its threads.
    pub sched: Sched,
    /// Where its threads were while on a CPU; absent where the CPUs were not sampled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<Samples>,
    /// Waits for the kernel's own locks, longest time first, in the total with the calls that they
    /// were in; null where the kernel does not tell.
    pub locks: Option<Vec<Lock>>,
    /// Its futex calls by the word they are about, the busiest first; of one process alone, for an
    /// address says nothing beyond it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub futexes: Vec<Futex>,
    /// Processes that targets gave birth to in the window; in the total alone, and absent if none
    /// did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub births: Option<Births>,
}

/// All of the thread time of a group, by cause.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Budget {
    /// On a CPU in user mode. Null where there were neither samples nor clock ticks enough to tell
    /// user mode from the kernel; then it is in `outside_calls_ns` only.
    pub user_ns: Option<u64>,
    /// On a CPU in the kernel, by system call; those that have no row together as "other".
    pub kernel_ns: BTreeMap<String, u64>,
    /// On a CPU in page faults outside of system calls. Null where there are no samples to tell;
    /// then it is in `other_kernel_ns`.
    pub faults_ns: Option<u64>,
    /// On a CPU in interrupts outside of system calls. Null as `faults_ns`.
    pub irq_ns: Option<u64>,
    /// On a CPU in the kernel outside of system calls otherwise. Null as `user_ns`.
    pub other_kernel_ns: Option<u64>,
    /// On a CPU outside of system calls: exact, and what the four above split, to the nanosecond.
    pub outside_calls_ns: u64,
    /// What that split rests on; null where there is none.
    pub sampled: Option<Uncertainty>,
    /// Waiting for a CPU, without `throttled_ns`.
    pub runnable_ns: u64,
    /// Waiting for a CPU because a quota was used up; null where the kernel does not mark it.
    pub throttled_ns: Option<u64>,
    /// Asleep, by what it slept in: a system call, "page fault", "stopped", "unknown".
    pub blocked_ns: BTreeMap<String, u64>,
    /// The rest of `thread_ns`.
    pub unaccounted_ns: u64,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It exited with this status.
    Exited(i32),
    /// This signal killed it.
    Signalled(i32),
    /// It became another program, which has an account of its own.
    Exec,
}

#[cfg(test)]
mod tests;
