//! One worker: turns until it is told to end, and then its truth.

use std::hint::black_box;

use anyhow::Result;
use serde::Serialize;

use super::break_watch::{BreakWatch, Moves};
use super::spectrogram::{Kernel, chirp};
use crate::line;
use crate::progress::Progress;
use crate::truth::{Moment, Span};
use crate::until::Until;
use crate::workers;

/// The truth of one worker.
#[derive(Debug, Serialize)]
struct Account {
    workload: &'static str,
    pid: u32,
    iterations: u64,
    brk_observed: Moves,
    #[serde(flatten)]
    span: Span,
}

/// Repeats the kernel and tells the truth about it.
pub(super) fn run(until: Until) -> Result<()> {
    let told_to_end = workers::obey()?;
    let signal = chirp();
    let mut kernel = Kernel::new();
    let mut heap = BreakWatch::begin();
    let mut progress = Progress::begin();
    let mut iterations = 0;
    let start = Moment::now()?;
    let limit = until.begin(told_to_end);
    while !limit.reached(iterations) {
        drop(black_box(kernel.turn(&signal, &mut heap)?));
        heap.look();
        iterations += 1;
        progress.done();
    }
    let span = Moment::now()?.since(&start);
    line::print(&Account {
        workload: "brk-loop",
        pid: std::process::id(),
        iterations,
        brk_observed: heap.seen(),
        span,
    })
}
