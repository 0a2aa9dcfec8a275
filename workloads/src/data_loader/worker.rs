//! One worker: records until it is told to end, and then its truth.

use std::fs;

use anyhow::{Result, ensure};
use serde::Serialize;

use super::Each;
use super::record::Records;
use crate::line;
use crate::progress::Progress;
use crate::truth::{Moment, Span};
use crate::workers;

/// The truth of one worker.
#[derive(Debug, Serialize)]
struct Account {
    workload: &'static str,
    pid: u32,
    iterations: u64,
    bytes: u64,
    disk_bytes: Option<u64>,
    #[serde(flatten)]
    span: Span,
}

/// Fetches records and tells the truth about it.
pub(super) fn run(each: &Each) -> Result<()> {
    let told_to_end = workers::obey()?;
    let mut records = Records::new(each)?;
    let mut progress = Progress::begin();
    let (mut iterations, mut bytes) = (0, 0);
    let before = disk_bytes();
    let start = Moment::now()?;
    let limit = each.until.begin(told_to_end);
    while !limit.reached(iterations) {
        let sum = records.next()?;
        ensure!(sum == records.length(), "the ones of a record summed up to {sum}");
        bytes += sum;
        iterations += 1;
        progress.done();
    }
    let span = Moment::now()?.since(&start);
    line::print(&Account {
        workload: "data-loader",
        pid: std::process::id(),
        iterations,
        bytes,
        disk_bytes: disk_bytes().zip(before).map(|(after, before)| after - before),
        span,
    })
}

/// Bytes that were fetched from a disk for this thread, if the kernel counts them.
fn disk_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/thread-self/io").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("read_bytes:"))?;
    line.trim().parse().ok()
}
