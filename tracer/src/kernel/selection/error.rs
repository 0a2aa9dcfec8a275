//! What can be wrong with an expression, and what was probably meant.

use super::classes::CLASSES;
use crate::kernel::syscalls;

/// What is wrong with an expression of `-e`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// A name that no call and no class has.
    #[error("unknown system call `{name}`{}", hint(.suggestion.as_deref()))]
    UnknownCall {
        /// As it was written.
        name: String,
        /// The known name nearest to it, if one is near.
        suggestion: Option<String>,
    },
    /// A class (`%name`) that there is not.
    #[error("unknown class of system calls `{name}`{}", hint(.suggestion.as_deref()))]
    UnknownClass {
        /// As it was written.
        name: String,
        /// The known name nearest to it, if one is near.
        suggestion: Option<String>,
    },
    /// A number that no call has.
    #[error("there is no system call with the number {0}")]
    UnknownNumber(String),
    /// The regular expression after a `/` is not one.
    #[error("`/{pattern}` is no regular expression: {reason}")]
    BadPattern {
        /// Without the slash.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The regular expression fits no call.
    #[error("no system call matches `/{0}`")]
    NothingMatches(String),
    /// A qualifier of strace's other than `trace=`.
    #[error("`{0}=` is not understood: only `trace=` is, and may be left out")]
    Qualifier(String),
    /// Nothing was named.
    #[error(
        "`{0}` names no system call: write names such as `brk,futex`, a class such as `%memory`, \
         `all` or `none`"
    )]
    Empty(String),
    /// Joined, two negated lists leave out only what both name.
    #[error(
        "two negated lists leave out only what both name, which is hardly meant: write one, such \
         as `!brk,futex`"
    )]
    TwoNegations,
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(
        || ": `-e all` traces every call".to_owned(),
        |name| format!(": did you mean `{name}`?"),
    )
}

/// The known name nearest to `word`, unless none is near enough to be meant.
pub(super) fn nearest(word: &str) -> Option<String> {
    let word = word.to_lowercase();
    let classes = || CLASSES.iter().map(|(name, _)| format!("%{name}"));
    if let Some(class) = classes().find(|class| class[1..] == word) {
        return Some(class);
    }
    let calls = syscalls::all().map(|(_, name)| name.to_owned());
    let words = ["all", "none", "default"].map(str::to_owned);
    crate::spelling::nearest(&word, calls.chain(classes()).chain(words))
}
