//! Attaches programs that only read the clock: the least that tracing by typed tracepoints costs.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::PathBuf,
};

use anyhow::{Context as _, Result};
use aya::{Btf, Ebpf, programs::BtfTracePoint};

/// What is printed once all programs are attached.
pub(crate) const ATTACHED: &str = "attached";

/// What to attach.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The eBPF object with the programs
    object: PathBuf,
    /// Names of tracepoints, which are those of the programs: sys_enter, sys_exit, sched_switch
    tracepoints: Vec<String>,
}

/// Attaches the programs, says so, and keeps them until the end of standard input or a signal.
pub(crate) fn attach(args: &Args) -> Result<()> {
    let object = args.object.display();
    let bytes = fs::read(&args.object)
        .with_context(|| format!("cannot read {object}: `cargo xtask bench` builds it"))?;
    let btf = Btf::from_sys_fs().context("cannot read the kernel's BTF")?;
    let mut bpf = Ebpf::load(&bytes).with_context(|| format!("cannot load {object}"))?;
    for tracepoint in &args.tracepoints {
        let program: &mut BtfTracePoint = bpf
            .program_mut(tracepoint)
            .with_context(|| format!("{object} has no program for {tracepoint}"))?
            .try_into()?;
        program.load(tracepoint, &btf).with_context(|| format!("cannot load {tracepoint}"))?;
        program.attach().with_context(|| format!("cannot attach to {tracepoint}"))?;
    }
    writeln!(io::stdout(), "{ATTACHED}").context("cannot say that all are attached")?;
    io::stdin().read_to_end(&mut Vec::new()).context("cannot read standard input")?;
    Ok(())
}
