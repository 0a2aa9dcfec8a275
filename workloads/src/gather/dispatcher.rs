//! The process that gives out tasks.

use std::io::{self, PipeReader, PipeWriter, Read, Write};

use anyhow::{Context, Result};
use nix::unistd::Pid;

use super::{Args, tell, worker};
use crate::children;
use crate::raw::fork::{Side, fork};
use crate::tally::{Call, Tally};
use crate::truth::Moment;
use crate::workers;

/// A worker, as the dispatcher knows it.
struct Worker {
    pid: Pid,
    tasks: PipeWriter,
    answers: PipeReader,
}

impl Worker {
    fn give_task(&mut self, steps: u64, tally: &mut Tally) -> Result<()> {
        tally.succeeds(Call::Write, self.tasks.write_all(&steps.to_ne_bytes()))
    }

    fn take_answer(&mut self, tally: &mut Tally) -> Result<()> {
        let mut answer = [0; size_of::<f64>()];
        tally.succeeds(Call::Read, self.answers.read_exact(&mut answer))
    }
}

/// Forks the workers, dispatches until the end, and tells the truth.
pub(super) fn run(args: &Args) -> Result<()> {
    let told_to_end = workers::heed_signals()?;
    let mut workers = Vec::new();
    for _ in 0..args.procs.count()? {
        let (tasks_reader, tasks) = io::pipe().context("cannot make a pipe")?;
        let (answers, answers_writer) = io::pipe().context("cannot make a pipe")?;
        match fork()? {
            Side::Parent(pid) => workers.push(Worker { pid, tasks, answers }),
            Side::Child => {
                // Held open here, these would keep others from seeing the end of their tasks.
                drop((workers, tasks, answers));
                return worker::run(&tasks_reader, &answers_writer);
            }
        }
    }
    let (mut tally, mut iterations) = (Tally::new(), 0);
    let start = Moment::now()?;
    let limit = args.until.begin(told_to_end);
    while !limit.reached(iterations) {
        if args.healthy {
            gather_all_at_once(&mut workers, args.steps, &mut tally)?;
        } else {
            gather_one_by_one(&mut workers, args.steps, &mut tally)?;
        }
        iterations += 1;
    }
    let span = Moment::now()?.since(&start);
    let pids: Vec<_> = workers.iter().map(|worker| worker.pid).collect();
    drop(workers); // The end of their tasks is the end of the workers.
    children::wait_for_all(&pids)?;
    tell("dispatcher", iterations, tally, span)
}

fn gather_one_by_one(workers: &mut [Worker], steps: u64, tally: &mut Tally) -> Result<()> {
    for worker in workers {
        worker.give_task(steps, tally)?;
        worker.take_answer(tally)?;
    }
    Ok(())
}

fn gather_all_at_once(workers: &mut [Worker], steps: u64, tally: &mut Tally) -> Result<()> {
    for worker in &mut *workers {
        worker.give_task(steps, tally)?;
    }
    for worker in workers {
        worker.take_answer(tally)?;
    }
    Ok(())
}
