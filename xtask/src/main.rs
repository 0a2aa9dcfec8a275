//! The project's tasks: `cargo xtask run|build|test|bench|setup`.

mod bench;
mod bpf;
mod build;
mod command;
mod environment;
mod found;
mod install;
mod old_kernel;
mod plan;
mod python;
mod root;
mod run;
mod setup;
mod test;
mod version;
mod versions;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::workspace::Workspace;

/// Builds, runs and tests tracer.
///
/// What is missing on this machine is named and installed first, unless --no-install is given.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Build what is needed, then run tracer as root
    Run(run::Args),
    /// Build the eBPF object, tracer and its workloads
    Build(build::Options),
    /// Build and pass everything: formatting, lints, documentation and all tests
    Test(test::Args),
    /// Build everything, then measure what tracing costs, beside what else could be taken
    Bench(bench::Args),
    /// Install what the build needs
    Setup(setup::Args),
}

fn main() -> ExitCode {
    match perform(&Task::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: &Task) -> Result<()> {
    let workspace = Workspace::locate()?;
    match task {
        Task::Run(args) => match run::task(&workspace, args)? {},
        Task::Build(options) => build::task(&workspace, *options),
        Task::Test(args) => test::task(&workspace, args),
        Task::Bench(args) => bench::task(&workspace, args),
        Task::Setup(args) => setup::task(&workspace, args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn tracers_arguments(words: &[&str]) -> Vec<String> {
        let words = ["xtask", "run"].iter().chain(words);
        match Task::try_parse_from(words).unwrap() {
            Task::Run(args) => {
                args.tracer.iter().map(|word| word.to_str().unwrap().to_owned()).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_definition_of_the_arguments_is_sound() {
        Task::command().debug_assert();
    }

    #[test]
    fn everything_after_the_first_dashes_is_the_tracers() {
        assert_eq!(tracers_arguments(&["--", "--pid", "5", "-d", "5"]), ["--pid", "5", "-d", "5"]);
        assert_eq!(
            tracers_arguments(&["--", "-e", "brk", "--", "python3", "-c", "print(1)", "--help"]),
            ["-e", "brk", "--", "python3", "-c", "print(1)", "--help"]
        );
        assert_eq!(tracers_arguments(&["--no-install", "--"]), [""; 0]);
    }

    #[test]
    fn arguments_for_tests_need_a_step_to_go_to() {
        let parse = |words: &[&str]| Task::try_parse_from(["xtask", "test"].iter().chain(words));
        assert!(parse(&["--only", "kernel", "--", "fork"]).is_ok());
        assert!(parse(&["--", "fork"]).is_err());
        assert!(parse(&["--only", "everything"]).is_err());
    }
}
