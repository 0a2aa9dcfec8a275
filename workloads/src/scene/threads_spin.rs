//! Threads that stay in user mode: no call of theirs ever tells a tracer that they exist.

use std::time::Duration;

use anyhow::Result;
use clap::builder::RangedU64ValueParser;

use crate::arguments::seconds;
use crate::crew::Cue;
use crate::handshake::Start;
use crate::syscalls;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Threads that spin, besides the first thread, which waits
    #[arg(long, value_name = "T", default_value = "8",
          value_parser = RangedU64ValueParser::<usize>::new().range(2..=4096))]
    threads: usize,
    /// How long they spin
    #[arg(long, value_name = "S", value_parser = seconds)]
    seconds: Duration,
    #[command(flatten)]
    start: Start,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let cue = Cue::Stdin { start: args.start, hold: false };
    syscalls::spin("threads-spin", args.threads, args.seconds, &cue)
}
