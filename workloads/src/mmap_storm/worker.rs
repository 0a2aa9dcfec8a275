//! One worker: turns until it is told to end, and then its truth.

use std::hint::black_box;

use anyhow::{Context, Result};
use serde::Serialize;

use super::Each;
use super::map_watch::{MapWatch, Moves};
use super::temporaries::{add, multiply_by};
use crate::line;
use crate::truth::{Moment, Span};
use crate::workers;

/// The truth of one worker.
#[derive(Debug, Serialize)]
struct Account {
    workload: &'static str,
    pid: u32,
    iterations: u64,
    mmap_observed: Moves,
    #[serde(flatten)]
    span: Span,
}

/// Repeats the kernel and tells the truth about it.
pub(super) fn run(each: Each) -> Result<()> {
    let told_to_end = workers::obey()?;
    let elements = usize::try_from(each.kib)? * 1024 / size_of::<f64>();
    let x = vec![1.0; elements];
    turn(&x, &mut MapWatch::begin())?; // In a heap that is kept, the first turn has page faults.
    let mut maps = MapWatch::begin();
    let mut iterations = 0;
    let start = Moment::now()?;
    let limit = each.until.begin(told_to_end);
    while !limit.reached(iterations) {
        turn(&x, &mut maps)?;
        iterations += 1;
    }
    let span = Moment::now()?.since(&start);
    line::print(&Account {
        workload: "mmap-storm",
        pid: std::process::id(),
        iterations,
        mmap_observed: maps.seen(),
        span,
    })
}

/// Two arrays are made and dropped again.
fn turn(x: &[f64], maps: &mut MapWatch) -> Result<()> {
    let y = black_box(multiply_by(x, 1.5));
    maps.look();
    let z = black_box(add(&y, x));
    maps.look();
    let sum = z.first().copied().context("an array without elements")?;
    anyhow::ensure!((sum - 2.5).abs() < 1e-12, "1 · 1.5 + 1 was computed to be {sum}");
    drop(y);
    maps.look();
    drop(z);
    maps.look();
    Ok(())
}
