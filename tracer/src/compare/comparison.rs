//! What a comparison comes to.

use serde::Serialize;

use super::{Difference, Origin};

/// Version of the JSON: raised when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;
/// A comparison, field for field the JSON of `tracer compare --format json`; `docs/compare.md`
/// describes it.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// [`SCHEMA`]
    pub schema: u32,
    /// What a unit of work is.
    pub per: String,
    /// Where that comes from.
    pub per_from: Origin,
    /// What is to be said about it, a sentence without its end.
    pub per_note: String,
    /// The one side.
    pub base: Side,
    /// The other.
    pub new: Side,
    /// What differs in the metadata, most likely to matter first.
    pub differences: Vec<Difference>,
    /// How much more thread time a unit takes.
    pub change_ns: i64,
    /// Lower end of the interval around it; absent where there can be none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_ns: Option<i64>,
    /// Upper end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_ns: Option<i64>,
    /// Whether any interval, of the whole, a part or a row, excludes that nothing has changed; null
    /// where there is no interval at all.
    pub significant: Option<bool>,
    /// What the change is made of, largest first.
    pub parts: Vec<Part>,
    /// Each line of the budget, system call and series of the scheduler, by role; those that
    /// explain most of the change first.
    pub rows: Vec<Row>,
    /// What else a reader has to know, a sentence each.
    pub notes: Vec<String>,
}

/// One of the recordings.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// Its file.
    pub file: String,
    /// Length of its window.
    pub window_ns: u64,
    /// Processes that did the work.
    pub workers: u64,
    /// Their roles.
    pub roles: Vec<String>,
    /// Units of work that they did.
    pub units: f64,
    /// Units in a second of the window.
    pub units_per_second: f64,
    /// Thread time of the workers for each unit.
    pub unit_ns: f64,
}

/// A line of the budget of all workers, per unit.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    /// What the time went into.
    pub name: String,
    /// How much more of it there is.
    pub change_ns: i64,
    /// Lower end of the interval; absent where there can be none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_ns: Option<i64>,
    /// Upper end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_ns: Option<i64>,
    /// How much there was.
    pub base_ns: f64,
    /// How much there is.
    pub new_ns: f64,
}

/// What a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A line of the budget.
    Budget,
    /// A system call.
    Syscall,
    /// What the scheduler did.
    Scheduler,
}

/// One thing that processes of a role did.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Whose it is.
    pub role: String,
    /// What it is of.
    pub kind: Kind,
    /// The line, the call, or what the scheduler did.
    pub name: String,
    /// How much more time there is of it, per unit. Rows of different kinds overlap.
    pub change_ns: i64,
    /// Lower end of the interval; absent where there can be none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_ns: Option<i64>,
    /// Upper end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_ns: Option<i64>,
    /// On the one side.
    pub base: Figures,
    /// On the other.
    pub new: Figures,
    /// The new figures as multiples of the old ones.
    pub ratio: Ratios,
    /// Whether an interval of this row excludes that nothing has changed; null without intervals.
    pub significant: Option<bool>,
    /// Why there is no interval, or not for each figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_interval: Option<String>,
}

/// Figures of a row on one side. What a line of the budget has not is absent.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    /// Processes.
    pub processes: u64,
    /// Time per unit.
    pub unit_ns: f64,
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How many in a second of the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_second: Option<f64>,
    /// How many per unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_unit: Option<f64>,
    /// Median.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50: Option<u64>,
    /// 90th percentile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90: Option<u64>,
    /// 99th percentile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99: Option<u64>,
    /// Maximum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
}

/// New figures by old ones; absent where either is missing or 0.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Ratios {
    /// Of `unit_ns`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Ratio>,
    /// Of `per_unit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Ratio>,
    /// Of medians.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50: Option<Ratio>,
    /// Of 90th percentiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90: Option<Ratio>,
    /// Of 99th percentiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99: Option<Ratio>,
    /// Of maxima, for which there is never an interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Ratio>,
}

/// A ratio.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// As it is.
    pub value: f64,
    /// Lower end of its interval; absent where there can be none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}
