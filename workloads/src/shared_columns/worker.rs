//! One worker: turns until it is told to end, and then its truth.

use anyhow::Result;
use serde::Serialize;

use super::table::Table;
use crate::line;
use crate::progress::Progress;
use crate::truth::{Moment, Span};
use crate::until::Until;
use crate::workers;

/// Additions in a turn, up to a whole number of times for each row.
const ADDITIONS: usize = 1 << 20;

/// The truth of one worker.
#[derive(Debug, Serialize)]
struct Account {
    workload: &'static str,
    pid: u32,
    iterations: u64,
    additions: u64,
    #[serde(flatten)]
    span: Span,
}

/// Repeats the additions and tells the truth about them.
pub(super) fn run(table: &Table, column: usize, until: Until) -> Result<()> {
    let told_to_end = workers::obey()?;
    let column = table.column(column)?;
    // A shared page is made when it is first looked at.
    let before = column.sum();
    let rounds = ADDITIONS / column.rows().max(1);
    let mut progress = Progress::begin();
    let mut iterations = 0;
    let start = Moment::now()?;
    let limit = until.begin(told_to_end);
    while !limit.reached(iterations) {
        for _ in 0..rounds {
            column.add_one();
        }
        iterations += 1;
        progress.done();
    }
    let span = Moment::now()?.since(&start);
    line::print(&Account {
        workload: "shared-columns",
        pid: std::process::id(),
        iterations,
        additions: column.sum() - before,
        span,
    })
}
