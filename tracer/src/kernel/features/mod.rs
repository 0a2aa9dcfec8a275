//! What this kernel and this user can do, each with what to do about it: the data of
//! `tracer doctor`.
//!
//! The module `facts` reads; the others judge what was read.

mod facts;
mod kernel;
mod privileges;
mod system;

use serde::Serialize;

use facts::Facts;

/// One thing that tracing needs or profits from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// A fixed identifier, such as `kernel-version`.
    pub name: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found, and what it means.
    pub detail: String,
    /// What to do about it, where something is to be done.
    pub remedy: Option<String>,
}

/// How a [`Check`] stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// There.
    Ok,
    /// Tracing works, with less to report or with a risk that the detail names.
    Degraded,
    /// Tracing does not work.
    Missing,
    /// It could not be found out; tracing may work.
    Unknown,
}

/// Looks at this machine, as this user. Takes some milliseconds and changes nothing.
#[must_use]
pub fn checks() -> Vec<Check> {
    assess(&Facts::gather())
}

/// How it stands with the programs, after they were loaded or refused with this reason.
#[must_use]
pub fn programs(loaded: Result<(), String>) -> Check {
    const NAME: &str = "programs";
    match loaded {
        Ok(()) => ok(NAME, "the kernel takes all programs that tracing cannot do without"),
        Err(reason) => missing(NAME, reason, "run another kernel, if there is one"),
    }
}

/// Judges what was read.
fn assess(facts: &Facts) -> Vec<Check> {
    [kernel::checks(facts), privileges::checks(facts), system::checks(facts)].concat()
}

fn ok(name: &'static str, detail: impl Into<String>) -> Check {
    Check { name, state: State::Ok, detail: detail.into(), remedy: None }
}

fn degraded(name: &'static str, detail: impl Into<String>, remedy: &str) -> Check {
    let remedy = Some(remedy.to_owned());
    Check { name, state: State::Degraded, detail: detail.into(), remedy }
}

fn missing(name: &'static str, detail: impl Into<String>, remedy: &str) -> Check {
    Check { state: State::Missing, ..degraded(name, detail, remedy) }
}

fn unknown(name: &'static str, detail: impl Into<String>, remedy: &str) -> Check {
    Check { state: State::Unknown, ..degraded(name, detail, remedy) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::facts::{BtfFacts, Throttled, User};
    use super::privileges::{CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN, CAP_SYS_NICE, CAP_SYS_PTRACE};
    use super::*;
    use crate::kernel::cgroup::Hierarchies;
    use crate::kernel::proc::PidNamespace;

    /// A machine with everything, and root on it.
    fn machine() -> Facts {
        Facts {
            release: Some("6.18.1-amd64".into()),
            architecture: "x86_64",
            btf: Ok(BtfFacts {
                missing_tracepoints: vec![],
                prev_state_comes_last: true,
                has_contention_tracepoints: true,
                functions: BTreeSet::from([
                    "bpf_task_storage_get",
                    "bpf_ringbuf_reserve",
                    "bpf_iter_task",
                    "do_fast_syscall_32",
                ]),
                offsets: Ok(Throttled::Marked),
            }),
            user: Some(User { effective_uid: 0, capabilities: u64::MAX, is_filtered: false }),
            in_initial_user_namespace: Some(true),
            pid_namespace: Some(PidNamespace { inode: 0xEFFF_FFFC, below_proc: 0 }),
            lockdown: Some("[none] integrity confidentiality".into()),
            unprivileged_bpf_disabled: Some(2),
            hierarchies: Hierarchies::parse("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw"),
            has_schedstat: true,
        }
    }

    /// The names of the checks that do not stand at `Ok`, each with its state.
    fn trouble(facts: &Facts) -> Vec<(&'static str, State)> {
        let checks = assess(facts).into_iter();
        checks.filter(|c| c.state != State::Ok).map(|c| (c.name, c.state)).collect()
    }

    fn user(capabilities: &[u32]) -> Facts {
        let capabilities = capabilities.iter().map(|c| 1 << c).sum();
        let user = User { effective_uid: 1000, capabilities, is_filtered: false };
        Facts { user: Some(user), ..machine() }
    }

    #[test]
    fn a_machine_with_everything_has_nothing_to_do() {
        assert_eq!(trouble(&machine()), []);
        assert!(assess(&machine()).iter().all(|check| check.remedy.is_none()));
    }

    #[test]
    fn whatever_is_not_well_says_what_to_do_about_it() {
        let nothing = Facts {
            release: None,
            architecture: "riscv64",
            btf: Err("no BTF".into()),
            user: None,
            in_initial_user_namespace: None,
            pid_namespace: None,
            lockdown: None,
            unprivileged_bpf_disabled: None,
            hierarchies: Hierarchies::default(),
            has_schedstat: false,
        };
        let checks = assess(&nothing);
        assert!(checks.iter().all(|c| c.state != State::Ok && c.remedy.is_some()), "{checks:#?}");
    }

    #[test]
    fn names_are_given_once() {
        let names: Vec<_> = assess(&machine()).iter().map(|check| check.name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn bpf_and_perfmon_together_are_enough_and_so_is_admin() {
        use State::{Degraded, Missing};
        let less = [("other-users", Degraded), ("priority", Degraded)];
        assert_eq!(trouble(&user(&[CAP_BPF, CAP_PERFMON])), less);
        assert_eq!(trouble(&user(&[CAP_SYS_ADMIN])), less);
        let one = trouble(&user(&[CAP_BPF, CAP_SYS_PTRACE, CAP_SYS_NICE]));
        assert_eq!(one, [("capabilities", Missing)]);
    }

    #[test]
    fn an_older_kernels_types_cost_what_they_cost_and_no_more() {
        let mut facts = machine();
        let btf = facts.btf.as_mut().unwrap();
        btf.offsets = Ok(Throttled::Unmarked);
        btf.has_contention_tracepoints = false;
        let expected = [("lock-contention", State::Degraded), ("throttled-time", State::Degraded)];
        assert_eq!(trouble(&facts), expected);
        let btf = facts.btf.as_mut().unwrap();
        btf.functions.remove("bpf_iter_task");
        btf.missing_tracepoints = vec!["sys_enter"];
        assert_eq!(
            trouble(&facts)[..2],
            [("tracepoints", State::Missing), ("task-iterator", State::Missing)]
        );
    }

    #[test]
    fn a_rootless_container_cannot_trace_whatever_its_capabilities() {
        let facts = Facts { in_initial_user_namespace: Some(false), ..machine() };
        assert_eq!(trouble(&facts), [("user-namespace", State::Missing)]);
    }

    #[test]
    fn checks_are_written_as_json_with_states_in_lower_case() {
        let json = serde_json::to_value(degraded("seccomp", "a filter", "none")).unwrap();
        assert_eq!((&json["name"], &json["state"]), (&"seccomp".into(), &"degraded".into()));
    }
}
