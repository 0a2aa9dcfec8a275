//! What a CPU quota does to the targets in the window.

use std::path::PathBuf;

use anyhow::Result;

use crate::{kernel::cpu_stat::CpuStat, report::Throttling};

/// The control group whose quota counts, and what had happened in it before.
#[derive(Debug)]
pub(super) struct Quota {
    group: PathBuf,
    at_start: CpuStat,
    at_interval: CpuStat,
}

impl Quota {
    /// Begins to watch a group.
    pub(super) fn watch(group: PathBuf) -> Result<Self> {
        let now = CpuStat::of(&group)?;
        Ok(Self { group, at_start: now, at_interval: now })
    }

    /// What happened in the interval that ends now.
    pub(super) fn interval(&mut self) -> Result<Throttling> {
        let now = CpuStat::of(&self.group)?;
        let before = std::mem::replace(&mut self.at_interval, now);
        Ok(self.shown(now.since(before)))
    }

    /// What happened in the window.
    pub(super) fn whole(&self) -> Result<Throttling> {
        Ok(self.shown(CpuStat::of(&self.group)?.since(self.at_start)))
    }

    fn shown(&self, stat: CpuStat) -> Throttling {
        let CpuStat { periods, throttled_periods, throttled_ns } = stat;
        let cgroup = self.group.display().to_string();
        Throttling { cgroup, periods, throttled_periods, throttled_ns }
    }
}
