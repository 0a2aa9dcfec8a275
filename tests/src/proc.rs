//! What `/proc` says of processes.

use std::fs;

use procfs::{CurrentSI as _, process::Process};

use crate::wait_until;

/// Waits until a thread is in a `futex` call.
#[track_caller]
pub fn wait_until_in_futex(tid: i32) {
    let number = format!("{} ", nix::libc::SYS_futex);
    wait_until(&format!("thread {tid} is in a futex call"), || {
        let call = fs::read_to_string(format!("/proc/{tid}/syscall")).unwrap();
        call.starts_with(&number).then_some(())
    });
}

/// The only child of a process.
#[track_caller]
#[must_use]
pub fn child_of(pid: i32) -> i32 {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    children.trim().parse().unwrap_or_else(|_| panic!("children of {pid}: '{children}'"))
}

/// How many threads a process has.
#[track_caller]
#[must_use]
pub fn threads(pid: i32) -> u64 {
    Process::new(pid).unwrap().tasks().unwrap().count() as u64
}

/// A child of a process, if it has one.
#[must_use]
pub fn find_child(pid: i32) -> Option<i32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_ascii_whitespace().next()?.parse().ok()
}

/// The name of a process, if there is one.
#[must_use]
pub fn comm(pid: i32) -> Option<String> {
    Some(fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim_end().to_owned())
}

/// When a process started, in ticks since boot, and how many ticks a second has.
#[track_caller]
#[must_use]
pub fn start(pid: i32) -> (u64, u64) {
    (Process::new(pid).unwrap().stat().unwrap().starttime, procfs::ticks_per_second())
}

/// What the scheduler says that processes have done, all their living threads together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scheduled {
    /// Time on a CPU (the first field of `schedstat`).
    pub on_cpu_ns: u64,
    /// Time waiting for one (the second).
    pub waited_ns: u64,
    /// Voluntary and other switches (of `status`).
    pub switches: u64,
}

impl Scheduled {
    /// As of now.
    #[track_caller]
    #[must_use]
    pub fn of(pids: &[i32]) -> Self {
        let tasks = pids.iter().flat_map(|&pid| Process::new(pid).unwrap().tasks().unwrap());
        tasks.map(Result::unwrap).fold(Self::default(), |sum, task| {
            let schedstat = task.schedstat().unwrap();
            let status = task.status().unwrap();
            let switches = status.voluntary_ctxt_switches.unwrap()
                + status.nonvoluntary_ctxt_switches.unwrap();
            Self {
                on_cpu_ns: sum.on_cpu_ns + schedstat.sum_exec_runtime,
                waited_ns: sum.waited_ns + schedstat.run_delay,
                switches: sum.switches + switches,
            }
        })
    }

    /// What was done since then.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            on_cpu_ns: self.on_cpu_ns - before.on_cpu_ns,
            waited_ns: self.waited_ns - before.waited_ns,
            switches: self.switches - before.switches,
        }
    }
}

/// How often the scheduler has put a thread onto another CPU; `None` of a kernel that does not say.
#[track_caller]
#[must_use]
pub fn migrations(tid: i32) -> Option<u64> {
    let sched = fs::read_to_string(format!("/proc/{tid}/sched")).ok()?;
    let line = sched.lines().find(|line| line.starts_with("se.nr_migrations"))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// CPU time that a hypervisor has taken from this machine, on all CPUs, to a tick.
#[track_caller]
#[must_use]
pub fn steal_ns() -> u64 {
    let ticks = procfs::KernelStats::current().unwrap().total.steal.unwrap_or(0);
    (ticks + 1) * 1_000_000_000 / procfs::ticks_per_second()
}

/// The pid of a process in the pid namespace that it lives in.
#[track_caller]
#[must_use]
pub fn innermost_pid(pid: i32) -> i32 {
    let status = Process::new(pid).unwrap().status().unwrap();
    status.nspid.and_then(|pids| pids.last().copied()).expect("a kernel that shows NSpid")
}
