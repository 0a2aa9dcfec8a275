//! One worker: its start-up, its part of the sum, and its truth.

use std::hint::black_box;
use std::ops::Range;

use anyhow::{Context, Result};
use nix::time::{ClockId, clock_gettime};
use serde::Serialize;

use super::segment::{Segment, sum_part};
use crate::line;
use crate::truth::{Moment, Span, nanoseconds};

/// What a worker is to do.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Job {
    /// Its number, from 0
    #[arg(long)]
    pub(super) index: usize,
    /// How many workers there are
    #[arg(long)]
    pub(super) count: usize,
    /// How often to sum
    #[arg(long)]
    pub(super) passes: u64,
}

impl Job {
    /// The same as arguments of a worker.
    pub(super) fn to_arguments(self) -> [String; 6] {
        let Self { index, count, passes } = self;
        let [index, count, passes] = [index.to_string(), count.to_string(), passes.to_string()];
        ["--index".into(), index, "--count".into(), count, "--passes".into(), passes]
    }
}

/// The truth of one worker.
#[derive(Debug, Serialize)]
struct Account {
    workload: &'static str,
    pid: u32,
    role: &'static str,
    iterations: u64,
    sum: f64,
    /// CPU time of the process before the first pass.
    start_up_cpu_ns: u64,
    /// CPU time of the passes.
    task_cpu_ns: u64,
    #[serde(flatten)]
    span: Span,
}

/// Does the job, leaves its sum in the segment, and tells the truth.
pub(super) fn run(job: Job, segment: &Segment) -> Result<()> {
    let start_up = cpu_time()?;
    let start = Moment::now()?;
    let sum = sum_passes(&segment.map()?, &segment.part(job.index, job.count), job.passes);
    let span = Moment::now()?.since(&start);
    let task = cpu_time()?.saturating_sub(start_up);
    segment.leave_sum(job.index, sum)?;
    line::print(&Account {
        workload: "shm-sum",
        pid: std::process::id(),
        role: "worker",
        iterations: job.passes,
        sum,
        start_up_cpu_ns: start_up,
        task_cpu_ns: task,
        span,
    })
}

/// Sums `part` as often as asked; returns the sum of the last pass.
pub(super) fn sum_passes(memory: &[u8], part: &Range<usize>, passes: u64) -> f64 {
    let mut sum = 0.0;
    for _ in 0..passes {
        sum = sum_part(black_box(memory), part.clone());
    }
    sum
}

fn cpu_time() -> Result<u64> {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)
        .map(|time| nanoseconds(time.into()))
        .context("cannot read the CPU clock of this process")
}
