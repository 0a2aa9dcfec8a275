//! `--fail-if`: conditions for scripts and CI, held against a report.
//!
//! A condition compares figures with limits, as in `p99(brk) > 3ms and runnable > 20%`, or asks for a
//! verdict, as in `verdict(heap-churn)`; the language is described in `docs/fail-if.md`. `grammar` reads it, `condition` gives the words their
//! meaning and refuses what has none, both before anything runs; `measure` holds it against the
//! reports of one run, or of two. What is not known neither holds nor does not: it is an error, unless
//! the rest of the condition decides without it.

mod condition;
mod error;
mod figures;
mod grammar;
mod measure;
mod names;
mod tree;
mod units;
mod verdict;

use std::{io::Write, os::fd::AsFd};

use anyhow::{Result, bail};

pub use self::{
    condition::{About, Condition},
    error::ConditionError,
    measure::{Base, Measured, Run, Subject, Value},
    units::Kind,
};
use crate::sinks::{self, Style};

/// The exit status where a condition holds.
pub const HOLDS: u8 = 3;

/// Conditions, any of which is enough.
#[derive(Clone, Debug, Default)]
pub struct Conditions(Vec<Condition>);

/// A condition and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The condition, as the user wrote it.
    pub condition: String,
    /// Whether it holds; `None` where that depends on what is not known.
    pub holds: Option<bool>,
    /// Its figures, in their order.
    pub figures: Vec<Measured>,
}

impl Conditions {
    /// Reads conditions.
    ///
    /// # Errors
    /// On the first that cannot be understood, or that speaks of what cannot be known here.
    pub fn parse<S: AsRef<str>>(texts: &[S], about: About<'_>) -> Result<Self, ConditionError> {
        let conditions = texts.iter().map(|text| Condition::parse(text.as_ref(), about));
        Ok(Self(conditions.collect::<Result<_, _>>()?))
    }

    /// Holds each against reports.
    #[must_use]
    pub fn judge(&self, subject: &Subject<'_>) -> Vec<Judgement> {
        let judge = |condition: &Condition| {
            let measured = condition.tree.map(&|it| measure::measure(it, subject));
            Judgement {
                condition: condition.text.clone(),
                holds: measured.holds(&|it: &Measured| it.holds),
                figures: measured.leaves().into_iter().cloned().collect(),
            }
        };
        self.0.iter().map(judge).collect()
    }

    /// Says on `out` which conditions hold, with their figures. Returns the status to exit with:
    /// [`HOLDS`] if one does, and otherwise `status`, which is what the run came to without them.
    ///
    /// # Errors
    /// If none holds, and that of `status`, or if it is not known of all that they do not.
    pub fn conclude(
        &self,
        subject: &Subject<'_>,
        status: Result<u8>,
        out: &mut (impl Write + AsFd),
    ) -> Result<u8> {
        let judgements = self.judge(subject);
        if judgements.iter().any(|judgement| judgement.holds == Some(true)) {
            let style = Style::detect(&*out);
            // The status says the most important part, also to who does not read the rest. Nor is
            // it a success if somebody has stopped to read the report.
            if let Err(e) = sinks::write_judgements(&judgements, &style, out) {
                log::warn!("cannot write what --fail-if found: {e}");
            }
            if let Err(e) = status {
                log::error!("{e:#}");
            }
            return Ok(HOLDS);
        }
        let status = status?;
        match judgements.iter().find(|judgement| judgement.holds.is_none()) {
            None => Ok(status),
            Some(first) => bail!(
                "it cannot be decided whether `{}` holds: {}",
                first.condition,
                first.unknown().join("; ")
            ),
        }
    }
}

impl Judgement {
    /// What is not known of its figures.
    fn unknown(&self) -> Vec<String> {
        let unknown =
            self.figures.iter().filter_map(|it| Some((&it.name, it.value.as_ref().err()?)));
        unknown.map(|(name, why)| format!("`{name}` is unknown, for {why}")).collect()
    }
}

#[cfg(test)]
mod tests;
