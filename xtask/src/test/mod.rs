//! `cargo xtask test`: everything that has to be green, by one command, from a fresh clone.

mod step;
mod summary;

use std::ffi::OsString;

use anyhow::Result;
use clap::ValueEnum as _;

use self::{
    step::{Setting, Step},
    summary::Summary,
};
use crate::{
    build, command,
    environment::Environment,
    old_kernel,
    plan::Need,
    root::Root,
    setup::{self, Install},
    workspace::{Profile, Workspace},
};

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    install: Install,
    /// Take this step alone; may be given several times
    #[arg(long, value_name = "STEP")]
    only: Vec<Step>,
    /// Go on after a step that failed
    #[arg(long)]
    keep_going: bool,
    /// Passed to the test programs: parts of the names of tests, or their options
    #[arg(last = true, value_name = "FILTER", requires = "only")]
    filter: Vec<OsString>,
}

/// Takes the steps, and sums them up whether or not they succeeded.
pub(crate) fn task(workspace: &Workspace, args: &Args) -> Result<()> {
    let mut summary = Summary::default();
    let outcome = take_steps(workspace, args, &mut summary);
    eprint!("{summary}");
    outcome
}

fn take_steps(workspace: &Workspace, args: &Args, summary: &mut Summary) -> Result<()> {
    let chosen = |step: &&Step| args.only.is_empty() || args.only.contains(step);
    let steps: Vec<Step> = Step::value_variants().iter().filter(chosen).copied().collect();
    let root = Root::detect()?;
    if steps.iter().any(|step| step.traces()) {
        root.require("tracing in the tests")?;
    }
    let toolchain = summary.time("setup", || setup::ensure(workspace, Need::Test, args.install))?;
    summary.time("build", || build::everything(workspace, &toolchain, Profile::Release))?;

    let old_kernel = steps
        .contains(&Step::Old)
        .then(|| summary.time("fetch", || Ok(old_kernel::offer(workspace, args.install))))
        .transpose()?
        .flatten();
    let setting = Setting {
        workspace,
        toolchain,
        root,
        binaries: workspace.binaries(Profile::Release),
        environment: Environment::of_user(&workspace.target),
        old_kernel,
        filter: &args.filter,
    };
    let mut outcome = Ok(());
    for step in steps {
        let result = summary
            .time(step.name(), || step.commands(&setting).iter_mut().try_for_each(command::run));
        match (result, &outcome) {
            (Err(error), _) if !args.keep_going => return Err(error),
            (Err(error), Ok(())) => outcome = Err(error),
            _ => {}
        }
    }
    outcome
}
