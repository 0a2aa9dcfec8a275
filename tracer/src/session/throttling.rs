//! What a CPU quota does to a control group in the window.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{kernel::cpu_stat::CpuStat, report::Throttling};

/// What has happened in a group since it was first looked at.
#[derive(Debug)]
pub(super) struct Throttled {
    group: PathBuf,
    at_start: CpuStat,
    at_interval: CpuStat,
    /// At the last look at which the group was still there.
    now: CpuStat,
}

impl Throttled {
    /// Begins to watch a group.
    ///
    /// # Errors
    /// If its counts cannot be read.
    pub(super) fn begin(group: &Path) -> Result<Self> {
        let now = CpuStat::of(group)?;
        Ok(Self { group: group.to_owned(), at_start: now, at_interval: now, now })
    }

    /// Looks what has happened up to now, if the group is there.
    pub(super) fn look(&mut self) {
        if let Ok(now) = CpuStat::of(&self.group) {
            self.now = now;
        }
    }

    /// What happened in the interval that ends with the last look.
    pub(super) fn interval(&mut self) -> Throttling {
        let before = std::mem::replace(&mut self.at_interval, self.now);
        self.shown(self.now.since(before))
    }

    /// What happened in the window, up to the last look.
    pub(super) fn whole(&self) -> Throttling {
        self.shown(self.now.since(self.at_start))
    }

    fn shown(&self, stat: CpuStat) -> Throttling {
        let CpuStat { periods, throttled_periods, throttled_ns } = stat;
        let cgroup = self.group.display().to_string();
        Throttling { cgroup, periods, throttled_periods, throttled_ns }
    }
}
