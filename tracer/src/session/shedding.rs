//! Keeps what tracing costs within a budget, by telling less in detail.

use tracer_common::control::Control;

use crate::report::{Detail, Shed};

/// Targets that ran for less than this between two looks say nothing about the share.
const LEAST_BUSY_NS: u64 = 5_000_000;
/// After so many looks at less than half of the budget more is told again.
const PATIENCE: u32 = 4;
const MOST_PATIENCE: u32 = 64;

/// What is told at the time, and why.
#[derive(Debug)]
pub(super) struct Shedding {
    /// Share of the targets' CPU time that tracing may cost.
    limit: f64,
    detail: u32,
    /// Looks in a row at less than half of the budget.
    calm: u32,
    patience: u32,
    /// The last change told more.
    recovered: bool,
    /// What tracing had cost and how long targets had run at the last look.
    before: Option<(u64, u64)>,
    last_share: f64,
    changes: Vec<Shed>,
}

impl Shedding {
    /// With a budget in per cent, and everything told.
    pub(super) fn new(budget_percent: f64) -> Self {
        Self {
            limit: budget_percent / 100.0,
            detail: Control::ALL,
            calm: 0,
            patience: PATIENCE,
            recovered: false,
            before: None,
            last_share: 0.0,
            changes: Vec::new(),
        }
    }

    /// Looks at what tracing has cost by now, and for how long targets have been on a CPU, both
    /// since the start. Returns the detail to go on with, if it changes.
    pub(super) fn weigh(&mut self, at_ns: u64, cost_ns: u64, busy_ns: u64) -> Option<u32> {
        let (cost_before, busy_before) = self.before.unwrap_or((cost_ns, busy_ns));
        let (cost, busy) =
            (cost_ns.saturating_sub(cost_before), busy_ns.saturating_sub(busy_before));
        if self.before.is_some() && busy < LEAST_BUSY_NS {
            return None; // Until they have run for long enough.
        }
        let first = self.before.replace((cost_ns, busy_ns)).is_none();
        if first {
            return None;
        }
        self.last_share = share(cost, busy);
        if self.last_share > self.limit {
            self.calm = 0;
            if self.detail < Control::SUMS {
                if self.recovered {
                    // Too soon: the next time it takes longer.
                    self.patience = (2 * self.patience).min(MOST_PATIENCE);
                }
                return Some(self.change(self.detail + 1, at_ns));
            }
        } else if self.last_share < self.limit / 2.0 {
            self.calm += 1;
            if self.calm >= self.patience && self.detail > Control::ALL {
                self.calm = 0;
                return Some(self.change(self.detail - 1, at_ns));
            }
        } else {
            self.calm = 0;
        }
        None
    }

    fn change(&mut self, detail: u32, at_ns: u64) -> u32 {
        self.recovered = detail < self.detail;
        self.detail = detail;
        self.changes.push(Shed {
            at_ns,
            detail: match detail {
                Control::ALL => Detail::All,
                Control::CALLS => Detail::Calls,
                Control::SHAPES => Detail::Distributions,
                _ => Detail::Sums,
            },
            cost_percent: 100.0 * self.last_share,
        });
        detail
    }

    /// Every change so far.
    pub(super) fn changes(&self) -> &[Shed] {
        &self.changes
    }

    /// The cost in per cent, if it is over the budget and nothing is left to shed.
    pub(super) fn excess(&self) -> Option<f64> {
        (self.detail == Control::SUMS && self.last_share > self.limit)
            .then_some(100.0 * self.last_share)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share to a few digits")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Looks once for each cost in per cent of 100 ms, and says what was decided.
    fn looks(shedding: &mut Shedding, costs: &[u64]) -> Vec<Option<u32>> {
        let (mut cost, mut busy) = shedding.before.unwrap_or_default();
        if shedding.before.is_none() {
            assert_eq!(shedding.weigh(0, 0, 0), None, "there is nothing to compare with");
        }
        let mut look = |percent: &u64| {
            cost += percent * MS;
            busy += 100 * MS;
            shedding.weigh(busy, cost, busy)
        };
        costs.iter().map(&mut look).collect()
    }

    #[test]
    fn detail_is_shed_step_by_step_while_the_cost_is_above_the_budget() {
        let mut shedding = Shedding::new(5.0);
        let decided = looks(&mut shedding, &[4, 6, 6, 6, 6]);
        assert_eq!(decided, [None, Some(1), Some(2), Some(3), None]);
        assert_eq!(shedding.excess().map(f64::round), Some(6.0));
        let details: Vec<_> = shedding.changes().iter().map(|change| change.detail).collect();
        assert_eq!(details, [Detail::Calls, Detail::Distributions, Detail::Sums]);
        assert_eq!(shedding.changes()[0].at_ns, 200 * MS);
    }

    #[test]
    fn it_comes_back_after_a_calm_time_and_each_time_later() {
        let mut shedding = Shedding::new(5.0);
        assert_eq!(looks(&mut shedding, &[6, 1, 1, 1, 1]).last(), Some(&Some(0)));
        assert_eq!(looks(&mut shedding, &[6]), [Some(1)]);
        let decided = looks(&mut shedding, &[1; 8]);
        assert_eq!(decided, [None, None, None, None, None, None, None, Some(0)]);
        assert_eq!(shedding.excess(), None);
    }

    #[test]
    fn a_cost_near_the_budget_changes_nothing() {
        let mut shedding = Shedding::new(5.0);
        assert!(looks(&mut shedding, &[6]).contains(&Some(1)));
        assert_eq!(looks(&mut shedding, &[4; 20]), [None; 20]);
    }

    #[test]
    fn nothing_is_decided_on_targets_that_hardly_ran() {
        let mut shedding = Shedding::new(5.0);
        assert_eq!(shedding.weigh(0, 0, 0), None);
        assert_eq!(shedding.weigh(1, 100 * MS, MS), None);
        assert_eq!(shedding.weigh(2, 200 * MS, 6 * MS), Some(1), "together it is enough");
    }
}
