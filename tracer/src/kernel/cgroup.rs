//! Control groups: finding the one that was named, in version 1, version 2 and mixed layouts.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::Context as _;
use procfs::FromBufRead as _;
use procfs::ProcessCGroups;
use procfs::process::MountInfo;

/// The file that makes a directory a control group, and lists the processes in it.
const PROCS: &str = "cgroup.procs";

/// The two designs of control groups; a machine can have both mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// A hierarchy for each controller or group of controllers.
    V1,
    /// One hierarchy for all.
    V2,
}

/// A mounted hierarchy of control groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Of the hierarchy.
    pub version: Version,
    /// Version 1: the controllers, such as `cpu`, or `name=systemd`, sorted. Version 2: empty.
    pub controllers: Vec<String>,
    /// The group that is at the mount point: `/`, or in a container that shares its host's
    /// namespace the container's own group.
    pub root: PathBuf,
    /// Where it is mounted.
    pub mount_point: PathBuf,
}

/// The group of a process in one hierarchy: a line of `/proc/PID/cgroup`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Version 1: the controllers of the hierarchy. Version 2: empty.
    pub controllers: Vec<String>,
    /// The group, as seen from the root of this program's cgroup namespace.
    pub path: PathBuf,
}

/// Why a group that was named cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CgroupError {
    /// No hierarchy is mounted.
    #[error("no control groups are mounted here: /proc/self/mountinfo lists none")]
    NotMounted,
    /// Found in no hierarchy.
    #[error("there is no control group `{path}`: looked for {looked_in}")]
    NotFound {
        /// As it was named.
        path: String,
        /// The directories that were tried.
        looked_in: String,
    },
    /// A directory, but none of a control group.
    #[error(
        "{0} is a directory, but not a control group: name a directory in /sys/fs/cgroup, or a \
         group as /proc/PID/cgroup shows it"
    )]
    NotACgroup(String),
    /// The processes of a threaded group are listed by the group above it.
    #[error(
        "{0} is a threaded control group, which has threads but no processes: name the group above it"
    )]
    Threaded(String),
    /// Its processes could not be listed.
    #[error("cannot list the processes of control group {path}: {source}")]
    Unreadable {
        /// Its directory.
        path: String,
        /// Why.
        source: io::Error,
    },
}

/// The hierarchies of control groups that are mounted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hierarchies(pub Vec<Mount>);

impl Hierarchies {
    /// Those that this program sees.
    ///
    /// # Errors
    /// If `/proc` is not mounted.
    pub fn mounted() -> anyhow::Result<Self> {
        let text = fs::read("/proc/self/mountinfo")
            .context("cannot read /proc/self/mountinfo: is /proc mounted?")?;
        Ok(Self::parse(&String::from_utf8_lossy(&text)))
    }

    /// Those in the text of a `mountinfo` file.
    #[must_use]
    pub fn parse(mountinfo: &str) -> Self {
        // Other mounts are left alone: whatever is odd about them is of no concern here.
        let lines = mountinfo.lines().filter(|line| line.contains(" - cgroup"));
        Self(lines.filter_map(|line| MountInfo::from_line(line).ok()).filter_map(mount).collect())
    }

    /// The directories of the group `name`: a directory in a mounted hierarchy, or a path as
    /// `/proc/PID/cgroup` shows it. In version 1 each controller can have a group of that path,
    /// hence several.
    ///
    /// # Errors
    /// If there is none; the error says where it was looked for.
    pub fn find(&self, name: &str) -> Result<Vec<PathBuf>, CgroupError> {
        if self.0.is_empty() {
            return Err(CgroupError::NotMounted);
        }
        let named = Path::new(name);
        // Links are followed: /sys/fs/cgroup/cpu is often one to /sys/fs/cgroup/cpu,cpuacct.
        let directory =
            named.is_absolute().then(|| named.canonicalize().ok()).flatten().filter(|d| d.is_dir());
        if let Some(directory) = &directory
            && self.0.iter().any(|mount| directory.starts_with(&mount.mount_point))
            && directory.join(PROCS).exists()
        {
            return Ok(vec![directory.clone()]);
        }
        let candidates = if name.is_empty() { BTreeSet::new() } else { self.candidates(named) };
        let found: Vec<_> = candidates.iter().filter(|c| c.join(PROCS).exists()).cloned().collect();
        if !found.is_empty() {
            Ok(found)
        } else if directory.is_some() {
            Err(CgroupError::NotACgroup(name.to_owned()))
        } else {
            let candidates: Vec<_> = candidates.iter().map(|c| c.display().to_string()).collect();
            let looked_in =
                if candidates.is_empty() { "it nowhere".into() } else { candidates.join(", ") };
            Err(CgroupError::NotFound { path: name.to_owned(), looked_in })
        }
    }

    /// Where a group of that path would be, in each hierarchy; the path as seen from the root of
    /// the namespace first, then as seen from the mount point. Links and files are not looked at.
    fn candidates(&self, path: &Path) -> BTreeSet<PathBuf> {
        let from_mount_point = |mount: &Mount| Some(below(&mount.mount_point, downward(path)?));
        self.0.iter().flat_map(|m| [m.directory_of(path), from_mount_point(m)]).flatten().collect()
    }
}

impl Mount {
    /// The directory of a group, given as `/proc/PID/cgroup` shows it; `None` if the group is not
    /// within this mount.
    #[must_use]
    pub fn directory_of(&self, path: &Path) -> Option<PathBuf> {
        let from_root = Path::new("/").join(downward(path)?);
        Some(below(&self.mount_point, from_root.strip_prefix(&self.root).ok()?))
    }
}

/// The two joined, without the `/` at the end that joining nothing leaves.
fn below(mount_point: &Path, path: &Path) -> PathBuf {
    mount_point.join(path).components().collect()
}

/// The path without its leading `/`; `None` if a `..` leads out of what is visible here, as in the
/// groups of processes outside of this program's namespace.
fn downward(path: &Path) -> Option<&Path> {
    let upward = path.components().any(|c| matches!(c, Component::ParentDir));
    (!upward).then(|| path.strip_prefix("/").unwrap_or(path))
}

fn mount(info: MountInfo) -> Option<Mount> {
    let version = match info.fs_type.as_str() {
        "cgroup" => Version::V1,
        "cgroup2" => Version::V2,
        _ => return None,
    };
    let mut controllers = Vec::new();
    if version == Version::V1 {
        let options = info.super_options.into_iter();
        controllers.extend(options.filter_map(|(name, value)| match (name.as_str(), value) {
            ("name", Some(value)) => Some(format!("name={value}")),
            // Options of the mount, not controllers.
            ("rw" | "ro" | "xattr" | "clone_children" | "noprefix" | "seclabel", _) => None,
            ("cpuset_v2_mode" | "favordynmods", _) | (_, Some(_)) => None,
            (_, None) => Some(name),
        }));
        controllers.sort_unstable();
    }
    Some(Mount {
        version,
        controllers,
        root: unescape(&info.root).into(),
        mount_point: unescape(&info.mount_point.to_string_lossy()).into(),
    })
}

/// `mountinfo` writes these characters as octal numbers.
fn unescape(text: &str) -> String {
    // The backslash comes last: it begins the codes of the others.
    let codes = [(r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\043", "#"), (r"\134", "\\")];
    codes.iter().fold(text.to_owned(), |text, (code, plain)| text.replace(code, plain))
}

/// The groups of a process, from the text of its `/proc/PID/cgroup`.
///
/// # Errors
/// If a line has not the form `NUMBER:CONTROLLERS:PATH`.
pub fn memberships(text: &str) -> anyhow::Result<Vec<Membership>> {
    let parsed = ProcessCGroups::from_buf_read(text.as_bytes())
        .context("cannot understand the list of a process's control groups")?;
    let membership = |group: procfs::ProcessCGroup| Membership {
        controllers: group.controllers,
        path: group.pathname.into(),
    };
    Ok(parsed.into_iter().map(membership).collect())
}

/// The processes in these groups and in all groups below them, sorted, each once.
///
/// # Errors
/// If one of the groups has gone or is a threaded one.
pub fn pids(groups: &[PathBuf]) -> Result<Vec<i32>, CgroupError> {
    let mut found = BTreeSet::new();
    for group in groups {
        found.extend(pids_in(group).map_err(|source| {
            let path = group.display().to_string();
            match source.raw_os_error() {
                Some(libc::EOPNOTSUPP) => CgroupError::Threaded(path),
                _ => CgroupError::Unreadable { path, source },
            }
        })?);
        let mut below = sub_groups(group);
        while let Some(group) = below.pop() {
            // A group can go meanwhile, and a threaded one has its processes listed above it.
            found.extend(pids_in(&group).unwrap_or_default());
            below.extend(sub_groups(&group));
        }
    }
    // 0 stands for a process outside of this pid namespace.
    found.remove(&0);
    Ok(found.into_iter().collect())
}

fn pids_in(group: &Path) -> io::Result<Vec<i32>> {
    let text = fs::read_to_string(group.join(PROCS))?;
    Ok(text.lines().filter_map(|line| line.trim().parse().ok()).collect())
}

fn sub_groups(group: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(group).into_iter().flatten().filter_map(Result::ok);
    entries.filter(|e| e.file_type().is_ok_and(|t| t.is_dir())).map(|e| e.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &str = "\
23 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
77 23 0:50 / /mnt/a\\040b rw - cgroup none rw,pids,release_agent=/x
this line is odd - cgroup
";
    const V2: &str =
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
";
    /// A container that shares its host's cgroup namespace.
    const CONTAINER: &str = "\
900 880 0:29 /docker/abc /sys/fs/cgroup/cpu ro,nosuid master:9 - cgroup cgroup rw,cpu
901 880 0:38 /docker/abc /sys/fs/cgroup/unified ro - cgroup2 cgroup rw
";

    fn group(mountinfo: &str, index: usize, path: &str) -> Option<PathBuf> {
        Hierarchies::parse(mountinfo).0[index].directory_of(Path::new(path))
    }

    /// A hierarchy with the groups of a tree of directories, each with these pids.
    fn tree(groups: &[(&str, &str)]) -> (tempfile::TempDir, Hierarchies) {
        let root = tempfile::tempdir().unwrap();
        for (group, pids) in groups {
            let directory = root.path().join(group);
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join(PROCS), pids).unwrap();
        }
        let mount_point = root.path().canonicalize().unwrap();
        let mounts = vec![Mount {
            version: Version::V2,
            controllers: vec![],
            root: "/".into(),
            mount_point,
        }];
        (root, Hierarchies(mounts))
    }

    #[test]
    fn a_mixed_layout_has_its_controllers_and_the_unified_hierarchy() {
        let mounts = Hierarchies::parse(MIXED).0;
        let seen: Vec<_> =
            mounts.iter().map(|m| (m.version, m.controllers.join("+"), &m.mount_point)).collect();
        assert_eq!(seen.len(), 4);
        assert_eq!((seen[0].0, seen[0].1.as_str()), (Version::V1, "cpu+cpuacct"));
        assert_eq!(seen[1].1, "name=systemd");
        assert_eq!((seen[2].0, seen[2].1.as_str()), (Version::V2, ""));
        assert_eq!((seen[3].1.as_str(), seen[3].2.as_path()), ("pids", Path::new("/mnt/a b")));
    }

    #[test]
    fn a_group_of_version_2_lies_below_the_one_mount_point() {
        let directory = group(V2, 0, "/system.slice/x.service");
        assert_eq!(directory, Some("/sys/fs/cgroup/system.slice/x.service".into()));
        assert_eq!(group(V2, 0, "/"), Some("/sys/fs/cgroup".into()));
    }

    #[test]
    fn in_a_container_the_mounts_root_is_taken_off_the_path() {
        let directory = group(CONTAINER, 0, "/docker/abc/inner");
        assert_eq!(directory, Some("/sys/fs/cgroup/cpu/inner".into()));
        assert_eq!(group(CONTAINER, 0, "/docker/abcd"), None);
        assert_eq!(group(CONTAINER, 0, "/"), None);
    }

    #[test]
    fn a_path_that_leads_out_of_the_namespace_is_nowhere() {
        assert_eq!(group(V2, 0, "/../other"), None);
    }

    #[test]
    fn memberships_of_all_layouts_are_read() {
        let mixed = memberships("3:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n0::/a:b\n").unwrap();
        assert_eq!(mixed[0].controllers, ["cpu", "cpuacct"]);
        assert_eq!(mixed[0].path, Path::new("/docker/abc"));
        assert_eq!(mixed[1].controllers, ["name=systemd"]);
        assert_eq!((mixed[2].controllers.len(), mixed[2].path.as_path()), (0, Path::new("/a:b")));
        assert!(memberships("no group\n").is_err());
    }

    #[test]
    fn a_group_is_found_by_its_directory_and_by_its_path() {
        let (root, hierarchies) = tree(&[("docker/abc", "5\n")]);
        let directory = root.path().canonicalize().unwrap().join("docker/abc");
        for name in [directory.to_str().unwrap(), "/docker/abc", "docker/abc", "docker/abc/"] {
            assert_eq!(hierarchies.find(name).unwrap(), std::slice::from_ref(&directory), "{name}");
        }
    }

    #[test]
    fn a_group_that_is_not_there_is_an_error_that_says_where_it_was_looked_for() {
        let (root, hierarchies) = tree(&[("a", "")]);
        fs::create_dir(root.path().join("plain")).unwrap();
        let missing = hierarchies.find("/b").unwrap_err().to_string();
        assert!(missing.starts_with("there is no control group `/b`: looked for /"), "{missing}");
        let plain = root.path().join("plain");
        let error = hierarchies.find(plain.to_str().unwrap()).unwrap_err();
        assert!(matches!(error, CgroupError::NotACgroup(_)), "{error}");
        let none = Hierarchies::default().find("/b").unwrap_err();
        assert!(matches!(none, CgroupError::NotMounted));
        assert!(matches!(hierarchies.find(""), Err(CgroupError::NotFound { .. })));
        assert!(matches!(hierarchies.find("../a"), Err(CgroupError::NotFound { .. })));
    }

    #[test]
    fn processes_of_sub_groups_are_listed_once_and_those_outside_the_namespace_not() {
        let (_root, hierarchies) =
            tree(&[("a", "9\n0\n"), ("a/b", "7\n9\n"), ("a/b/c", "8\n"), ("other", "1\n")]);
        let group = hierarchies.find("/a").unwrap();
        assert_eq!(pids(&group).unwrap(), [7, 8, 9]);
    }

    #[test]
    fn a_group_that_has_gone_is_an_error() {
        let (root, hierarchies) = tree(&[("a", "9\n")]);
        let group = hierarchies.find("/a").unwrap();
        fs::remove_dir_all(root.path().join("a")).unwrap();
        assert!(matches!(pids(&group), Err(CgroupError::Unreadable { .. })));
    }
}
