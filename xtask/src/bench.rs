//! `cargo xtask bench`: builds everything, and measures as root what tracing costs.

use std::{collections::BTreeSet, ffi::OsString, fs::File, path::PathBuf, process::Command};

use anyhow::{Context as _, Result};

use crate::{
    build,
    command::{find, run, run_aside},
    environment::Environment,
    plan::Need,
    root::Root,
    setup::{self, Install},
    versions,
    workspace::{Profile, Workspace},
};

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    install: Install,
    /// Half a minute: against strace and the floor alone; fails on what is wrong by a wide margin
    #[arg(long)]
    quick: bool,
    /// Write what was measured, round by round, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the tables to this file too
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Measure these loads alone: brk, bystander, brk-loop, ping-pong, storm, flood
    #[arg(long, value_name = "LOAD")]
    only: Vec<String>,
    /// Measure the reader's CPU time, memory and the time to start alone, or beside --only
    #[arg(long)]
    footprint: bool,
    /// How often each contender has its turn
    #[arg(long, value_name = "N")]
    runs: Option<usize>,
    /// Measure nothing: say what machines of other sizes would need
    #[arg(long, exclusive = true)]
    model: bool,
}

/// Builds as the user, installs what to compare with, and asks for root for the measurements.
pub(crate) fn task(workspace: &Workspace, args: &Args) -> Result<()> {
    if args.model {
        run_aside(&mut build(workspace)).context("the measurements could not be built")?;
        return run(Command::new(program(workspace)).arg("model"));
    }
    let root = Root::detect()?;
    root.require("measuring")?;
    let toolchain = setup::ensure(workspace, Need::Build, args.install)?;
    setup::offer(missing_packages(), workspace, args.install);
    build::everything(workspace, &toolchain, Profile::Release)?;
    run_aside(&mut build(workspace)).context("the measurements could not be built")?;
    let mut command = command(workspace, root, &Environment::of_user(&workspace.target));
    for (option, file) in [("--json", &args.json), ("--markdown", &args.markdown)] {
        if let Some(file) = file {
            // Made by the user, and so the user's, whoever writes to it.
            File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
            command.arg(option).arg(file);
        }
    }
    if args.quick {
        command.arg("--quick");
    }
    if args.footprint {
        command.arg("--footprint");
    }
    for load in &args.only {
        command.args(["--only", load]);
    }
    if let Some(runs) = args.runs {
        command.arg("--runs").arg(runs.to_string());
    }
    run(&mut command)
}

/// The command that builds the program that measures.
pub(crate) fn build(workspace: &Workspace) -> Command {
    let mut command = workspace.cargo("build");
    command.args(["--release", "--package", "bench"]);
    command
}

/// The command that measures, as root.
pub(crate) fn command(workspace: &Workspace, root: Root, environment: &Environment) -> Command {
    let mut command = root.command_in(environment, &program(workspace));
    command.arg("--floor-object").arg(workspace.floor_object());
    command
}

fn program(workspace: &Workspace) -> OsString {
    workspace.binaries(Profile::Release).join("bench").into()
}

/// Packages of the programs to compare with that are not there.
fn missing_packages() -> BTreeSet<String> {
    let there = |program: &str| {
        let admin = versions::ADMIN_BINS.map(PathBuf::from);
        find(program).is_some() || admin.iter().any(|dir| dir.join(program).is_file())
    };
    let missing = versions::BENCH_PROGRAMS.into_iter().filter(|program| !there(program));
    missing.map(|program| versions::package_of(program).to_owned()).collect()
}
