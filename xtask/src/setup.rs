//! `cargo xtask setup`: installs what the build, and the tests, need and do not find.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::{
    command::{find, line, run_aside},
    found::{Found, Linker},
    plan::{self, Compiler, Need, Plan, Step},
    root::Root,
    version::Version,
    workspace::Workspace,
};

/// Arguments of every task that may install something.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Install {
    /// Install nothing; if something is missing, print the commands that would install it and fail
    #[arg(long)]
    no_install: bool,
}

impl Install {
    /// Whether nothing may be installed.
    pub(crate) fn is_forbidden(self) -> bool {
        self.no_install
    }
}

/// Arguments of `setup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    install: Install,
    /// Install what the tests need as well
    #[arg(long)]
    tests: bool,
}

/// What the eBPF side is compiled and linked with.
#[derive(Debug)]
pub(crate) struct Toolchain {
    pub(crate) compiler: Compiler,
    /// The compiler's LLVM.
    pub(crate) llvm: Version,
    pub(crate) linker: Linker,
}

/// Sets this machine up, and says what with.
pub(crate) fn task(workspace: &Workspace, args: &Args) -> Result<()> {
    let need = if args.tests { Need::Test } else { Need::Build };
    let Toolchain { compiler, llvm, linker } = ensure(workspace, need, args.install)?;
    let compiler = match compiler {
        Compiler::Packaged => "the distribution's Rust",
        Compiler::Nightly => "rustup's nightly",
    };
    eprintln!(
        "xtask: ready: eBPF programs are compiled by {compiler} (LLVM {llvm}) and linked by {} \
         (LLVM {})",
        linker.path.display(),
        linker.llvm
    );
    Ok(())
}

/// Installs what is missing, one step at a time: after each, what is there is looked at anew, so
/// that a compiler just installed has its say in what else it takes.
pub(crate) fn ensure(workspace: &Workspace, need: Need, install: Install) -> Result<Toolchain> {
    let mut announced: Vec<Step> = Vec::new();
    let mut done: Option<Step> = None;
    loop {
        let found = Found::detect(workspace);
        let plan = plan::make(&found, need)?;
        if !plan.unmet.is_empty() {
            bail!(
                "missing, and how to install it on {} is not known here:\n  {}\nInstall it by hand, \
                 then try again",
                found.system,
                plan.unmet.join("\n  ")
            );
        }
        let steps = plan.steps();
        let Some(step) = steps.first() else {
            return toolchain(plan);
        };
        let root = Root::detect()?;
        if install.no_install {
            eprintln!("{}", listing(&plan, need, workspace, root));
            bail!("something is missing, and --no-install forbids to install it: run the above");
        }
        if done.as_ref() == Some(step) {
            bail!("{} was installed, and yet is not found or does not start", step.what());
        }
        if announced != steps {
            eprintln!("{}", listing(&plan, need, workspace, root));
        }
        perform(step, workspace, root)?;
        done = Some(step.clone());
        announced = steps[1..].to_vec();
    }
}

/// Installs packages that are of use and not needed: without them, says so and goes on.
pub(crate) fn offer(packages: BTreeSet<String>, workspace: &Workspace, install: Install) {
    if packages.is_empty() {
        return;
    }
    let step = Step::Packages(packages);
    let outcome = if install.no_install {
        Err(anyhow!("--no-install forbids it"))
    } else if find("apt-get").is_none() {
        Err(anyhow!("there is no apt-get here"))
    } else {
        Root::detect().and_then(|root| perform(&step, workspace, root))
    };
    if let Err(error) = outcome {
        eprintln!("xtask: going on without {}: {error:#}", step.what());
    }
}

fn toolchain(plan: Plan) -> Result<Toolchain> {
    Ok(Toolchain {
        compiler: plan.compiler,
        llvm: plan.llvm.context("the compiler's LLVM is not known")?,
        linker: plan.linker.context("no linker was found")?,
    })
}

/// What is about to be installed, why, and by which commands.
fn listing(plan: &Plan, need: Need, workspace: &Workspace, root: Root) -> String {
    let purpose = match need {
        Need::Build => "build tracer",
        Need::Test => "build and test tracer",
    };
    let mut lines = vec![format!("xtask: to {purpose}, this is missing here:")];
    for (step, number) in plan.steps().iter().zip(1..) {
        lines.push(format!("  {number}. {} ({})", step.what(), step.why()));
        lines
            .extend(step.commands(workspace, root).iter().map(|it| format!("       {}", line(it))));
    }
    if plan.llvm.is_none() && plan.compiler == Compiler::Nightly {
        lines.push("  Then a bpf-linker for the LLVM that it brings.".to_owned());
    }
    lines.join("\n")
}

/// Runs the commands of one step with their output in view.
fn perform(step: &Step, workspace: &Workspace, root: Root) -> Result<()> {
    if matches!(step, Step::Packages(_)) {
        root.require("installing packages")?;
    }
    for (n, mut command) in step.commands(workspace, root).into_iter().enumerate() {
        eprintln!("xtask: {}", line(&command));
        match run_aside(&mut command) {
            Err(error) if step.may_fail(n) => eprintln!("xtask: going on, although {error:#}"),
            Err(error) => {
                bail!("cannot install {}: {error:#}\n{}", step.what(), step.advice())
            }
            Ok(()) => {}
        }
    }
    Ok(())
}
