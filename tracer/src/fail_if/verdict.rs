//! `verdict(NAME)`: whether a cause was named.

use super::{
    condition::About,
    measure::{Measured, Subject, Value},
};
use crate::{
    spelling::nearest,
    verdicts::{Diagnosis, MEMORY_BANDWIDTH, RULES, Undecided, Verdict},
};

/// The word that asks for a verdict.
pub(super) const VERDICT: &str = "verdict";
/// Whichever verdict.
const ANY: &str = "any";

/// Which verdict is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Whichever.
    Any,
    /// The one of this name.
    Named(&'static str),
}

impl Asked {
    /// Reads what stands in the parentheses.
    ///
    /// # Errors
    /// If there is no such verdict, or it takes two runs and there is one.
    pub(super) fn parse(name: &str, about: About<'_>) -> Result<Self, String> {
        if name == ANY {
            return Ok(Self::Any);
        }
        let known = || RULES.iter().map(|rule| rule.name);
        let Some(name) = known().find(|it| *it == name.replace('_', "-")) else {
            return Err(match nearest(name, known().chain([ANY])) {
                Some(meant) => format!("unknown verdict `{name}`: did you mean `{meant}`?"),
                None => format!(
                    "unknown verdict `{name}`: there are {}, and `{ANY}`",
                    known().collect::<Vec<_>>().join(", ")
                ),
            });
        };
        if name == MEMORY_BANDWIDTH && !about.comparison {
            return Err(format!("`{name}` takes two runs: only `tracer compare` has two"));
        }
        Ok(Self::Named(name))
    }

    /// Whether it was given.
    pub(super) fn measure(self, subject: &Subject<'_>) -> Measured {
        let value = self.given(subject).map(Value::Verdicts);
        let holds = value.as_ref().ok().map(|value| *value != Value::Verdicts(Vec::new()));
        Measured { name: format!("{VERDICT}({})", self.name()), value, holds }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Any => ANY,
            Self::Named(name) => name,
        }
    }

    /// Those verdicts that are asked for and were given. None is known only of what was judged.
    fn given(self, subject: &Subject<'_>) -> Result<Vec<String>, String> {
        let together = subject.base.as_ref().map(|base| base.together);
        let alone = subject.run.report.diagnosis.as_ref();
        let judged = || alone.into_iter().chain(together);
        let verdicts = judged().flat_map(|it| &it.verdicts).filter(|it| self.is_of(it));
        let given: Vec<_> = verdicts
            .map(|verdict| format!("{} ({})", verdict.name, verdict.strength.word()))
            .collect();
        // What only two runs show needs no verdict on either.
        let is_cut_short = alone.is_none() && self != Self::Named(MEMORY_BANDWIDTH);
        match self.undecided(judged()) {
            _ if !given.is_empty() => Ok(given),
            _ if is_cut_short => {
                Err("nothing was judged in a recording that was cut short".to_owned())
            }
            Some(undecided) => Err(undecided.missing.clone()),
            None => Ok(given),
        }
    }

    fn is_of(self, verdict: &Verdict) -> bool {
        self == Self::Any || verdict.name == self.name()
    }

    /// Why it cannot be told, if so: what no rule can tell, this one cannot.
    fn undecided<'a>(
        self,
        mut judged: impl Iterator<Item = &'a Diagnosis>,
    ) -> Option<&'a Undecided> {
        judged.find_map(|diagnosis| {
            diagnosis.cannot_tell.iter().find(|it| {
                let name = it.name.as_deref();
                self == Self::Any || name.is_none_or(|name| name == self.name())
            })
        })
    }
}
