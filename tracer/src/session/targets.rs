//! Who is to be traced, and who becomes so later by a name or a control group.

use std::path::PathBuf;

use anyhow::{Result, bail};
use regex::Regex;
use tracer_common::record::Life;

use crate::{
    attach::{Marked, Programs},
    config::Targets,
    kernel::{
        cgroup::{self, Hierarchies},
        proc,
    },
};

/// Targets named by what they are; those alive and those that appear.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// Processes named one by one.
    pids: Vec<i32>,
    /// Names of programs.
    comm: Option<Regex>,
    /// Directories of control groups.
    groups: Vec<PathBuf>,
    /// Whether there may be targets that none of these names.
    others: bool,
    /// Processes that have just become a program that is watched for, and when the first did.
    newcomers: Vec<i32>,
    newcomers_since_ns: u64,
}

/// Looks at what the user named, before anything is loaded: a typing error costs nothing.
pub(super) fn resolve(targets: &Targets) -> Result<Watched> {
    let Targets::Named { pids, comm, cgroups } = targets else {
        return Ok(Watched { others: true, ..Watched::default() });
    };
    for &pid in pids {
        proc::resolve_pid(pid)?;
    }
    let mut groups = Vec::new();
    if !cgroups.is_empty() {
        let hierarchies = Hierarchies::mounted()?;
        for path in cgroups {
            groups.extend(hierarchies.find(&path.to_string_lossy())?);
        }
    }
    Ok(Watched { pids: pids.clone(), comm: comm.clone(), groups, ..Watched::default() })
}

impl Watched {
    /// Whether no process can become a target but the descendants of those named.
    pub(super) fn are_pids_alone(&self) -> bool {
        self.comm.is_none() && self.groups.is_empty() && !self.others
    }

    pub(super) fn watches_names(&self) -> bool {
        self.comm.is_some()
    }

    pub(super) fn watches_groups(&self) -> bool {
        !self.groups.is_empty()
    }

    /// The process to read limits from, if one is named.
    pub(super) fn first_pid(&self) -> Option<i32> {
        self.pids.first().copied()
    }

    /// Marks all that are alive.
    pub(super) fn mark_all(&self, programs: &Programs) -> Result<()> {
        for &pid in &self.pids {
            if programs.mark(pid, false)? == Marked::Gone {
                bail!("process {pid} ended before tracing began");
            }
        }
        self.mark_groups(programs)?;
        if let Some(name) = &self.comm {
            let own = i32::try_from(std::process::id())?;
            for pid in proc::all_pids()? {
                if pid != own && proc::comm(pid).is_some_and(|comm| name.is_match(&comm)) {
                    programs.mark(pid, false)?;
                }
            }
        }
        Ok(())
    }

    /// Marks who is in the groups now. True if that brought somebody new.
    pub(super) fn mark_groups(&self, programs: &Programs) -> Result<bool> {
        let own = i32::try_from(std::process::id())?;
        let mut new = false;
        if !self.groups.is_empty() {
            for pid in cgroup::pids(&self.groups)?.into_iter().filter(|&pid| pid != own) {
                new |= programs.mark(pid, false)? == Marked::Now;
            }
        }
        Ok(new)
    }

    /// Remembers a process whose new name is watched for.
    pub(super) fn consider(&mut self, life: &Life) {
        let Some(name) = self.comm.as_ref().filter(|_| life.event == Life::FOREIGN_EXEC) else {
            return;
        };
        let end = life.comm.iter().position(|&byte| byte == 0).unwrap_or(life.comm.len());
        let pid = i32::try_from(life.shown_tgid).unwrap_or(0);
        if pid > 0 && name.is_match(&String::from_utf8_lossy(&life.comm[..end])) {
            if self.newcomers.is_empty() {
                self.newcomers_since_ns = life.ns;
            }
            self.newcomers.push(pid);
        }
    }

    /// Marks those remembered. If that brought somebody new, since when they were to be traced.
    pub(super) fn mark_newcomers(&mut self, programs: &Programs) -> Result<Option<u64>> {
        let mut new = false;
        for pid in std::mem::take(&mut self.newcomers) {
            new |= programs.mark(pid, false)? == Marked::Now;
        }
        Ok(new.then_some(self.newcomers_since_ns))
    }
}
