//! What the scheduler did, as it is shown.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::{Figures, Options, build::figures, names};
use crate::model::{self, Cause, Processes, Stays, Stretch};

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

/// So many wakers are named.
const WAKERS: usize = 10;

/// The scheduler's part of an account.
pub(super) fn sched(stays: &Stays, processes: &Processes, options: &Options) -> Sched {
    let mut off_cpu: Vec<Sleep> = stays
        .sleeps_in
        .iter()
        .map(|(reason, hist)| Sleep {
            reason: names::sleep_name(*reason),
            count: hist.count(),
            ns: figures(hist, options),
            uninterruptible_ns: stays.uninterruptible_ns.get(reason).copied().unwrap_or(0),
        })
        .collect();
    off_cpu.sort_by_key(|sleep| Reverse(sleep.ns.total));
    let mut wakers: Vec<Waker> = stays
        .wakers
        .iter()
        .map(|(waker, sum)| Waker { wakes: sum.count, slept_ns: sum.ns, ..who(*waker, processes) })
        .collect();
    wakers.sort_by_key(|waker| Reverse(waker.slept_ns));
    wakers.truncate(WAKERS);
    if stays.folded > 0 {
        wakers.clear(); // Some are unknown, and so are the shares of all.
    }
    Sched {
        switches: Switches { voluntary: stays.voluntary, involuntary: stays.involuntary },
        migrations: stays.migrations,
        on_cpu_ns: figures(&stays.stays, options),
        run_queue_ns: figures(&stays.waits, options),
        off_cpu_ns: figures(&stays.sleeps, options),
        off_cpu,
        wakers,
        faults: Faults { minor: stays.minor_faults, major: stays.major_faults },
    }
}

fn who(waker: model::Waker, processes: &Processes) -> Waker {
    let Some((cookie, tid)) = waker else { return Waker::default() };
    let process = processes.get(cookie);
    Waker {
        pid: process.map(|process| process.pid),
        tid: Some(process.map_or(tid, |process| process.shown_tid(tid))),
        comm: process.map(|process| process.comm.clone()),
        ..Waker::default()
    }
}

/// How many ran, or wanted to, at the same time.
#[expect(clippy::cast_precision_loss, reason = "shares and means to a few digits")]
pub(crate) fn concurrency(stretch: &Stretch, stays: &Stays, waiting_ns: u64) -> Concurrency {
    let on_cpu_ns = stays.on_cpu_ns;
    let window = stretch.end_ns.saturating_sub(stretch.start_ns).max(1) as f64;
    let shares = |by_number: &[u64]| {
        // Who ran at once is known only if it is known when everyone ran.
        let known = stays.folded == 0;
        known.then(|| by_number.iter().map(|&ns| ns as f64 / window).collect())
    };
    Concurrency {
        busy_cpus: on_cpu_ns as f64 / window,
        runnable_running: (on_cpu_ns + waiting_ns) as f64 / window,
        running_share: shares(&stretch.concurrency.threads_ns),
        running_processes_share: shares(&stretch.concurrency.processes_ns),
    }
}

/// The longest pauses, longest first.
pub(crate) fn pauses(stretch: &Stretch, processes: &Processes, window_start_ns: u64) -> Vec<Pause> {
    let shown = |pause: &model::Pause| {
        let process = processes.get(pause.cookie);
        Pause {
            start_ns: pause.start_ns.saturating_sub(window_start_ns),
            ns: pause.ns,
            pid: process.map(|process| process.pid),
            tid: process.map_or(pause.tid, |process| process.shown_tid(pause.tid)),
            comm: process.map(|process| process.comm.clone()),
            cause: match pause.cause {
                Cause::Waiting => "waiting for a CPU".to_owned(),
                Cause::Throttled => "throttled".to_owned(),
                Cause::Call(kind) => format!("in {}", names::call_name(kind)),
            },
        }
    };
    stretch.pauses.longest().iter().map(shown).collect()
}
