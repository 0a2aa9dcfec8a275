//! What rules say.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// How sure a verdict is, and how much there is to gain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// It fits, but so does something else.
    Weak,
    /// It fits, and concerns a part of the time that is worth having.
    Clear,
    /// It fits, and concerns much of the time.
    Strong,
}

impl Strength {
    /// That of a cause that this share of the time goes into.
    #[must_use]
    pub(super) fn of_share(share: f64) -> Self {
        if share >= 0.3 { Self::Strong } else { Self::Clear }
    }

    /// As it is shown.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Clear => "clear",
            Self::Strong => "strong",
        }
    }
}

/// A cause, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Its identifier: one of the [rules](super::RULES).
    pub name: Cow<'static, str>,
    /// How sure it is.
    pub strength: Strength,
    /// What happens, in a sentence.
    pub what: String,
    /// The figures that show it.
    pub evidence: [String; 3],
    /// What to change.
    pub remedy: String,
    /// What would speak against it.
    pub against: String,
    /// The share of the targets' time that it concerns: of two verdicts as strong, the greater one
    /// comes first.
    #[serde(skip)]
    pub weight: f64,
}

/// What a rule says.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// There is nothing of the kind.
    Nothing,
    /// This is it.
    Verdict(Verdict),
    /// It may be so, but something is missing: what.
    CannotTell(String),
}

/// What cannot be told, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undecided {
    /// The rule that cannot tell; absent if none can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'static, str>>,
    /// What is missing, in a sentence.
    pub missing: String,
}

/// What stands out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// At most three, the strongest first; empty if nothing stands out.
    pub verdicts: Vec<Verdict>,
    /// What could not be decided.
    pub cannot_tell: Vec<Undecided>,
}
