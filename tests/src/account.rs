//! The account of one process, or thread, in a report.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::report::number;

/// Its rows.
#[track_caller]
#[must_use]
pub fn rows(account: &Value) -> &[Value] {
    account["syscalls"].as_array().unwrap_or_else(|| panic!("no rows in {account:#}"))
}

/// The row of a call, which has to be there.
#[track_caller]
#[must_use]
pub fn row<'a>(account: &'a Value, call: &str) -> &'a Value {
    crate::report::row(account, call).unwrap_or_else(|| panic!("no {call} in {account:#}"))
}

/// A figure of each row, such as `calls`, by the row's name; rows with 0 are left out.
#[track_caller]
#[must_use]
pub fn counts(account: &Value, figure: &str) -> BTreeMap<String, u64> {
    let count = |row: &Value| (row["name"].as_str().unwrap().to_owned(), number(row, figure));
    rows(account).iter().map(count).filter(|(_, count)| *count > 0).collect()
}

/// The sum of one of the times of a call, such as `blocked_ns`.
#[track_caller]
#[must_use]
pub fn time(row: &Value, part: &str) -> u64 {
    number(&row[part], "total")
}
