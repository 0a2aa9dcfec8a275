//! Every rule there is.

use super::{Facts, Finding, rules};

/// A rule: what it looks for, and how.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its identifier, which scripts may rely on.
    pub name: &'static str,
    /// What it is about, in a line.
    pub summary: &'static str,
    /// Its page: what it means, what it goes by, what to do.
    pub page: &'static str,
    /// Verdicts that are no news beside this one: it brings them about.
    pub(super) explains: &'static [&'static str],
    pub(super) judge: fn(&Facts<'_>) -> Finding,
}

/// All rules, in the order of their pages.
pub const RULES: &[Rule] = &[
    rules::heap_churn::RULE,
    rules::mapping_churn::RULE,
    rules::page_allocator::RULE,
    rules::mmap_lock::RULE,
    rules::oversubscribed_yield::RULE,
    rules::oversubscribed_spin::RULE,
    rules::cpu_quota::RULE,
    rules::interpreter_lock_fight::RULE,
    rules::interpreter_lock_wait::RULE,
    rules::spinning_pool::RULE,
    rules::serial_dispatch::RULE,
    rules::start_up_cost::RULE,
    rules::memory_bandwidth::RULE,
    rules::straggler::RULE,
    rules::io_wait::RULE,
];
