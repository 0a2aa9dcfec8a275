//! What is read from the machine before it is judged.

use std::collections::BTreeSet;
use std::fs;

use crate::kernel::btf::{Argument, Btf, kernel_bytes};
use crate::kernel::cgroup::Hierarchies;
use crate::kernel::offsets::Offsets;
use crate::kernel::proc::{PidNamespace, inode_of_link, own_status};

/// The inode of the initial user namespace (`PROC_USER_INIT_INO` in the kernel's sources).
const INITIAL_USER_NAMESPACE: u64 = 0xEFFF_FFFD;

/// Tracepoints without which there is nothing to trace with.
pub(super) const NEEDED_TRACEPOINTS: [&str; 8] = [
    "sys_enter",
    "sys_exit",
    "sched_switch",
    "sched_wakeup",
    "sched_waking",
    "sched_process_fork",
    "sched_process_exec",
    "sched_process_exit",
];

/// The functions asked for: each stands for a part of eBPF, or for a way into the kernel.
const FUNCTIONS: [&str; 5] = [
    "bpf_task_storage_get",
    "bpf_ringbuf_reserve",
    "bpf_iter_task",
    "do_fast_syscall_32",
    "do_int80_emulation",
];

/// The machine and the user, unjudged. `None` is what could not be read.
#[derive(Debug)]
pub(super) struct Facts {
    /// As `uname -r` prints it.
    pub(super) release: Option<String>,
    /// As Rust names it.
    pub(super) architecture: &'static str,
    /// The kernel's types, or why they cannot be read.
    pub(super) btf: Result<BtfFacts, String>,
    pub(super) user: Option<User>,
    pub(super) in_initial_user_namespace: Option<bool>,
    pub(super) pid_namespace: Option<PidNamespace>,
    /// The text of the lockdown file: `none [integrity] confidentiality`.
    pub(super) lockdown: Option<String>,
    /// 0, 1 or 2.
    pub(super) unprivileged_bpf_disabled: Option<u8>,
    pub(super) hierarchies: Hierarchies,
    pub(super) has_schedstat: bool,
}

/// Who runs the tracer.
#[derive(Debug, Clone, Copy)]
pub(super) struct User {
    pub(super) effective_uid: u32,
    /// A bit for each capability in force.
    pub(super) capabilities: u64,
    /// Whether a seccomp filter is.
    pub(super) is_filtered: bool,
}

/// What the kernel's types tell.
#[derive(Debug, Clone)]
pub(super) struct BtfFacts {
    /// Those of [`NEEDED_TRACEPOINTS`] that the kernel lacks.
    pub(super) missing_tracepoints: Vec<&'static str>,
    /// Whether `sched_switch` has the arguments preempt, prev, next, prev_state, in this order.
    pub(super) prev_state_comes_last: bool,
    pub(super) has_contention_tracepoints: bool,
    /// Those of [`FUNCTIONS`] that the kernel has.
    pub(super) functions: BTreeSet<&'static str>,
    /// Whether all fields were found, and whether throttled time is marked; or what is missing.
    pub(super) offsets: Result<Throttled, String>,
}

/// Whether the kernel marks a task that a CPU quota has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Throttled {
    Marked,
    Unmarked,
}

impl Facts {
    /// Reads them all. What cannot be read is left out: this never fails.
    pub(super) fn gather() -> Self {
        let text = |path: &str| Some(fs::read_to_string(path).ok()?.trim().to_owned());
        Self {
            release: text("/proc/sys/kernel/osrelease"),
            architecture: std::env::consts::ARCH,
            btf: BtfFacts::of_kernel().map_err(|error| format!("{error:#}")),
            user: own_status().ok().map(|status| User {
                effective_uid: status.euid,
                capabilities: status.capeff,
                is_filtered: status.seccomp == Some(2),
            }),
            in_initial_user_namespace: fs::read_link("/proc/self/ns/user")
                .ok()
                .and_then(|link| inode_of_link(&link.to_string_lossy()))
                .map(|inode| inode == INITIAL_USER_NAMESPACE),
            pid_namespace: PidNamespace::of_self().ok(),
            lockdown: text("/sys/kernel/security/lockdown"),
            unprivileged_bpf_disabled: text("/proc/sys/kernel/unprivileged_bpf_disabled")
                .and_then(|value| value.parse().ok()),
            hierarchies: Hierarchies::mounted().unwrap_or_default(),
            has_schedstat: fs::metadata("/proc/self/schedstat").is_ok(),
        }
    }
}

impl BtfFacts {
    fn of_kernel() -> anyhow::Result<Self> {
        let bytes = kernel_bytes()?;
        Ok(Self::of(&Btf::parse(&bytes)?))
    }

    fn of(btf: &Btf<'_>) -> Self {
        use Argument::{Pointer, Value};
        let lacks = |name: &&str| btf.tracepoint(name).is_none();
        Self {
            missing_tracepoints: NEEDED_TRACEPOINTS.into_iter().filter(lacks).collect(),
            prev_state_comes_last: btf.tracepoint("sched_switch").as_deref()
                == Some(&[Value, Pointer, Pointer, Value]),
            has_contention_tracepoints: btf.tracepoint("contention_begin").is_some()
                && btf.tracepoint("contention_end").is_some(),
            functions: FUNCTIONS.into_iter().filter(|name| btf.has_function(name)).collect(),
            offsets: match Offsets::from_btf(btf) {
                Ok(Offsets { throttled: Some(_), .. }) => Ok(Throttled::Marked),
                Ok(_) => Ok(Throttled::Unmarked),
                Err(error) => Err(format!("{error:#}")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::btf::fixture::Blob;

    /// A kernel with one tracepoint of these arguments (the hidden first one left out).
    fn kernel(tracepoint: &str, arguments: &[Argument]) -> BtfFacts {
        let mut blob = Blob::default();
        let int = blob.int("int", 4);
        let pointer = blob.pointer(int);
        let id = |argument: &Argument| if *argument == Argument::Pointer { pointer } else { int };
        let ids: Vec<u32> = [pointer].into_iter().chain(arguments.iter().map(id)).collect();
        let prototype = blob.prototype(&ids);
        let function = blob.pointer(prototype);
        blob.typedef(&format!("btf_trace_{tracepoint}"), function);
        blob.function("bpf_iter_task", prototype);
        let bytes = blob.bytes();
        BtfFacts::of(&Btf::parse(&bytes).unwrap())
    }

    #[test]
    fn tracepoints_and_functions_are_looked_for_by_name() {
        let facts = kernel("sys_enter", &[Argument::Pointer, Argument::Value]);
        assert_eq!(facts.missing_tracepoints, NEEDED_TRACEPOINTS[1..]);
        assert_eq!(facts.functions, BTreeSet::from(["bpf_iter_task"]));
        assert!(!facts.has_contention_tracepoints);
        assert!(facts.offsets.unwrap_err().contains("task_struct"));
    }

    #[test]
    fn the_place_of_prev_state_is_told_by_the_kinds_of_arguments() {
        use Argument::{Pointer, Value};
        let comes_last = |args: &[Argument]| kernel("sched_switch", args).prev_state_comes_last;
        assert!(comes_last(&[Value, Pointer, Pointer, Value]));
        assert!(!comes_last(&[Value, Value, Pointer, Pointer]), "as in 5.18");
        assert!(!comes_last(&[Value, Pointer, Pointer]), "as before 5.18");
    }

    #[test]
    fn facts_are_gathered_on_whatever_machine_this_is() {
        let facts = Facts::gather();
        assert!(facts.release.is_some());
        assert!(facts.user.is_some());
        assert!(facts.pid_namespace.is_some());
    }
}
