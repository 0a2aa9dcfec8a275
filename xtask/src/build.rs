//! `cargo xtask build`: the eBPF object, then the programs of the user's side.

use anyhow::{Context as _, Result};

use crate::{
    bpf,
    command::run_aside,
    plan::Need,
    setup::{self, Install, Toolchain},
    workspace::{Profile, Workspace},
};

/// Arguments of `build`, and of `run` before it runs.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    install: Install,
    /// Optimise the programs (the default; the eBPF side always is)
    #[arg(long, overrides_with = "debug")]
    release: bool,
    /// Do not optimise the programs
    #[arg(long)]
    debug: bool,
}

impl Options {
    pub(crate) fn profile(self) -> Profile {
        if self.debug { Profile::Debug } else { Profile::Release }
    }
}

/// Builds everything, installing what that takes.
pub(crate) fn task(workspace: &Workspace, options: Options) -> Result<()> {
    let toolchain = setup::ensure(workspace, Need::Build, options.install)?;
    everything(workspace, &toolchain, options.profile())
}

/// The object first: the tracer embeds it.
pub(crate) fn everything(
    workspace: &Workspace,
    toolchain: &Toolchain,
    profile: Profile,
) -> Result<()> {
    bpf::build(workspace, toolchain)?;
    let mut command = workspace.cargo("build");
    command.args(["--package", "tracer", "--package", "workloads"]);
    if profile == Profile::Release {
        command.arg("--release");
    }
    run_aside(&mut command).context("the programs could not be built")
}
