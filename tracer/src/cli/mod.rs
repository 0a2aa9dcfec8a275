//! The command line: parsed, validated and typed. No type of clap's leaves this module.

mod args;
mod man;
mod sweep;
mod values;

use std::{ffi::OsString, fmt, io::Write};

use anyhow::{Context as _, Result};
use clap::{
    CommandFactory as _, Parser as _,
    error::{ContextKind, ContextValue, ErrorKind},
};
use log::LevelFilter;

use crate::{
    config::{Command, Compare, Config, Destination, Format, Show, Targets},
    fail_if::{About, Conditions},
    kernel::selection::Selection,
    verdicts::Topic,
};

/// What the user wants done, and how much is to be said about it.
#[derive(Debug)]
pub struct Invocation {
    /// What to do.
    pub action: Action,
    /// What is logged to standard error: warnings, and more with each `-v`.
    pub verbosity: LevelFilter,
}

/// What the user wants done.
#[derive(Debug)]
pub enum Action {
    /// Trace, and report.
    Trace(Config),
    /// List what this kernel and this user can and cannot do.
    Doctor {
        /// Text or JSON.
        format: Format,
    },
    /// Print the page on a verdict, or a list of them.
    Explain(Topic),
    /// Show a recorded run.
    Report(Show),
    /// Run a command with one value after the other.
    Sweep(crate::sweep::Config),
    /// Compare two recorded runs.
    Compare(Compare),
    /// Print the completions for a shell.
    Completions(Shell),
    /// Print the man page.
    Man,
}

/// A shell that there are completions for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shell(clap_complete::Shell);

/// Why there is nothing to do: wrong arguments, or help or the version was asked for.
#[derive(Debug)]
pub struct Stop(clap::Error);

impl Stop {
    /// Writes the text: errors to standard error, help and version to standard output.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn print(&self) -> std::io::Result<()> {
        self.0.print()
    }

    /// The status to exit with: 2 for wrong arguments, 0 for help and version.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.0.use_stderr() { 2 } else { 0 }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads the arguments, the program's own name being the first.
///
/// # Errors
/// If they are wrong, and if help or the version was asked for.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Invocation, Stop> {
    let cli = args::Cli::try_parse_from(arguments).map_err(with_hint)?;
    let verbosity = match cli.verbose {
        0 => LevelFilter::Warn,
        1 => LevelFilter::Info,
        2 => LevelFilter::Debug,
        3.. => LevelFilter::Trace,
    };
    let action = match cli.subcommand {
        Some(args::Sub::Doctor { format }) => Action::Doctor { format: format.into() },
        Some(args::Sub::Report(report)) => Action::Report(Show {
            file: report.file,
            threads: report.threads,
            fold: report.fold.map(Into::into),
            histograms: report.histograms,
            top: report.top,
            format: report.format.into(),
            fail_if: conditions(&report.fail_if, About { selection: None, comparison: false })?,
        }),
        Some(args::Sub::Sweep(sweep)) => Action::Sweep(sweep::config(sweep)?),
        Some(args::Sub::Compare(compare)) => Action::Compare(Compare {
            base: compare.base,
            new: compare.new,
            per: compare.per,
            format: compare.format.into(),
            fail_if: conditions(&compare.fail_if, About { selection: None, comparison: true })?,
        }),
        Some(args::Sub::Completions { shell }) => Action::Completions(Shell(shell)),
        Some(args::Sub::Man) => Action::Man,
        None => match cli.trace.explain {
            Some(topic) => Action::Explain(topic),
            None => Action::Trace(config(cli.trace)?),
        },
    };
    Ok(Invocation { action, verbosity })
}

/// Writes the completions for a shell, as a script of that shell's. Returns the exit status.
///
/// # Errors
/// If they cannot be written.
pub fn completions(shell: Shell, out: &mut impl Write) -> Result<u8> {
    // In memory first, for a generator panics when it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(shell.0, &mut args::Cli::command(), "tracer", &mut script);
    out.write_all(&script).context("cannot write the completions")?;
    Ok(0)
}

/// Writes the man page, as roff. Returns the exit status.
///
/// # Errors
/// If it cannot be written.
pub fn man(out: &mut impl Write) -> Result<u8> {
    man::page(args::Cli::command(), out).context("cannot write the man page")?;
    Ok(0)
}

/// Checks what clap cannot, and types it.
fn config(trace: args::Trace) -> Result<Config, Stop> {
    let selection = Selection::parse(&trace.calls).map_err(|error| {
        wrong(ErrorKind::ValueValidation, format!("invalid value for '-e <CALLS>': {error}"))
    })?;
    let about = About { selection: Some(&selection), comparison: false };
    let fail_if = conditions(&trace.fail_if, about)?;
    let report_to = match (&trace.report, trace.command.is_empty()) {
        (Some(file), _) => Destination::File(file.clone()),
        (None, true) => Destination::Stdout,
        (None, false) => Destination::Stderr,
    };
    Ok(Config {
        selection,
        report_to,
        fail_if,
        follow: !trace.no_follow,
        duration: trace.duration,
        interval: trace.interval,
        threads: trace.threads,
        fold: trace.fold.map(Into::into),
        histograms: trace.histograms,
        pauses_over: trace.pauses_over,
        sample_hz: trace.sample_hz,
        top: trace.top,
        format: trace.format.into(),
        ring_bytes: trace.ring_size,
        record_to: trace.record.clone(),
        targets: targets(trace)?,
    })
}

/// Reads the conditions of `--fail-if`.
fn conditions(texts: &[String], about: About<'_>) -> Result<Conditions, Stop> {
    Conditions::parse(texts, about).map_err(|error| {
        wrong(ErrorKind::ValueValidation, format!("invalid value for '--fail-if <EXPR>': {error}"))
    })
}

/// What is to be traced. That only one kind is named has been checked.
fn targets(trace: args::Trace) -> Result<Targets, Stop> {
    if trace.command.is_empty() && (trace.kill || trace.user.is_some()) {
        return Err(wrong(
            ErrorKind::MissingRequiredArgument,
            "--user and --kill go with a command: put it after --",
        ));
    }
    if trace.all {
        return Ok(Targets::All);
    }
    if let Some(program) = trace.command.first() {
        if program.is_empty() {
            return Err(wrong(
                ErrorKind::InvalidValue,
                "the command after -- is an empty word: write a program's name there",
            ));
        }
        let command = Command {
            argv: trace.command,
            user: trace.user,
            kill: trace.kill,
            variables: Vec::new(),
        };
        return Ok(Targets::Command(command));
    }
    let mut pids: Vec<i32> = trace.pid.into_iter().flat_map(|list| list.0).collect();
    pids.sort_unstable();
    pids.dedup();
    if pids.is_empty() && trace.comm.is_none() && trace.cgroup.is_empty() {
        return Err(wrong(
            ErrorKind::MissingRequiredArgument,
            "nothing to trace: name processes with -p, programs with --comm, a control group with \
             --cgroup or all with -a, or put a command after --",
        ));
    }
    Ok(Targets::Named { pids, comm: trace.comm, cgroups: trace.cgroup })
}

/// A word that is no option is most often a command without `--` before it.
fn with_hint(mut error: clap::Error) -> Stop {
    let word = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(word)) => word.as_str(),
        _ => "-",
    };
    if error.kind() == ErrorKind::UnknownArgument && !word.starts_with('-') {
        let hint = format!("to trace a command, put `--` before it, as in `tracer -- {word}`");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![hint.into()]));
    }
    Stop(error)
}

fn wrong(kind: ErrorKind, message: impl fmt::Display) -> Stop {
    Stop(args::Cli::command().error(kind, message))
}

#[cfg(test)]
mod tests;
