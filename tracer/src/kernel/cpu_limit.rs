//! How many CPUs a process may use: by its affinity, and by the quotas of its control groups.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;

use super::cgroup::{Hierarchies, Membership, Version, memberships};

/// The CPUs that a process may use.
#[derive(Debug, Clone, PartialEq)]
pub struct CpuLimit {
    /// CPUs that it may run on: see [`affinity_of`].
    pub allowed: CpuSet,
    /// The smallest quota of its groups.
    pub quota: Quota,
    /// The directory of the group that has this quota, if there is one.
    pub group: Option<PathBuf>,
}

/// CPU time that a group may use, as a number of CPUs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quota {
    /// None of the groups that are visible from here has a quota.
    Unlimited,
    /// So many CPUs' worth of time in each period, such as 1.5.
    Cpus(f64),
    /// The groups are not visible from here, so there may be one.
    Unknown,
}

impl CpuLimit {
    /// The limits of a process.
    ///
    /// # Errors
    /// If the process has gone, or the machine has more CPUs than an affinity can be read for (1024).
    pub fn of(pid: i32, hierarchies: &Hierarchies) -> anyhow::Result<Self> {
        let allowed = affinity_of(pid)?;
        let (quota, group) = quota_in(&groups_of(pid)?, hierarchies)?;
        Ok(Self { allowed, quota, group })
    }
}

/// So many threads of a process are asked: they have the same affinity, or a CPU each.
const THREADS: usize = 256;

/// CPUs that any thread of a process may run on: their affinities, within its cpuset. A library may
/// have bound each of its threads, the leading one among them, to a CPU of its own.
///
/// # Errors
/// If the process has gone, or the machine has more CPUs than an affinity can be read for (1024).
pub fn affinity_of(pid: i32) -> anyhow::Result<CpuSet> {
    let unread = || format!("cannot read which CPUs process {pid} may use");
    let mut allowed = sched_getaffinity(Pid::from_raw(pid)).with_context(unread)?;
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).with_context(unread)?;
    let tids = tasks.filter_map(|task| task.ok()?.file_name().to_str()?.parse().ok());
    // One that has just ended counts no more.
    for of_thread in tids.take(THREADS).filter_map(|tid| sched_getaffinity(Pid::from_raw(tid)).ok())
    {
        // Mostly they are the same, and a set is large.
        if of_thread != allowed {
            add(&mut allowed, &of_thread);
        }
    }
    Ok(allowed)
}

/// Adds CPUs to a set.
pub fn add(set: &mut CpuSet, more: &CpuSet) {
    for cpu in cpus(more) {
        // It was in a set of the same size.
        let _ = set.set(cpu);
    }
}

/// The CPUs in a set.
pub fn cpus(set: &CpuSet) -> impl Iterator<Item = usize> {
    (0..CpuSet::count()).filter(|&cpu| set.is_set(cpu).unwrap_or(false))
}

/// The groups of a process, as its `/proc/PID/cgroup` lists them.
///
/// # Errors
/// If the process has gone.
pub fn groups_of(pid: i32) -> anyhow::Result<String> {
    let path = format!("/proc/{pid}/cgroup");
    fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
}

/// The smallest quota of groups that are listed so, and the directory of the group that has it.
///
/// # Errors
/// If that is no such list.
pub fn quota_in(
    groups: &str,
    hierarchies: &Hierarchies,
) -> anyhow::Result<(Quota, Option<PathBuf>)> {
    Ok(quota(&memberships(groups)?, hierarchies))
}

/// The smallest quota from the process's group up to the root, and whose it is. The `cpu` controller belongs to one
/// hierarchy: that of version 1 which names it, else the one of version 2.
fn quota(groups: &[Membership], hierarchies: &Hierarchies) -> (Quota, Option<PathBuf>) {
    let has_cpu = |controllers: &[String]| controllers.iter().any(|c| c == "cpu");
    let of_v1 = groups.iter().find(|g| has_cpu(&g.controllers)).map(|g| (g, Version::V1));
    let of_v2 = || groups.iter().find(|g| g.controllers.is_empty()).map(|g| (g, Version::V2));
    let Some((group, version)) = of_v1.or_else(of_v2) else {
        return (Quota::Unknown, None);
    };
    let mut mounts = hierarchies.0.iter().filter(|mount| {
        mount.version == version && (version == Version::V2 || has_cpu(&mount.controllers))
    });
    let found = mounts.find_map(|m| Some((m.directory_of(&group.path)?, &m.mount_point)));
    let Some((directory, mount_point)) = found else {
        return (Quota::Unknown, None);
    };
    let upward = directory.ancestors().take_while(|d| d.starts_with(mount_point));
    let quotas = upward.filter_map(|group| {
        let cpus = match version {
            Version::V1 => {
                quota_of_v1(&read(group, "cpu.cfs_quota_us")?, &read(group, "cpu.cfs_period_us")?)
            }
            Version::V2 => quota_of_v2(&read(group, "cpu.max")?),
        };
        Some((cpus?, group))
    });
    quotas
        .min_by(|(cpus, _), (others, _)| cpus.total_cmp(others))
        .map_or((Quota::Unlimited, None), |(cpus, group)| {
            (Quota::Cpus(cpus), Some(group.to_owned()))
        })
}

/// `None` where the controller is not in use, as at the root of version 2.
fn read(group: &Path, name: &str) -> Option<String> {
    fs::read_to_string(group.join(name)).ok()
}

/// CPUs by `cpu.max`, such as `150000 100000`; `None` for `max`, which is no limit.
fn quota_of_v2(cpu_max: &str) -> Option<f64> {
    let (quota, period) = cpu_max.trim().split_once(' ')?;
    ratio(quota, period)
}

/// CPUs by `cpu.cfs_quota_us` and `cpu.cfs_period_us`; `None` for -1, which is no limit.
fn quota_of_v1(quota: &str, period: &str) -> Option<f64> {
    ratio(quota.trim(), period.trim())
}

fn ratio(quota: &str, period: &str) -> Option<f64> {
    let quota: u64 = quota.parse().ok()?;
    let period: u64 = period.parse().ok()?;
    (period > 0).then(|| quota as f64 / period as f64)
}

#[cfg(test)]
mod tests {
    use super::super::cgroup::Mount;
    use super::*;

    /// A hierarchy in a directory of its own, with these files.
    fn tree(version: Version, root: &str, files: &[(&str, &str)]) -> (tempfile::TempDir, Mount) {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let controllers =
            if version == Version::V1 { vec!["cpu".to_owned(), "cpuacct".into()] } else { vec![] };
        let mount_point = directory.path().to_owned();
        (directory, Mount { version, controllers, root: root.into(), mount_point })
    }

    fn smallest(groups: &str, mounts: Vec<Mount>) -> Quota {
        quota(&memberships(groups).unwrap(), &Hierarchies(mounts)).0
    }

    #[test]
    fn a_quota_is_its_share_of_the_period() {
        assert_eq!(quota_of_v2("150000 100000\n"), Some(1.5));
        assert_eq!(quota_of_v2("max 100000\n"), None);
        assert_eq!(quota_of_v1("50000\n", "100000\n"), Some(0.5));
        assert_eq!(quota_of_v1("-1\n", "100000\n"), None);
        for nonsense in ["", "max", "1 0", "x y", "1 2 3"] {
            assert_eq!(quota_of_v2(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn the_smallest_quota_on_the_way_up_wins_in_version_2() {
        let files = [("a/cpu.max", "100000 100000"), ("a/b/cpu.max", "max 100000")];
        let (_kept, mount) = tree(Version::V2, "/", &files);
        assert_eq!(smallest("0::/a/b/c\n", vec![mount.clone()]), Quota::Cpus(1.0));
        assert_eq!(smallest("0::/other\n", vec![mount]), Quota::Unlimited);
    }

    #[test]
    fn the_group_with_the_smallest_quota_is_named() {
        let files = [("a/cpu.max", "100000 100000"), ("a/b/cpu.max", "200000 100000")];
        let (kept, mount) = tree(Version::V2, "/", &files);
        let groups = memberships("0::/a/b/c\n").unwrap();
        let (_, group) = quota(&groups, &Hierarchies(vec![mount]));
        assert_eq!(group, Some(kept.path().join("a")));
    }

    #[test]
    fn in_version_1_the_group_of_the_cpu_controller_counts() {
        let files = [
            ("a/cpu.cfs_quota_us", "-1"),
            ("a/cpu.cfs_period_us", "100000"),
            ("a/b/cpu.cfs_quota_us", "250000"),
            ("a/b/cpu.cfs_period_us", "100000"),
        ];
        let (_kept, mount) = tree(Version::V1, "/", &files);
        let groups = "5:memory:/elsewhere\n3:cpu,cpuacct:/a/b\n";
        assert_eq!(smallest(groups, vec![mount]), Quota::Cpus(2.5));
    }

    #[test]
    fn in_a_mixed_layout_version_1_has_the_controller_and_version_2_is_not_asked() {
        let (_kept_1, of_v1) = tree(Version::V1, "/", &[("a/notify_on_release", "0")]);
        let (_kept_2, of_v2) = tree(Version::V2, "/", &[("a/cpu.max", "1 100000")]);
        assert_eq!(smallest("3:cpu:/a\n0::/a\n", vec![of_v2, of_v1]), Quota::Unlimited);
    }

    #[test]
    fn in_a_container_the_mount_point_is_the_containers_own_group() {
        let (_kept, mount) = tree(Version::V2, "/docker/abc", &[("cpu.max", "50000 100000")]);
        assert_eq!(smallest("0::/docker/abc\n", vec![mount]), Quota::Cpus(0.5));
    }

    #[test]
    fn a_group_that_is_out_of_sight_has_an_unknown_quota() {
        let (_kept, mount) = tree(Version::V2, "/", &[]);
        assert_eq!(smallest("0::/../host\n", vec![mount.clone()]), Quota::Unknown);
        assert_eq!(smallest("3:cpu:/a\n0::/a\n", vec![mount]), Quota::Unknown);
        assert_eq!(smallest("0::/a\n", vec![]), Quota::Unknown);
        assert_eq!(smallest("", vec![]), Quota::Unknown);
    }

    #[test]
    fn this_very_process_may_run_on_at_least_one_cpu() {
        let own = i32::try_from(std::process::id()).unwrap();
        let limit = CpuLimit::of(own, &Hierarchies::default()).unwrap();
        assert!(cpus(&limit.allowed).count() >= 1);
        assert_eq!(limit.quota, Quota::Unknown, "no hierarchy was given");
        assert!(CpuLimit::of(i32::MAX, &Hierarchies::default()).is_err());
    }
}
