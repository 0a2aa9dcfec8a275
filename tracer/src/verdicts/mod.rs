//! Names the cause: rules that look at a report and say what slows its targets down, on which figures
//! that rests, and what to change.
//!
//! A rule is a pure function of a report, in a file of its own beside the others, and has a page in
//! `docs/verdicts`. It is silent unless its figures are unmistakable, and says "cannot tell" where
//! something is missing that would decide.

mod blind;
mod compare;
mod explain;
mod facts;
mod finding;
mod registry;
mod rules;
mod words;

#[cfg(test)]
mod tests;

pub use blind::Blind;
pub use compare::{MEMORY_BANDWIDTH, Work, compare};
pub use explain::{Topic, explain};
pub use finding::{Diagnosis, Finding, Strength, Undecided, Verdict};
pub use registry::{RULES, Rule};

use std::cmp::Reverse;

use crate::report::Report;
use facts::Facts;

/// More verdicts than this are no help.
const AT_MOST: usize = 3;

/// What stands out in the report of a whole window, the strongest first; `blind` says what it could
/// not show.
///
/// [`Report::processes`] has to hold the processes each by itself.
#[must_use]
pub fn diagnose(report: &Report, blind: &Blind) -> Diagnosis {
    let facts = Facts::new(report, blind);
    if let Some(missing) = facts.too_little() {
        return Diagnosis {
            verdicts: Vec::new(),
            cannot_tell: vec![Undecided { name: None, missing }],
        };
    }
    let mut verdicts = Vec::new();
    let mut cannot_tell = Vec::new();
    for rule in RULES {
        match (rule.judge)(&facts) {
            Finding::Nothing => {}
            Finding::Verdict(verdict) => verdicts.push((rule, verdict)),
            Finding::CannotTell(missing) => {
                cannot_tell.push(Undecided { name: Some(rule.name.into()), missing });
            }
        }
    }
    let explained: Vec<_> = verdicts.iter().flat_map(|(rule, _)| rule.explains).copied().collect();
    verdicts.retain(|(rule, _)| !explained.contains(&rule.name));
    cannot_tell.retain(|it| it.name.as_deref().is_none_or(|name| !explained.contains(&name)));
    let mut verdicts: Vec<_> = verdicts.into_iter().map(|(_, verdict)| verdict).collect();
    verdicts.sort_by(|a, b| {
        (Reverse(a.strength).cmp(&Reverse(b.strength))).then(b.weight.total_cmp(&a.weight))
    });
    verdicts.truncate(AT_MOST);
    if verdicts.is_empty() {
        cannot_tell.extend(facts.idle().map(|missing| Undecided { name: None, missing }));
        cannot_tell.extend(blind.untraced().map(|missing| Undecided { name: None, missing }));
    }
    Diagnosis { verdicts, cannot_tell }
}
