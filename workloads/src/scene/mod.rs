//! Small scenes of how processes and threads begin, end, and are interrupted.

mod exec_thread;
mod fork_tree;
mod killed_in_call;
mod mid_call;
mod ping_pong;
mod restart;
mod short_lived;
mod threads_spin;

use anyhow::Result;
use nix::errno::Errno;

use crate::raw::heap;
use crate::tally::{Call, Tally};

/// Which scene to play.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    scene: Scene,
}

#[derive(Debug, clap::Subcommand)]
enum Scene {
    /// Threads that stay in user mode, without a call
    ThreadsSpin(threads_spin::Args),
    /// Processes that fork processes, each making the same number of calls
    ForkTree(fork_tree::Args),
    /// Many children, one after the other, each making a few calls and ending
    ShortLived(short_lived::Args),
    /// An execve by a thread that is not the leader
    ExecThread(exec_thread::Args),
    /// Calls interrupted and restarted
    Restart(restart::Args),
    /// Threads whose calls are cut off by the end of their process
    KilledInCall(killed_in_call::Args),
    /// A process that is in one long call from its start
    MidCall(mid_call::Args),
    /// Two threads that wake each other in turn
    PingPong(ping_pong::Args),
}

/// Plays the scene.
pub(crate) fn run(args: Args) -> Result<()> {
    match args.scene {
        Scene::ThreadsSpin(args) => threads_spin::run(&args),
        Scene::ForkTree(args) => fork_tree::run(&args),
        Scene::ShortLived(args) => short_lived::run(&args),
        Scene::ExecThread(args) => exec_thread::run(&args),
        Scene::Restart(args) => restart::run(&args),
        Scene::KilledInCall(args) => killed_in_call::run(&args),
        Scene::MidCall(args) => mid_call::run(&args),
        Scene::PingPong(args) => ping_pong::run(&args),
    }
}

/// Makes `calls` queries of the break and counts them.
fn query_break(calls: u64, tally: &mut Tally) -> Result<()> {
    for _ in 0..calls {
        tally.succeeds(Call::BrkQuery, Ok::<_, Errno>(heap::query()))?;
    }
    Ok(())
}
