//! Checks of how the machine is set up around the kernel.

use super::facts::Facts;
use super::{Check, degraded, ok, unknown};
use crate::kernel::cgroup::Version;

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    vec![pid_namespace(facts), cgroups(facts), schedstat(facts.has_schedstat)]
}

fn pid_namespace(facts: &Facts) -> Check {
    let name = "pid-namespace";
    match facts.pid_namespace {
        Some(namespace) if namespace.below_proc > 0 => degraded(
            name,
            "/proc is that of an outer namespace: pids shown here are not the ones this shell uses",
            "mount this namespace's own /proc: mount -t proc proc /proc",
        ),
        Some(namespace) if namespace.is_initial() => ok(name, "the initial one"),
        Some(_) => ok(name, "a container's: pids are the container's, others cannot be named"),
        None => unknown(name, "cannot read /proc/self/ns/pid", "mount /proc"),
    }
}

fn cgroups(facts: &Facts) -> Check {
    let count = |version: Version| {
        facts.hierarchies.0.iter().filter(|mount| mount.version == version).count()
    };
    match (count(Version::V1), count(Version::V2)) {
        (0, 0) => degraded(
            "cgroups",
            "none are mounted: --cgroup cannot be used, and CPU quotas are not known",
            "mount -t cgroup2 none /sys/fs/cgroup",
        ),
        (0, _) => ok("cgroups", "version 2"),
        (_, 0) => ok("cgroups", "version 1"),
        _ => ok("cgroups", "mixed: version 1 and version 2"),
    }
}

fn schedstat(is_there: bool) -> Check {
    if is_there {
        ok("schedstat", "the kernel's own run-queue times are there to compare with")
    } else {
        let detail = "the kernel keeps no run-queue times of its own to compare with";
        degraded(
            "schedstat",
            detail,
            "nothing is lost but the comparison; CONFIG_SCHED_INFO=y adds it",
        )
    }
}
