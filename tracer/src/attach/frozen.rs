//! The configuration that is frozen into the programs.

use std::time::Duration;

use anyhow::Result;
use tracer_common::{
    config::{ABSENT, Config, SYSCALLS, treatment},
    ring::Slot,
};

use crate::kernel::{offsets::Offsets, selection::Selection, syscalls};

/// What of a run the programs have to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The system calls that are sent.
    pub selection: Selection,
    /// Descendants of targets are targets.
    pub follow: bool,
    /// Every user process is a target.
    pub all: bool,
    /// Tell of every exec.
    pub foreign_execs: bool,
    /// Bytes that each CPU's ring may take.
    pub ring_bytes: u32,
    /// Samples a second on each CPU; 0 for none.
    pub sample_hz: u32,
    /// Accounts are kept by thread.
    pub by_thread: bool,
    /// Waits and calls of this length are told of one by one.
    pub pauses_over: Duration,
    /// The time of the programs is counted.
    pub counts_cost: bool,
    /// What is sent may change in the course of the run.
    pub sheds: bool,
}

impl Settings {
    /// Those to try whether the kernel takes the programs: nothing is to be traced.
    #[must_use]
    pub fn trial() -> Self {
        Self {
            selection: Selection::default(),
            follow: true,
            all: false,
            foreign_execs: false,
            ring_bytes: 64 << 10,
            sample_hz: 0,
            by_thread: false,
            pauses_over: Duration::from_millis(200),
            counts_cost: false,
            sheds: false,
        }
    }
}

/// The calls that are not plain.
const SHAPES: [(&str, u8); 15] = [
    ("brk", treatment::BRK),
    ("mmap", treatment::MAPPING),
    ("munmap", treatment::BYTES_IN_SECOND),
    ("madvise", treatment::BYTES_IN_SECOND),
    ("mprotect", treatment::BYTES_IN_SECOND),
    ("mremap", treatment::BYTES_IN_THIRD),
    ("futex", treatment::FUTEX),
    ("futex_wait", treatment::FUTEX_WORD),
    ("futex_wake", treatment::FUTEX_WORD),
    ("rt_sigreturn", treatment::SIGRETURN),
    ("restart_syscall", treatment::RESTART),
    ("fork", treatment::FORK),
    ("vfork", treatment::FORK),
    ("clone", treatment::FORK),
    ("clone3", treatment::FORK),
];

/// Puts together what the settings and the running kernel's BTF say.
///
/// # Errors
/// If the kernel has no BTF or lacks a field.
pub(super) fn config(settings: &Settings) -> Result<Config> {
    let offsets = Offsets::from_kernel()?;
    let [first, second, third, fourth] = offsets.arguments;
    Ok(Config {
        task_pid: offsets.pid,
        task_tgid: offsets.tgid,
        task_comm: offsets.comm,
        task_start: offsets.start_boottime,
        task_mm: offsets.mm,
        task_leader: offsets.group_leader,
        task_parent: offsets.real_parent,
        task_signal: offsets.signal,
        task_exit_code: offsets.exit_code,
        task_utime: offsets.utime,
        task_stime: offsets.stime,
        task_min_flt: offsets.min_flt,
        task_maj_flt: offsets.maj_flt,
        task_state: offsets.state,
        task_throttled: offsets.throttled.unwrap_or(ABSENT),
        task_on_cpu: offsets.on_cpu,
        task_cpu: offsets.cpu,
        task_status: offsets.status.unwrap_or(ABSENT),
        task_thread_pid: offsets.thread_pid,
        pid_level: offsets.pid_level,
        pid_numbers: offsets.pid_numbers,
        upid_size: offsets.upid_size,
        signal_live: offsets.live,
        mm_brk: offsets.mm_brk,
        mm_mmap_lock: offsets.mmap_lock.unwrap_or(ABSENT),
        regs_arg0: first,
        regs_arg1: second,
        regs_arg2: third,
        regs_arg3: fourth,
        regs_nr: offsets.syscall_number,
        regs_sp: offsets.stack_pointer,
        regs_ip: offsets.instruction_pointer,
        regs_cx: offsets.status.and(offsets.count_register).unwrap_or(ABSENT),
        ring_slots: Slot::fit(settings.ring_bytes),
        task_exec_runtime: offsets.exec_runtime,
        follow: settings.follow.into(),
        all: settings.all.into(),
        foreign_execs: settings.foreign_execs.into(),
        by_thread: settings.by_thread.into(),
        sheds: settings.sheds.into(),
        pauses_over_us: settings.pauses_over.as_micros().try_into().unwrap_or(u32::MAX),
        treatment: treatments(&settings.selection),
    })
}

fn treatments(selection: &Selection) -> [u8; SYSCALLS] {
    let mut table = [treatment::PLAIN; SYSCALLS];
    for (name, shape) in SHAPES {
        if let Some(nr) = syscalls::number(name) {
            table[nr as usize % SYSCALLS] = shape;
        }
    }
    for nr in selection.iter() {
        table[nr as usize % SYSCALLS] |= treatment::SENT;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_call_has_a_number_or_is_new() {
        for (name, _) in SHAPES {
            let old = !matches!(name, "futex_wait" | "futex_wake" | "fork" | "vfork");
            assert!(syscalls::number(name).is_some() || !old, "{name} is no system call");
        }
    }

    #[test]
    fn the_calls_selected_are_sent_and_no_others() {
        let brk = syscalls::number("brk").unwrap() as usize;
        let futex = syscalls::number("futex").unwrap() as usize;
        let table = treatments(&Selection::parse(&["brk"]).unwrap());
        assert_eq!(table[brk], treatment::SENT | treatment::BRK);
        assert_eq!(table[futex], treatment::FUTEX);
    }
}
