//! What is shown: the accounts of [`model`](crate::model) as shares, percentiles and sums.
//!
//! These types are the JSON that `--format json` prints, field for field; `docs/json.md` describes
//! it. All times are integer nanoseconds. What is not known is absent, or null, never 0.

mod births;
mod budget;
mod build;
mod drafts;
mod futexes;
mod locks;
mod names;
mod samples;
mod sched;
mod shed;

pub use births::Births;
pub use budget::{Method, Uncertainty};
pub use build::{Options, Shown, groups, processes};
pub use futexes::Futex;
pub(crate) use locks::lock_kinds;
pub use locks::{Lock, LockPlace, Throttling};
pub(crate) use names::{BRK, number_of_row, stands_for};
pub use samples::{Function, Library, Samples};
pub(crate) use sched::pauses;
pub use shed::{Detail, Shed};

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

/// What the scheduler did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sched {
    /// How often its threads left a CPU.
    pub switches: Switches,
    /// How often they came onto another CPU than before.
    pub migrations: u64,
    /// Lengths of the stays on a CPU.
    pub on_cpu_ns: Figures,
    /// Waits for a CPU, each from runnable to running.
    pub run_queue_ns: Figures,
    /// Sleeps, each from leaving the CPU to being woken.
    pub off_cpu_ns: Figures,
    /// The same by what they slept in, longest total first.
    pub off_cpu: Vec<Sleep>,
    /// Who woke its threads, most time slept first; at most ten. None where stays were summed in
    /// the kernel, for then it is unknown.
    pub wakers: Vec<Waker>,
    /// Page faults served without I/O, and with it.
    pub faults: Faults,
}

/// How often threads left a CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switches {
    /// To sleep.
    pub voluntary: u64,
    /// Able to go on: preempted, or by `sched_yield`.
    pub involuntary: u64,
}

/// Page faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faults {
    /// Without I/O.
    pub minor: u64,
    /// With I/O.
    pub major: u64,
}

/// Sleeps for one reason.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sleep {
    /// What the thread slept in: a system call, "page fault", "stopped", "unknown".
    pub reason: String,
    /// How often.
    pub count: u64,
    /// How long.
    pub ns: Figures,
    /// The part of it that nothing could have interrupted: in most calls that is I/O, or a wait for
    /// one of the kernel's own semaphores.
    #[serde(default)]
    pub uninterruptible_ns: u64,
}

/// Who ended sleeps.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Waker {
    /// The process; absent for timers, interrupts and whoever is no target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Its thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tid: Option<u32>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comm: Option<String>,
    /// How many sleeps it ended.
    pub wakes: u64,
    /// How long these were, together.
    pub slept_ns: u64,
}

/// How many target threads were on a CPU, or wanted to be, at the same time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Concurrency {
    /// Mean number of CPUs that targets were on.
    pub busy_cpus: f64,
    /// Mean number of threads that were on a CPU or waited for one.
    pub runnable_running: f64,
    /// Share of the window in which 0, 1, 2 … target threads were on a CPU at once. Absent where
    /// stays were summed in the kernel, for then it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_share: Option<Vec<f64>>,
    /// Share of the window in which threads of 0, 1, 2 … target processes were on a CPU at once;
    /// absent as `running_share`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_processes_share: Option<Vec<f64>>,
}

/// A long stretch in which a thread that wanted to run did not, or sat in one call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pause {
    /// When it began, since the window opened.
    pub start_ns: u64,
    /// How long it was.
    pub ns: u64,
    /// The process; null if its birth was lost.
    pub pid: Option<u32>,
    /// The thread.
    pub tid: u32,
    /// The name of the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comm: Option<String>,
    /// What it was: "waiting for a CPU", "throttled", or "in CALL".
    pub cause: String,
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

/// One system call.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Row {
    /// Its name. `brk` is three: "brk grow", "brk shrink", "brk query". 32-bit calls are "32-bit N".
    pub name: String,
    /// Completed calls.
    pub calls: u64,
    /// Of these, how many failed.
    pub errors: u64,
    /// Ends without a beginning: in the call when tracing began. No part of `calls`.
    pub unpaired: u64,
    /// Open at the end of the window. No part of `calls`.
    pub in_flight: u64,
    /// How long the longest open call had lasted by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight_longest_ns: Option<u64>,
    /// Cut off by the death of their thread. No part of `calls`.
    pub ended_by_exit: u64,
    /// Of `calls`, how many were summed in the kernel: their percentiles are coarser, or unknown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub folded: u64,
    /// Bytes that the completed, successful calls asked for, where they ask for bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Of these, bytes that were taken when as many had been given back before; for "brk grow" and
    /// "mmap".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again_bytes: Option<u64>,
    /// When the last of the completed calls ended, since the window opened; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ns: Option<u64>,
    /// Elapsed time of the completed calls.
    pub wall_ns: Figures,
    /// Part of it running in the kernel.
    pub on_cpu_ns: Figures,
    /// Part of it waiting for a CPU.
    pub runnable_ns: Figures,
    /// Part of it sleeping.
    pub blocked_ns: Figures,
}

/// A distribution in a few figures. Those other than the total are null without a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Exact sum.
    pub total: u64,
    /// Exact mean.
    pub mean: Option<u64>,
    /// Median, to two significant digits, like all percentiles.
    pub p50: Option<u64>,
    /// 90th percentile.
    pub p90: Option<u64>,
    /// 99th percentile.
    pub p99: Option<u64>,
    /// 99.9th percentile.
    pub p999: Option<u64>,
    /// Exact maximum.
    pub max: Option<u64>,
    /// The distribution itself, with `--histograms`: a bar for each doubling of time, from the first
    /// that is used to the last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub histogram: Vec<Bucket>,
    /// The distribution in full, as [`Hist::encoded`](crate::model::Hist::encoded) has it; in
    /// recordings alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hdr: Option<String>,
}

/// One bar of a histogram: `from_ns <= time < to_ns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Lower edge.
    pub from_ns: u64,
    /// Upper edge.
    pub to_ns: u64,
    /// Times in it.
    pub count: u64,
}

/// How far the figures can be believed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Trust {
    /// Calls that reached no figure.
    pub lost: u64,
    /// Calls that were summed in the kernel: count, sum and maximum are exact, percentiles coarser.
    pub folded: u64,
    /// Stays on a CPU that were.
    pub folded_stays: u64,
    /// Ends without a beginning.
    pub unpaired: u64,
    /// Calls open at the end.
    pub in_flight: u64,
    /// Calls cut off by the death of their thread.
    pub ended_by_exit: u64,
    /// CPU time of the tracer's own process in the window.
    pub reader_cpu_ns: u64,
    /// CPU time of its programs in the kernel; null where it was not measured.
    pub program_ns: Option<u64>,
    /// How often they ran; null where it was not counted.
    pub program_runs: Option<u64>,
    /// How often the kernel left one out, because it was running on that CPU already.
    #[serde(default)]
    pub recursion_misses: u64,
    /// When more, or less, was told in detail, under `--budget`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shed: Vec<Shed>,
    /// What else a reader has to know, each a sentence.
    pub notes: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests;
