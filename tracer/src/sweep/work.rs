//! What a run did, and how fast: units of work in a second.

use std::fmt;

use serde::{Serialize, Serializer};

use super::measured::Measured;
use crate::report::stands_for;

/// What counts as one unit of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// One completed call of these rows: `brk shrink`, or all three of `brk`.
    Call(String),
    /// What the program itself reports.
    Iterations,
    /// One completed call of any row.
    AnyCall,
}

impl Unit {
    /// The unit that `--per` names.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "iteration" | "iterations" => Self::Iterations,
            "calls" => Self::AnyCall,
            call => Self::Call(call.to_owned()),
        }
    }

    /// The unit where none is named: iterations if every run has reported some, or else calls.
    #[must_use]
    pub fn proposed<'a>(mut runs: impl Iterator<Item = &'a Measured>) -> Self {
        if runs.all(|run| run.iterations.is_some()) { Self::Iterations } else { Self::AnyCall }
    }

    /// How many units a run did; `None` if it does not say.
    #[must_use]
    pub fn done(&self, run: &Measured) -> Option<u64> {
        let calls = |counts: &dyn Fn(&str) -> bool| {
            let rows = run.calls.iter().filter(|row| counts(&row.name));
            rows.map(|row| row.calls).sum()
        };
        match self {
            Self::Iterations => run.iterations,
            Self::Call(name) => Some(calls(&|row| stands_for(name, row))),
            Self::AnyCall => Some(calls(&|_| true)),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Call(name) => name,
            Self::Iterations => "iterations",
            Self::AnyCall => "calls",
        })
    }
}

impl Serialize for Unit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
