//! What a CPU quota did to its control group: the group's `cpu.stat`.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

/// The file, the same name in both versions.
const FILE: &str = "cpu.stat";

/// Counts since the group was made, or the quota was set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuStat {
    /// Periods in which the group had something to run.
    pub periods: u64,
    /// Those in which it used up its quota.
    pub throttled_periods: u64,
    /// How long its run queues were stopped, summed over CPUs.
    pub throttled_ns: u64,
}

impl CpuStat {
    /// That of the group in a directory.
    ///
    /// # Errors
    /// If the group is gone or has no such counts.
    pub fn of(group: &Path) -> Result<Self> {
        let path = group.join(FILE);
        let shown = path.display();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {shown}"))?;
        Self::parse(&text).with_context(|| format!("{shown} has no counts of throttled periods"))
    }

    /// From the text of the file: version 1 has the time in nanoseconds, version 2 in microseconds.
    fn parse(text: &str) -> Option<Self> {
        let field = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(' '));
            lines.find(|(field, _)| *field == name)?.1.trim().parse::<u64>().ok()
        };
        Some(Self {
            periods: field("nr_periods")?,
            throttled_periods: field("nr_throttled")?,
            throttled_ns: field("throttled_time")
                .or_else(|| field("throttled_usec").map(|us| us.saturating_mul(1_000)))?,
        })
    }

    /// What happened since an earlier moment.
    #[must_use]
    pub const fn since(self, before: Self) -> Self {
        Self {
            periods: self.periods.saturating_sub(before.periods),
            throttled_periods: self.throttled_periods.saturating_sub(before.throttled_periods),
            throttled_ns: self.throttled_ns.saturating_sub(before.throttled_ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: CpuStat = CpuStat { periods: 12, throttled_periods: 9, throttled_ns: 450_123_000 };

    #[test]
    fn both_versions_are_read_in_nanoseconds() {
        let v1 = "nr_periods 12\nnr_throttled 9\nthrottled_time 450123000\nwait_sum 5\n";
        assert_eq!(CpuStat::parse(v1), Some(STAT));
        let v2 = "usage_usec 7\nuser_usec 5\nsystem_usec 2\nnr_periods 12\nnr_throttled 9\n\
                  throttled_usec 450123\nnr_bursts 0\nburst_usec 0\n";
        assert_eq!(CpuStat::parse(v2), Some(STAT));
    }

    #[test]
    fn a_group_without_the_controller_has_no_counts() {
        assert_eq!(CpuStat::parse("usage_usec 7\nuser_usec 5\nsystem_usec 2\n"), None);
        assert_eq!(CpuStat::parse(""), None);
        let error = CpuStat::of(Path::new("/nonexistent")).unwrap_err().to_string();
        assert_eq!(error, "cannot read /nonexistent/cpu.stat");
    }

    #[test]
    fn a_window_counts_what_was_added_in_it() {
        let before = CpuStat { periods: 10, throttled_periods: 9, throttled_ns: 450_000_000 };
        let added = CpuStat { periods: 2, throttled_periods: 0, throttled_ns: 123_000 };
        assert_eq!(STAT.since(before), added);
    }
}
