//! What the programs cost, as the kernel counts it.

use std::{
    fs,
    os::fd::{AsRawFd as _, OwnedFd},
};

use anyhow::{Context as _, Result};
use aya::{
    programs::ProgramFd,
    sys::{Stats, enable_stats},
};

use super::Programs;

/// What all programs of the tracer have cost since they were loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// How often they ran; only while that is counted.
    pub runs: u64,
    /// For how long together; likewise.
    pub ns: u64,
    /// How often one was left out because it was running on that CPU already.
    pub missed: u64,
}

impl Cost {
    /// What it has grown by.
    #[must_use]
    pub const fn since(self, before: Self) -> Self {
        Self {
            runs: self.runs.saturating_sub(before.runs),
            ns: self.ns.saturating_sub(before.ns),
            missed: self.missed.saturating_sub(before.missed),
        }
    }
}

/// Has the kernel count the time of programs, of everybody's, for as long as this lives.
#[derive(Debug)]
pub(super) struct Counting {
    _stats: OwnedFd,
}

impl Counting {
    pub(super) fn begin() -> Result<Self> {
        let stats = enable_stats(Stats::RunTime).context(
            "the kernel refused to count the time of eBPF programs (BPF_ENABLE_STATS, which needs \
             CAP_SYS_ADMIN): leave out --own-cost and --budget",
        )?;
        Ok(Self { _stats: stats })
    }
}

impl Programs {
    /// What the programs have cost so far. Time and runs are 0 unless
    /// [`Settings::counts_cost`](super::Settings::counts_cost).
    ///
    /// # Errors
    /// If `/proc/self/fdinfo` cannot be read.
    pub fn cost(&self) -> Result<Cost> {
        let mut cost = Cost::default();
        for (name, program) in self.bpf.programs() {
            // One that is not loaded, for this kernel has no place for it, costs nothing.
            let Ok(fd) = program.fd() else { continue };
            let Cost { runs, ns, missed } =
                of(fd).with_context(|| format!("cannot read what the program {name} costs"))?;
            cost.runs += runs;
            cost.ns += ns;
            cost.missed += missed;
        }
        Ok(cost)
    }

    /// How much the verifier looked at in each program, for those who write them.
    pub(super) fn log_verified(&self) {
        for (name, program) in self.bpf.programs() {
            if let Ok(info) = program.info()
                && let Some(count) = info.verified_instruction_count()
            {
                log::debug!("verified {name}: {count} instructions");
            }
        }
    }
}

fn of(program: &ProgramFd) -> Result<Cost> {
    use std::os::fd::AsFd as _;
    let path = format!("/proc/self/fdinfo/{}", program.as_fd().as_raw_fd());
    Ok(parse(&fs::read_to_string(path)?))
}

/// Reads the lines of a program's `fdinfo`. What a kernel does not tell is 0.
fn parse(fdinfo: &str) -> Cost {
    let field = |name: &str| {
        let value = fdinfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
    };
    Cost { runs: field("run_cnt"), ns: field("run_time_ns"), missed: field("recursion_misses") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_found_among_the_other_lines() {
        let fdinfo = "pos:\t0\nflags:\t02000002\nprog_type:\t26\nprog_jited:\t1\nmemlock:\t4096\n\
                      run_time_ns:\t123456\nrun_cnt:\t789\nrecursion_misses:\t5\n\
                      verified_insns:\t891\n";
        assert_eq!(parse(fdinfo), Cost { runs: 789, ns: 123_456, missed: 5 });
        assert_eq!(parse("pos:\t0\n"), Cost::default());
    }

    #[test]
    fn costs_count_by_what_they_grew() {
        let cost = |n| Cost { runs: n, ns: 10 * n, missed: 0 };
        assert_eq!(cost(7).since(cost(5)), cost(2));
    }
}
