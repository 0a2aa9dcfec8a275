//! By how much runs of one thing differ, whatever one does. All workers of a run share that, so their
//! spread cannot show it, and every interval is widened by it.

use super::{Measured, bootstrap::Contrast};
use crate::recording::Recording;

/// By where memory lies, by what else there is, as a logarithm. On a machine of one's own runs differ
/// by one to five percent.
const RUNS: f64 = 0.1;
/// The line of the budget that tells how fast a machine was: what a unit of work does in user mode is
/// up to the program alone.
const USER: &str = "user";
/// A shared host slows a machine down by so much, at times. If user mode takes longer still, that is no
/// drift, but the program itself, or its own pressure on memory.
const SLOWEST: f64 = 1.5;

/// Logarithms of factors that a difference has to exceed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    /// Shares of the CPUs that went to others, on each side.
    others: [f64; 2],
    /// How much longer, or less long, user mode took for a unit.
    pace: f64,
}

impl Allowance {
    /// For two sides with these lines of the budget, each for a unit of work; none where there is no
    /// such unit.
    pub(super) fn new(sides: [&Measured<'_>; 2], lines: &[(String, Contrast)]) -> Self {
        let user = lines.iter().find(|(name, _)| name == USER).map(|(_, contrast)| contrast);
        let pace = user.map_or(0.0, |it| (it.new.value() / it.base.value()).ln().abs());
        let pace = if pace.is_finite() { pace.min(SLOWEST.ln()) } else { 0.0 };
        Self { others: sides.map(|side| others(side.recording)), pace }
    }

    /// For the whole, and for user mode, which the pace would explain away.
    pub(super) fn of_whole(&self) -> f64 {
        RUNS + self.others[0].max(self.others[1])
    }

    /// For a line of the budget.
    pub(super) fn of_line(&self, name: &str) -> f64 {
        if name == USER { self.of_whole() } else { self.of_rest() }
    }

    /// For everything else.
    pub(super) fn of_rest(&self) -> f64 {
        self.of_whole() + self.pace
    }

    /// What a reader has to know of it.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        let [base, new] = self.others;
        let of_others = (base.max(new) > RUNS).then(|| {
            format!(
                "other programs kept {:.0} % and {:.0} % of the CPUs busy: what makes less than a \
                 factor of {:.2} may come from that, and is not called significant",
                100.0 * base,
                100.0 * new,
                self.of_whole().exp()
            )
        });
        let of_pace = (self.pace > RUNS).then(|| {
            format!(
                "user mode differs by a factor of {:.2}{}, as it does if the machine itself is slower for \
                 a while: what makes less than a factor of {:.2} elsewhere may come from that, and is \
                 not called significant",
                self.pace.exp(),
                if self.pace < SLOWEST.ln() { "" } else { " or more" },
                self.of_rest().exp()
            )
        });
        of_others.into_iter().chain(of_pace)
    }
}

/// The share of the CPUs of a run that went to others.
fn others(recording: &Recording) -> f64 {
    let cpus = &recording.metadata.cpus;
    let allowed = cpus.allowed.or(cpus.online).unwrap_or(1).max(1);
    recording
        .metadata
        .other_cpus
        .map_or(0.0, |others| (others / f64::from(allowed)).clamp(0.0, 1.0))
}
