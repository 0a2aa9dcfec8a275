//! One thread or several that do their work between a common beginning and end, and the truth
//! about it: between the `ready` line and the truth, the process makes the calls of the work and
//! no other memory, futex or scheduling call.

use std::sync::OnceLock;
use std::thread;

use anyhow::{Context, Result, anyhow};
use serde::Serialize;

use crate::gate::{Waiter, gate};
use crate::handshake::{self, Ready, Start};
use crate::line;
use crate::roll_call::{Answerer, roll_call};
use crate::tally::Tally;
use crate::truth::{Moment, Span};

/// Who says when to begin and when to end.
#[derive(Debug)]
pub(crate) enum Cue {
    /// Standard input.
    Stdin {
        /// When to begin.
        start: Start,
        /// Whether to wait for the end of input before the end.
        hold: bool,
    },
    /// The parent process.
    Parent {
        /// Hears when everything is in place.
        in_place: Answerer,
        /// Opens for the beginning.
        start: Waiter,
        /// Opens for the end.
        end: Waiter,
    },
}

impl Cue {
    fn begin(&self, tids: Vec<i32>) -> Result<()> {
        match self {
            Self::Stdin { start, .. } => start.when_asked(&Ready::with_threads(tids)),
            Self::Parent { in_place, start, .. } => {
                in_place.here().context("cannot tell the parent that all is in place")?;
                start.wait().context("cannot wait for the parent's sign to begin")
            }
        }
    }

    fn end(&self) -> Result<()> {
        match self {
            Self::Stdin { hold: true, .. } => handshake::hold(),
            Self::Stdin { hold: false, .. } => Ok(()),
            Self::Parent { end, .. } => end.wait().context("cannot wait for the parent's end"),
        }
    }
}

/// The truth about one process.
#[derive(Debug, Serialize)]
struct Account<F> {
    workload: &'static str,
    pid: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tids: Vec<i32>,
    #[serde(flatten)]
    facts: F,
    #[serde(flatten)]
    done: Done,
}

/// What a thread, or all of a process together, did and spent.
#[derive(Debug, Clone, Copy, Serialize)]
struct Done {
    #[serde(flatten)]
    tally: Tally,
    #[serde(flatten)]
    span: Span,
}

impl Done {
    fn and(self, other: Self) -> Self {
        Self { tally: self.tally.and(other.tally), span: self.span.and(other.span) }
    }
}

/// Nothing to tell but what every workload tells.
#[derive(Debug, Serialize)]
struct NoFacts {}

/// Does the `works`: the only one on this thread, several on a thread each, and prints the truth.
pub(crate) fn run<W>(workload: &'static str, works: Vec<W>, cue: &Cue) -> Result<()>
where
    W: FnOnce(&mut Tally) -> Result<()> + Send,
{
    run_and_tell(workload, works, cue, || NoFacts {})
}

/// As [`run`]; the truth also has the fields of what `facts` returns after the last work is done.
pub(crate) fn run_and_tell<W, F>(
    workload: &'static str,
    works: Vec<W>,
    cue: &Cue,
    facts: impl FnOnce() -> F,
) -> Result<()>
where
    W: FnOnce(&mut Tally) -> Result<()> + Send,
    F: Serialize,
{
    let pid = std::process::id();
    let tell = |tids, done| line::print(&Account { workload, pid, tids, facts: facts(), done });
    line::reserve();
    match <[W; 1]>::try_from(works) {
        Ok([only]) => alone(only, cue, tell),
        Err(works) => together(works, cue, tell),
    }
}

/// Does the work on this thread.
fn alone(
    work: impl FnOnce(&mut Tally) -> Result<()>,
    cue: &Cue,
    tell: impl FnOnce(Vec<i32>, Done) -> Result<()>,
) -> Result<()> {
    Moment::now()?; // Whatever its first use sets up is not part of the work.
    cue.begin(Vec::new())?;
    tell(Vec::new(), perform(work)?)?;
    cue.end()
}

fn perform(work: impl FnOnce(&mut Tally) -> Result<()>) -> Result<Done> {
    let mut tally = Tally::new();
    let start = Moment::now()?;
    work(&mut tally)?;
    Ok(Done { tally, span: Moment::now()?.since(&start) })
}

/// Gives each work a thread. They wait for each other in reads of pipes, not in futexes, and their
/// beginnings and ends (which map and unmap stacks) lie outside what is counted.
fn together<W>(
    works: Vec<W>,
    cue: &Cue,
    tell: impl FnOnce(Vec<i32>, Done) -> Result<()>,
) -> Result<()>
where
    W: FnOnce(&mut Tally) -> Result<()> + Send,
{
    let (start_opener, start) = gate()?;
    let (end_opener, end) = gate()?;
    let (caller, answerer) = roll_call()?;
    let results: Vec<OnceLock<Result<Done>>> = works.iter().map(|_| OnceLock::new()).collect();
    let (start, end, results) = (&start, &end, &results);
    // The openers and the pipe move in: an early return opens the gates, so no thread stays.
    thread::scope(move |scope| {
        for (work, result) in works.into_iter().zip(results) {
            let answerer = answerer.try_clone()?;
            let life = move || -> Result<()> {
                Moment::now()?;
                answerer.here()?;
                start.wait()?;
                // Set once: only this thread sets it.
                let _unset = result.set(perform(work));
                answerer.here()?;
                drop(answerer);
                Ok(end.wait()?)
            };
            thread::Builder::new()
                .spawn_scoped(scope, life)
                .context("cannot start a thread; is a limit on threads (pids.max) reached?")?;
        }
        drop(answerer);
        let tids = caller.wait_for(results.len())?;
        cue.begin(tids.clone())?;
        start_opener.open();
        caller.wait_for(results.len())?;
        tell(tids, summed(results)?)?;
        cue.end()?;
        end_opener.open();
        Ok(())
    })
}

fn summed(results: &[OnceLock<Result<Done>>]) -> Result<Done> {
    let mut sum: Option<Done> = None;
    for result in results {
        let done = match result.get() {
            Some(Ok(done)) => *done,
            Some(Err(error)) => return Err(anyhow!("{error:#}")),
            None => return Err(anyhow!("a thread reported no result")),
        };
        sum = Some(sum.map_or(done, |sum| sum.and(done)));
    }
    sum.context("there was no work to do")
}
