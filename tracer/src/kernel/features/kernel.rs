//! Checks of the kernel: its version, its architecture, and what its types show it to have.

use procfs::KernelVersion;

use super::facts::{BtfFacts, Facts, Throttled};
use super::{Check, degraded, missing, ok, unknown};

/// Kernels from this version on have all that is needed: `sched_switch` hands over the state of
/// the thread that leaves as its last argument, and an array of maps is filled in one batch.
const MINIMUM: (u8, u8) = (5, 19);
/// Older ones cannot work: task-local storage is not for tracing programs there.
const FLOOR: (u8, u8) = (5, 13);

const NEWER_KERNEL: &str = "run a kernel from 5.19 on, such as that of Debian 12 or Ubuntu 22.04's \
                            hardware enablement (HWE) stack";

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let mut checks =
        vec![kernel_version(facts.release.as_deref()), architecture(facts.architecture)];
    match &facts.btf {
        Ok(btf) => checks.extend(btf_checks(btf)),
        Err(why) => checks.push(missing(
            "btf",
            why.clone(),
            "use a kernel built with CONFIG_DEBUG_INFO_BTF=y (those of all large distributions \
             are); in a container, mount /sys",
        )),
    }
    checks
}

fn kernel_version(release: Option<&str>) -> Check {
    let name = "kernel-version";
    let Some((release, version)) =
        release.and_then(|release| Some((release, KernelVersion::from_str(release).ok()?)))
    else {
        return unknown(name, "cannot tell the kernel's version", NEWER_KERNEL);
    };
    match (version.major, version.minor) {
        at if at >= MINIMUM => ok(name, format!("Linux {release}; 5.19 is the oldest supported")),
        at if at >= FLOOR => degraded(
            name,
            format!(
                "Linux {release} is older than 5.19, the oldest supported; it may work if the \
                 distributor has taken over newer eBPF, as the checks below tell"
            ),
            NEWER_KERNEL,
        ),
        _ => missing(
            name,
            format!("Linux {release} is too old: tracing programs have no task-local storage"),
            NEWER_KERNEL,
        ),
    }
}

fn architecture(name: &str) -> Check {
    match name {
        "x86_64" => ok("architecture", "x86_64"),
        "aarch64" => degraded(
            "architecture",
            "aarch64: built with care, but not tested",
            "compare the counts with those of strace -c before you rely on them",
        ),
        other => {
            missing("architecture", format!("{other} is not supported"), "use an x86_64 machine")
        }
    }
}

fn btf_checks(btf: &BtfFacts) -> Vec<Check> {
    let function = |name: &'static str, function: &str, what: &str| {
        if btf.functions.contains(function) {
            ok(name, format!("{what} are there"))
        } else {
            missing(name, format!("the kernel has no {what} ({function})"), NEWER_KERNEL)
        }
    };
    let mut checks = vec![
        ok("btf", "the kernel describes its types"),
        match &btf.offsets {
            Ok(_) => ok("kernel-fields", "every kernel field that is read was found"),
            Err(why) => missing("kernel-fields", why.clone(), NEWER_KERNEL),
        },
        if btf.missing_tracepoints.is_empty() {
            ok("tracepoints", "every tracepoint that is used is there")
        } else {
            let names = btf.missing_tracepoints.join(", ");
            let remedy =
                "use a kernel built with CONFIG_FTRACE_SYSCALLS=y and CONFIG_TRACEPOINTS=y";
            missing("tracepoints", format!("the kernel has no tracepoint {names}"), remedy)
        },
        if btf.prev_state_comes_last {
            ok("prev-state", "sched_switch hands over the state of the thread that leaves")
        } else {
            let detail = "sched_switch does not hand over the state of the thread that leaves as \
                          its last argument: a preempted thread cannot be told from one that sleeps";
            missing("prev-state", detail, NEWER_KERNEL)
        },
        function("task-storage", "bpf_task_storage_get", "task-local storages"),
        function("ring-buffer", "bpf_ringbuf_reserve", "eBPF ring buffers"),
        function("task-iterator", "bpf_iter_task", "task iterators"),
    ];
    checks.push(if btf.has_contention_tracepoints {
        ok("lock-contention", "waits for the kernel's own locks can be counted")
    } else {
        let detail = "waits for the kernel's own locks cannot be counted (no tracepoint \
                      contention_begin, which came with 5.19)";
        degraded("lock-contention", detail, NEWER_KERNEL)
    });
    checks.push(if btf.offsets == Ok(Throttled::Marked) {
        ok("throttled-time", "the kernel marks threads that a CPU quota has stopped")
    } else {
        let detail = "threads that a CPU quota has stopped are not marked (from 6.18 on, in kernels \
                      with CONFIG_CFS_BANDWIDTH=y): their waits count as waits for a CPU";
        degraded("throttled-time", detail, "compare with nr_throttled in the group's cpu.stat")
    });
    let takes_32_bit = ["do_fast_syscall_32", "do_int80_emulation"];
    checks.push(if takes_32_bit.iter().any(|name| btf.functions.contains(name)) {
        ok("compat-calls", "32-bit programs can run here; their calls are counted apart, unnamed")
    } else {
        ok("compat-calls", "no way in for calls of 32-bit programs was found")
    });
    checks
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn old_kernels_are_told_by_their_version() {
        let state = |release: &str| kernel_version(Some(release)).state;
        assert_eq!(state("5.19.0-46-generic"), State::Ok);
        assert_eq!(state("6.1.0-13-amd64"), State::Ok);
        assert_eq!(state("5.14.0-427.el9.x86_64"), State::Degraded);
        assert_eq!(state("5.10.0"), State::Missing);
        assert_eq!(state("nonsense"), State::Unknown);
    }
}
