//! Two threads that wake each other in turn.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, bail};
use nix::errno::Errno;

use crate::crew::{self, Cue};
use crate::handshake::Start;
use crate::raw::futex;
use crate::tally::{Call, Tally};
use crate::truth::monotonic;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How often each thread has its turn
    #[arg(long, value_name = "N", default_value_t = 1000)]
    iterations: u64,
    #[command(flatten)]
    start: Start,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let turn = AtomicU32::new(0);
    let (turn, iterations) = (&turn, args.iterations);
    let player = |me| move |tally: &mut Tally| play(me, turn, iterations, tally);
    let cue = Cue::Stdin { start: args.start, hold: false };
    crew::run("ping-pong", vec![player(0), player(1)], &cue)
}

/// Waits until it is the turn of `me`, and gives it to the other: one wake for each turn, and a
/// wait (or more) for each turn that had not come.
fn play(me: u32, turn: &AtomicU32, iterations: u64, tally: &mut Tally) -> Result<()> {
    let other = 1 - me;
    for _ in 0..iterations {
        while turn.load(Ordering::Acquire) == other {
            wait(turn, other, tally)?;
        }
        turn.store(other, Ordering::Release);
        tally.succeeds(Call::Futex, futex::wake(turn))?;
    }
    Ok(())
}

fn wait(turn: &AtomicU32, other: u32, tally: &mut Tally) -> Result<()> {
    let start = monotonic()?;
    let waited = futex::wait(turn, other, None);
    tally.futex_waited(monotonic()?.saturating_sub(start));
    match waited {
        Ok(()) => tally.succeeds(Call::Futex, waited),
        // The turn came between the look and the call.
        Err(Errno::EAGAIN) => tally.fails(Call::Futex, Errno::EAGAIN, waited),
        Err(error) => bail!("futex wait failed: {error}"),
    }
}
