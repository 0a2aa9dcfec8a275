//! Checks of what this user may do, and of what else may forbid it.

use super::facts::{Facts, User};
use super::{Check, degraded, missing, ok, unknown};

pub(super) const CAP_SYS_PTRACE: u32 = 19;
pub(super) const CAP_SYS_ADMIN: u32 = 21;
pub(super) const CAP_SYS_NICE: u32 = 23;
pub(super) const CAP_PERFMON: u32 = 38;
pub(super) const CAP_BPF: u32 = 39;

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let mut checks = match &facts.user {
        Some(user) => user_checks(user),
        None => vec![unknown("capabilities", "cannot read /proc/self/status", "mount /proc")],
    };
    checks.extend([
        user_namespace(facts.in_initial_user_namespace),
        lockdown(facts.lockdown.as_deref()),
        unprivileged_bpf(facts.unprivileged_bpf_disabled),
    ]);
    checks
}

fn user_checks(user: &User) -> Vec<Check> {
    let has = |capability: u32| user.capabilities >> capability & 1 == 1;
    let who = if user.effective_uid == 0 {
        "root".to_owned()
    } else {
        format!("user {}", user.effective_uid)
    };
    let mut checks = Vec::new();
    checks.push(if has(CAP_SYS_ADMIN) || has(CAP_BPF) && has(CAP_PERFMON) {
        ok("capabilities", format!("{who} may load eBPF programs"))
    } else {
        let detail = format!("{who} may not load eBPF programs: it takes CAP_BPF and CAP_PERFMON");
        let remedy = "run it with sudo; in a container, as root with --cap-add BPF,PERFMON,\
                      SYS_PTRACE,SYS_NICE";
        missing("capabilities", detail, remedy)
    });
    checks.push(if has(CAP_SYS_PTRACE) {
        ok("other-users", "everything in /proc of other users' processes can be read")
    } else {
        let detail = "not everything in /proc of other users' processes can be read";
        degraded("other-users", detail, "run it with sudo, or add CAP_SYS_PTRACE")
    });
    checks.push(if has(CAP_SYS_NICE) {
        ok("priority", "the tracer can raise its own priority")
    } else {
        let detail = "the tracer cannot raise its own priority: on a machine with all CPUs busy it \
                      can be late, and then fold samples";
        degraded("priority", detail, "run it with sudo, or add CAP_SYS_NICE")
    });
    checks.push(if user.is_filtered {
        let detail = "a seccomp filter is in force, as in most containers: it may refuse bpf()";
        let remedy = "if loading fails with EPERM, run the container with --security-opt \
                      seccomp=unconfined, or run the tracer on the host";
        degraded("seccomp", detail, remedy)
    } else {
        ok("seccomp", "no seccomp filter is in force")
    });
    checks
}

fn user_namespace(is_initial: Option<bool>) -> Check {
    let name = "user-namespace";
    match is_initial {
        Some(true) => ok(name, "the initial one"),
        Some(false) => missing(
            name,
            "not the initial one: capabilities are valid within it alone, and eBPF asks for them \
             in the initial one",
            "run the tracer on the host, or in a container that is not rootless",
        ),
        None => unknown(name, "cannot read /proc/self/ns/user", "mount /proc"),
    }
}

fn lockdown(text: Option<&str>) -> Check {
    let name = "lockdown";
    let mode = text.and_then(|text| text.split_once('[')?.1.split_once(']')).map(|(mode, _)| mode);
    match mode {
        Some("none") => ok(name, "off"),
        Some("integrity") => {
            ok(name, "integrity: typed tracepoints, which are used here, still work")
        }
        Some(mode) => degraded(
            name,
            format!("{mode}: eBPF programs may be refused reads of kernel memory"),
            "if loading fails, boot without lockdown=confidentiality",
        ),
        None => unknown(
            name,
            "cannot read /sys/kernel/security/lockdown",
            "nothing, unless loading fails; mount -t securityfs none /sys/kernel/security shows it",
        ),
    }
}

fn unprivileged_bpf(disabled: Option<u8>) -> Check {
    let name = "unprivileged-bpf";
    match disabled {
        Some(0) => ok(name, "on; tracing takes the capabilities above in any case"),
        Some(value) => ok(name, format!("off ({value}), as it should be: tracing does not use it")),
        None => unknown(
            name,
            "cannot read /proc/sys/kernel/unprivileged_bpf_disabled",
            "nothing: tracing does not use it",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn lockdown_counts_only_when_it_hides_memory() {
        assert_eq!(lockdown(Some("none [integrity] confidentiality")).state, State::Ok);
        assert_eq!(lockdown(Some("none integrity [confidentiality]")).state, State::Degraded);
        assert_eq!(lockdown(Some("")).state, State::Unknown);
    }
}
