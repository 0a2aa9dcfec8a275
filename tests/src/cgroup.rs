//! Control groups made for a test.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use procfs::process::Process;

/// Controllers of version 1 whose groups take a process without being set up.
const CONTROLLERS: [&str; 4] = ["pids", "freezer", "cpuacct", "devices"];

/// Groups made so far, so that each has a name of its own.
static GROUPS: AtomicU32 = AtomicU32::new(0);

/// A control group that goes with the test. Its processes have to have ended by then.
#[derive(Debug)]
pub struct ControlGroup(PathBuf);

/// Where the hierarchies of both versions are mounted: one of each, as far as there are any.
#[must_use]
pub fn mounted() -> Vec<PathBuf> {
    let mounts = Process::myself().unwrap().mountinfo().unwrap();
    let version_1 = mounts.0.iter().find(|mount| {
        mount.fs_type == "cgroup"
            && CONTROLLERS.iter().any(|name| mount.super_options.contains_key(*name))
    });
    let version_2 = mounts.0.iter().find(|mount| mount.fs_type == "cgroup2");
    let found: Vec<_> = [version_1, version_2].into_iter().flatten().collect();
    assert!(!found.is_empty(), "no control groups are mounted");
    found.into_iter().map(|mount| mount.mount_point.clone()).collect()
}

/// Where groups are given something of their own by a controller, such as `cpu` or `memory`, and whether
/// that is version 1.
fn hierarchy_of(controller: &str) -> Option<(PathBuf, bool)> {
    let mounts = Process::myself().unwrap().mountinfo().unwrap();
    let version_1 = mounts
        .0
        .iter()
        .find(|mount| mount.fs_type == "cgroup" && mount.super_options.contains_key(controller));
    if let Some(mount) = version_1 {
        return Some((mount.mount_point.clone(), true));
    }
    let version_2 = mounts.0.iter().find(|mount| mount.fs_type == "cgroup2")?;
    let control = version_2.mount_point.join("cgroup.subtree_control");
    fs::write(control, format!("+{controller}")).ok()?;
    Some((version_2.mount_point.clone(), false))
}

impl ControlGroup {
    /// Makes a group whose processes go before all others on every CPU, so that what else runs on
    /// the machine does not show in them. The tracer has to be in it too, or it starves.
    ///
    /// # Panics
    /// If no hierarchy gives out CPU time.
    #[track_caller]
    #[must_use]
    pub fn favoured() -> Self {
        let (hierarchy, version_1) =
            hierarchy_of("cpu").expect("a hierarchy that gives out CPU time");
        Self::favoured_in(&hierarchy, version_1)
    }

    /// Makes a group whose processes may use so many CPUs' worth of time in each 100 ms, which nobody else
    /// takes from them.
    ///
    /// # Panics
    /// If no hierarchy gives out CPU time.
    #[track_caller]
    #[must_use]
    pub fn with_quota(cpus: f64) -> Self {
        let (hierarchy, version_1) =
            hierarchy_of("cpu").expect("a hierarchy that gives out CPU time");
        let group = Self::favoured_in(&hierarchy, version_1);
        let quota_us = (cpus * 100_000.0).round();
        let files = if version_1 {
            vec![
                ("cpu.cfs_period_us", "100000".to_owned()),
                ("cpu.cfs_quota_us", quota_us.to_string()),
            ]
        } else {
            vec![("cpu.max", format!("{quota_us} 100000"))]
        };
        for (file, value) in files {
            fs::write(group.path().join(file), value).unwrap();
        }
        group
    }

    fn favoured_in(hierarchy: &Path, version_1: bool) -> Self {
        let group = Self::new(hierarchy);
        let (file, most) =
            if version_1 { ("cpu.shares", "262144") } else { ("cpu.weight", "10000") };
        fs::write(group.path().join(file), most).unwrap();
        group
    }

    /// Makes a group whose memory is counted, and listed, for itself.
    ///
    /// # Panics
    /// If no hierarchy counts memory.
    #[track_caller]
    #[must_use]
    pub fn of_memory() -> Self {
        let (hierarchy, _) = hierarchy_of("memory").expect("a hierarchy that counts memory");
        Self::new(&hierarchy)
    }

    /// Makes a group in a hierarchy.
    #[track_caller]
    #[must_use]
    pub fn new(hierarchy: &Path) -> Self {
        let path = hierarchy.join(format!(
            "tracer-test-{}-{}",
            process::id(),
            GROUPS.fetch_add(1, Ordering::Relaxed)
        ));
        fs::create_dir(&path).unwrap_or_else(|e| panic!("cannot make {}: {e}", path.display()));
        Self(path)
    }

    /// Its directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A command that begins in this group and then becomes `program`; arguments follow.
    #[must_use]
    pub fn starting(&self, program: &Command) -> Command {
        let mut starter = Command::new("sh");
        starter.arg("-c").arg("echo $$ > \"$0\" && exec \"$@\"");
        starter
            .arg(self.0.join("cgroup.procs"))
            .arg(program.get_program())
            .args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => starter.env(name, value),
                None => starter.env_remove(name),
            };
        }
        starter
    }

    /// Moves a process into it.
    #[track_caller]
    pub fn take(&self, pid: i32) {
        fs::write(self.0.join("cgroup.procs"), pid.to_string()).unwrap();
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        // A killed process leaves a moment after it was waited for.
        for _ in 0..200 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        eprintln!("cannot remove the control group {}", self.0.display());
    }
}
