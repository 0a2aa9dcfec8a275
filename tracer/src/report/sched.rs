//! What the scheduler did, as it is shown.

use std::cmp::Reverse;

use super::{
    Concurrency, Faults, Options, Pause, Sched, Sleep, Switches, Waker, build::figures, names,
};
use crate::model::{self, Cause, Processes, Stays, Stretch};

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
