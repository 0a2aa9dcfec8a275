//! Detail that was left out to keep the cost of tracing within a budget.

use serde::{Deserialize, Serialize};

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Everything.
    All,
    /// Calls one by one; stays on a CPU are summed in the kernel.
    Calls,
    /// Calls are summed in the kernel too, with their distributions.
    Distributions,
    /// The distributions are left out.
    Sums,
}

/// A change of what is told.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shed {
    /// When, since the window opened.
    pub at_ns: u64,
    /// What is told from then on.
    pub detail: Detail,
    /// What tracing had cost until then, in per cent of the targets' CPU time.
    pub cost_percent: f64,
}

impl Shed {
    /// The change as a sentence.
    #[must_use]
    pub fn sentence(&self, budget_percent: f64) -> String {
        let Self { at_ns, detail, cost_percent } = *self;
        let what = match detail {
            Detail::All => "calls and stays are told one by one again",
            Detail::Calls => "stays on a CPU are summed in the kernel, calls told one by one",
            Detail::Distributions => "calls and stays are summed in the kernel",
            Detail::Sums => "calls and stays are summed in the kernel, without percentiles",
        };
        format!(
            "from {:.2} s on {what}: tracing cost {cost_percent:.1} % of the targets' CPU time \
             (--budget {budget_percent})",
            at_ns as f64 / 1e9
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_when_what_and_why() {
        let shed = Shed { at_ns: 1_250_000_000, detail: Detail::Calls, cost_percent: 3.11 };
        assert_eq!(
            shed.sentence(0.5),
            "from 1.25 s on stays on a CPU are summed in the kernel, calls told one by one: tracing \
             cost 3.1 % of the targets' CPU time (--budget 0.5)"
        );
    }
}
