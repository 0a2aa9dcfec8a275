//! `cargo xtask run`: builds what is needed, then becomes the tracer.

use std::{convert::Infallible, ffi::OsString};

use anyhow::Result;

use crate::{build, command::exec, environment::Environment, root::Root, workspace::Workspace};

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    build: build::Options,
    /// Arguments of tracer; a command in them may be `workloads`, which is built along with it
    #[arg(last = true, allow_hyphen_values = true, value_name = "TRACER'S ARGUMENTS")]
    pub(crate) tracer: Vec<OsString>,
}

/// Builds as the user, and asks for root for the run alone. On success it does not return: the
/// exit status is the tracer's.
pub(crate) fn task(workspace: &Workspace, args: &Args) -> Result<Infallible> {
    let root = Root::detect()?;
    root.require("tracing")?;
    build::task(workspace, args.build)?;
    let binaries = workspace.binaries(args.build.profile());
    let mut environment = Environment::of_user(&workspace.target);
    environment.search_first(&binaries)?;
    let tracer = binaries.join("tracer");
    exec(root.command_in(&environment, tracer.as_os_str()).args(&args.tracer))
}
