//! A process that does tasks.

use std::io::{PipeReader, PipeWriter, Read, Write};

use anyhow::{Result, ensure};

use super::tell;
use crate::crunch::crunch;
use crate::tally::{Call, Tally};
use crate::truth::Moment;

/// Does tasks until there are no more, and tells the truth.
pub(super) fn run(tasks: &PipeReader, mut answers: &PipeWriter) -> Result<()> {
    let (mut tally, mut done) = (Tally::new(), 0);
    let start = Moment::now()?;
    while let Some(steps) = next_task(tasks, &mut tally)? {
        let answer = run_task(steps);
        tally.succeeds(Call::Write, answers.write_all(&answer.to_ne_bytes()))?;
        done += 1;
    }
    tell("worker", done, tally, Moment::now()?.since(&start))
}

/// The next task, of so many steps; none at the end.
fn next_task(mut tasks: &PipeReader, tally: &mut Tally) -> Result<Option<u64>> {
    let mut steps = [0; size_of::<u64>()];
    // A task is one write of less than a page, so it is never read in pieces.
    match tally.succeeds(Call::Read, tasks.read(&mut steps))? {
        0 => Ok(None),
        length => {
            ensure!(length == steps.len(), "a task of {length} bytes");
            Ok(Some(u64::from_ne_bytes(steps)))
        }
    }
}

#[inline(never)]
fn run_task(steps: u64) -> f64 {
    crunch(steps)
}
