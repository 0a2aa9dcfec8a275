//! Where programs are, and which CPUs they are put on.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use nix::{
    sched::{CpuSet, sched_getaffinity},
    unistd::Pid,
};

/// Programs that take part, as words of a command.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    pub(crate) bench: OsString,
    pub(crate) tracer: OsString,
    pub(crate) workloads: OsString,
    pub(crate) floor_object: OsString,
    pub(crate) strace: OsString,
    pub(crate) perf: OsString,
    pub(crate) syscount: OsString,
    pub(crate) runqlat: OsString,
    pub(crate) offcputime: OsString,
}

impl Programs {
    /// By name alone.
    #[cfg(test)]
    pub(crate) fn named() -> Self {
        Self {
            bench: "bench".into(),
            tracer: "tracer".into(),
            workloads: "workloads".into(),
            floor_object: "floor.o".into(),
            strace: "strace".into(),
            perf: "perf".into(),
            syscount: "syscount".into(),
            runqlat: "runqlat".into(),
            offcputime: "offcputime".into(),
        }
    }

    /// Ours from the directory of this program, the others from `PATH`.
    ///
    /// # Errors
    /// If one of ours is not there.
    pub(crate) fn find(floor_object: &Path) -> Result<Self> {
        let bench = env::current_exe().context("cannot find this program's own file")?;
        let beside = |name: &str| -> Result<OsString> {
            let path = bench.with_file_name(name);
            if !path.is_file() {
                bail!("{} is not there: `cargo xtask bench` builds it", path.display());
            }
            Ok(path.into())
        };
        Ok(Self {
            tracer: beside("tracer")?,
            workloads: beside("workloads")?,
            floor_object: floor_object.into(),
            bench: bench.clone().into(),
            strace: installed_or_named("strace"),
            perf: installed_or_named("perf"),
            syscount: installed_or_named("syscount"),
            runqlat: installed_or_named("runqlat"),
            offcputime: installed_or_named("offcputime"),
        })
    }
}

/// A program in `PATH`, or where administrators' programs are, which a user's `PATH` may lack.
pub(crate) fn installed(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut dirs = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    dirs.find_map(|dir| Some(dir.join(program)).filter(|file| file.is_file()))
}

fn installed_or_named(program: &str) -> OsString {
    installed(program).map_or_else(|| program.into(), OsString::from)
}

/// The CPUs that may be used, and who is put where: the same for every contender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cpus(Vec<usize>);

impl Cpus {
    /// Those that this process may use.
    ///
    /// # Errors
    /// If the kernel does not say.
    pub(crate) fn allowed() -> Result<Self> {
        let set = sched_getaffinity(Pid::from_raw(0)).context("cannot read the CPU affinity")?;
        Ok(Self((0..CpuSet::count()).filter(|&cpu| set.is_set(cpu) == Ok(true)).collect()))
    }

    /// Of a workload that is one process.
    pub(crate) fn of_load(&self) -> usize {
        self.0.first().copied().unwrap_or(0)
    }

    /// Of the tool: another one, if there is another.
    pub(crate) fn of_tool(&self) -> usize {
        self.0.get(1).copied().unwrap_or_else(|| self.of_load())
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[usize] {
        &self.0
    }
}

/// The words that put a command on one CPU.
pub(crate) fn on_cpu(cpu: usize, words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut placed: Vec<OsString> = vec!["taskset".into(), "-c".into(), cpu.to_string().into()];
    placed.extend(words);
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_has_a_cpu_of_its_own_if_there_are_two() {
        let cpus = Cpus(vec![4, 7, 9]);
        assert_eq!((cpus.of_load(), cpus.of_tool()), (4, 7));
        let only = Cpus(vec![3]);
        assert_eq!((only.of_load(), only.of_tool()), (3, 3));
    }

    #[test]
    fn a_program_that_does_not_exist_is_not_installed() {
        assert!(installed("sh").is_some());
        assert_eq!(installed("no-such-program"), None);
    }
}
