//! `tracer`: where does the wall time of each worker go?

use std::{
    io::{self, ErrorKind},
    process::ExitCode,
};

use log::LevelFilter;
use tracer::{
    cli::{self, Action},
    config::Targets,
    doctor, launch, replay, session, sweep, verdicts,
};

/// The tracer failed.
const FAILED: u8 = 1;
/// The tracer failed, and there was a command whose status could be taken for ours.
const FAILED_WITH_COMMAND: u8 = 125;

fn main() -> ExitCode {
    let invocation = match cli::parse(std::env::args_os()) {
        Ok(invocation) => invocation,
        Err(stop) => {
            // Nobody to tell.
            drop(stop.print());
            return stop.exit_code().into();
        }
    };
    env_logger::Builder::new()
        // What aya has to say about itself is asked for by RUST_LOG.
        .filter_level(invocation.verbosity.min(LevelFilter::Warn))
        .filter_module("tracer", invocation.verbosity)
        .parse_default_env()
        .format_timestamp(None)
        .init();
    let mut on_failure = FAILED;
    let done = match invocation.action {
        Action::Trace(config) => {
            if matches!(config.targets, Targets::Command(_)) {
                on_failure = FAILED_WITH_COMMAND;
            }
            session::run(config)
        }
        Action::Doctor { format } => doctor::run(format, &mut io::stdout()),
        Action::Explain(topic) => verdicts::explain(topic, &mut io::stdout()),
        Action::Report(show) => replay::report(&show, io::stdout()),
        Action::Compare(compare) => replay::compare(&compare, io::stdout()),
        Action::Sweep(config) => sweep::run(config),
        Action::Completions(shell) => cli::completions(shell, &mut io::stdout()),
        Action::Man => cli::man(&mut io::stdout()),
    };
    match done {
        Ok(status) => status.into(),
        Err(e) if is_broken_pipe(&e) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("tracer: error: {e:#}");
            launch::exit_code_of(&e).unwrap_or(on_failure).into()
        }
    }
}

/// Whether the reader of the output has seen enough: no failure of ours.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == ErrorKind::BrokenPipe)
}
