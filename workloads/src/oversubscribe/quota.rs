//! A control group with a CPU quota, for this process alone.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use procfs::process::{MountInfos, Process};
use serde::Serialize;

/// Length of the periods in which the quota is given out, in microseconds: the kernel's default.
const PERIOD_US: f64 = 100_000.0;

/// Parses a number of CPUs, such as `1` or `0.5`.
///
/// # Errors
/// If it is none, or less than the kernel gives out (1 ms in 100 ms).
pub(super) fn cpus(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(cpus) if (0.01..=4096.0).contains(&cpus) => Ok(cpus),
        _ => Err("a quota is a number of CPUs from 0.01 to 4096, such as 0.5".to_owned()),
    }
}

/// The group, which this process has joined.
#[derive(Debug)]
pub(super) struct Quota {
    cpus: f64,
    group: PathBuf,
    /// The group this process came from.
    home: PathBuf,
}

/// What the quota did, as the kernel counts it for the group.
#[derive(Debug, Serialize, PartialEq)]
pub(super) struct Throttling {
    cpus: f64,
    /// Periods in which the group ran; null, like the other counts, if `cpu.stat` does not tell.
    periods: Option<u64>,
    /// Those of them in which the quota was used up.
    throttled: Option<u64>,
    /// Time without quota, summed over CPUs.
    throttled_ns: Option<u64>,
}

/// Where a group can be made.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    version_2: bool,
    /// The group that this process is in.
    home: PathBuf,
    /// The group below which it may make another with a quota.
    parent: PathBuf,
}

impl Quota {
    /// Makes a group below the one this process is in (in version 2: beside it, where the
    /// controller is on) and moves this process into it, with all its threads.
    ///
    /// # Errors
    /// If there is no hierarchy with the CPU controller, or it may not be written to.
    pub(super) fn join(cpus: f64) -> Result<Self> {
        let Place { version_2, home, parent } = place()?;
        let group = parent.join(format!("workloads-{}", std::process::id()));
        fs::create_dir(&group).with_context(|| {
            format!(
                "cannot make the control group {}; --quota needs a hierarchy that this user may \
                 write to: run it as root, in a container with its cgroups mounted writable",
                group.display()
            )
        })?;
        let quota = Self { cpus, group, home };
        let joined = quota.limit(version_2).and_then(|()| enter(&quota.group));
        match joined {
            Ok(()) => Ok(quota),
            Err(error) => {
                quota.leave()?;
                Err(error)
            }
        }
    }

    fn limit(&self, version_2: bool) -> Result<()> {
        let quota_us = (self.cpus * PERIOD_US).round();
        if version_2 {
            return write(&self.group.join("cpu.max"), &format!("{quota_us} {PERIOD_US}"));
        }
        write(&self.group.join("cpu.cfs_period_us"), &PERIOD_US.to_string())?;
        write(&self.group.join("cpu.cfs_quota_us"), &quota_us.to_string())
    }

    /// What the quota has done so far.
    pub(super) fn throttling(&self) -> Throttling {
        let text = fs::read_to_string(self.group.join("cpu.stat")).unwrap_or_default();
        Throttling::parse(self.cpus, &text)
    }

    /// Moves this process back to where it came from, and removes the group.
    pub(super) fn leave(self) -> Result<()> {
        enter(&self.home)?;
        fs::remove_dir(&self.group)
            .with_context(|| format!("cannot remove the control group {}", self.group.display()))
    }
}

impl Throttling {
    /// Reads `cpu.stat`, of version 1 (nanoseconds) or 2 (microseconds).
    fn parse(cpus: f64, text: &str) -> Self {
        let value = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(' '));
            lines.find(|(key, _)| *key == name).and_then(|(_, value)| value.trim().parse().ok())
        };
        let from_us = |us: u64| us.saturating_mul(1000);
        Self {
            cpus,
            periods: value("nr_periods"),
            throttled: value("nr_throttled"),
            throttled_ns: value("throttled_time").or(value("throttled_usec").map(from_us)),
        }
    }
}

fn enter(group: &Path) -> Result<()> {
    write(&group.join("cgroup.procs"), &std::process::id().to_string())
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {text} to {}", file.display()))
}

fn place() -> Result<Place> {
    let myself = Process::myself().context("cannot open /proc/self")?;
    let groups = myself.cgroups().context("cannot read /proc/self/cgroup")?;
    let mounts = myself.mountinfo().context("cannot read /proc/self/mountinfo")?;
    let memberships =
        groups.0.into_iter().map(|group| (group.controllers, PathBuf::from(group.pathname)));
    find(&memberships.collect::<Vec<_>>(), &mounts).context(
        "--quota found no control group in which CPU time can be limited: neither a mounted \
         version 1 hierarchy with the controller cpu, nor a version 2 one where a group above this \
         process has cpu in its cgroup.subtree_control; run it where there is one (docker run \
         --cpus sets a quota from outside)",
    )
}

/// Looks in version 1 first: where both are mounted, the controller can be in one only, and version
/// 2 is asked whether it is there.
fn find(memberships: &[(Vec<String>, PathBuf)], mounts: &MountInfos) -> Option<Place> {
    let directory = |membership: &Path, version_2: bool| {
        let mount = mounts.0.iter().find(|mount| match mount.fs_type.as_str() {
            "cgroup" => !version_2 && mount.super_options.contains_key("cpu"),
            other => version_2 && other == "cgroup2",
        })?;
        let below = membership.strip_prefix(&mount.root).ok()?;
        Some((mount.mount_point.clone(), mount.mount_point.join(below)))
    };
    let version_1 = memberships
        .iter()
        .find(|(controllers, _)| controllers.iter().any(|name| name == "cpu"))
        .and_then(|(_, path)| directory(path, false))
        .map(|(_, home)| Place { version_2: false, parent: home.clone(), home });
    version_1.or_else(|| {
        let (_, path) = memberships.iter().find(|(names, _)| names.iter().all(String::is_empty))?;
        let (top, home) = directory(path, true)?;
        let mut above = home.ancestors().take_while(|group| group.starts_with(&top));
        let parent = above.find(|group| gives_cpu(group))?.to_owned();
        Some(Place { version_2: true, home, parent })
    })
}

/// Whether groups right below this one, of version 2, have the CPU controller.
fn gives_cpu(group: &Path) -> bool {
    fs::read_to_string(group.join("cgroup.subtree_control"))
        .is_ok_and(|controllers| controllers.split_ascii_whitespace().any(|name| name == "cpu"))
}

#[cfg(test)]
mod tests {
    use procfs::FromRead;

    use super::*;

    #[test]
    fn a_quota_is_a_number_of_cpus() {
        assert_eq!((cpus("0.5"), cpus("2")), (Ok(0.5), Ok(2.0)));
        for wrong in ["0", "-1", "nan", "inf", "", "half"] {
            assert!(cpus(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn both_versions_of_cpu_stat_are_read_and_what_is_not_there_is_unknown() {
        let expected = Throttling {
            cpus: 0.5,
            periods: Some(45),
            throttled: Some(44),
            throttled_ns: Some(2_300_000_000),
        };
        let version_1 = "nr_periods 45\nnr_throttled 44\nthrottled_time 2300000000\n";
        assert_eq!(Throttling::parse(0.5, version_1), expected);
        let version_2 = "usage_usec 1\nnr_periods 45\nnr_throttled 44\nthrottled_usec 2300000\n";
        assert_eq!(Throttling::parse(0.5, version_2), expected);
        assert_eq!(Throttling::parse(0.5, "usage_usec 1\n").throttled, None);
    }

    fn mounts(text: &str) -> MountInfos {
        MountInfos::from_read(text.as_bytes()).unwrap()
    }

    #[test]
    fn version_1_takes_a_group_below_the_own_one() {
        let mounts = mounts(
            "32 31 0:29 /box /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
             41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
        );
        let memberships =
            [(vec!["cpu".to_owned(), "cpuacct".to_owned()], PathBuf::from("/box/mine"))];
        let home = PathBuf::from("/sys/fs/cgroup/cpu,cpuacct/mine");
        let expected = Place { version_2: false, parent: home.clone(), home };
        assert_eq!(find(&memberships, &mounts), Some(expected));
    }

    #[test]
    fn version_2_takes_a_group_below_the_nearest_that_gives_the_controller() {
        let top = std::env::temp_dir().join(format!("workloads-quota-{}", std::process::id()));
        let home = top.join("user/session");
        fs::create_dir_all(&home).unwrap();
        fs::write(top.join("cgroup.subtree_control"), "memory cpu\n").unwrap();
        fs::write(top.join("user/cgroup.subtree_control"), "memory\n").unwrap();
        let mounts = mounts(&format!("41 31 0:38 / {} rw - cgroup2 cgroup2 rw\n", top.display()));
        let memberships = [(Vec::new(), PathBuf::from("/user/session"))];
        let found = find(&memberships, &mounts);
        fs::write(top.join("cgroup.subtree_control"), "memory\n").unwrap();
        let none = find(&memberships, &mounts);
        fs::remove_dir_all(&top).unwrap();
        assert_eq!(found, Some(Place { version_2: true, home, parent: top }));
        assert_eq!(none, None);
    }
}
