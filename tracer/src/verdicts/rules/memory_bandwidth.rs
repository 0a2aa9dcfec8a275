//! Work takes longer in user mode, and nothing else has changed: two reports are needed to see that.

use crate::verdicts::{Facts, Finding, Rule};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "memory-bandwidth",
    summary: "the same work takes longer in user mode, and nothing else does: seen by comparison",
    page: include_str!("../../../../docs/verdicts/memory-bandwidth.md"),
    explains: &[],
    judge,
};

/// One report cannot show it: see [`compare`](crate::verdicts::compare()).
fn judge(_: &Facts<'_>) -> Finding {
    Finding::Nothing
}
