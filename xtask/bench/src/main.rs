//! What the tracer costs, beside what a user would take instead: `cargo xtask bench`.
//!
//! | file | subject |
//! |---|---|
//! | `load` | what is traced |
//! | `contender` | who traces, and how it is started |
//! | `places` | where programs are, which CPU they get |
//! | `child`, `workload`, `watcher` | programs that run: any, the traced one, the tool |
//! | `counted` | what a tool has counted, by what it prints |
//! | `measure` | rounds in which every contender has its turn |
//! | `footprint` | the reader's CPU, memory, time to start |
//! | `statistics`, `results`, `bars`, `table` | what comes of it: pure |
//! | `floor` | the empty programs |
//! | `model` | larger machines than this one |

mod bars;
mod child;
mod contender;
mod counted;
mod floor;
mod footprint;
mod load;
mod machine;
mod measure;
mod model;
mod places;
mod results;
mod statistics;
mod table;
mod watcher;
mod workload;

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand, ValueEnum as _};

use crate::{
    bars::Bar,
    load::Load,
    measure::Bench,
    places::{Cpus, Programs},
    results::{Machine, Results, SCHEMA},
};

/// Rounds, unless something else is asked for.
const ROUNDS: usize = 5;
const QUICK_ROUNDS: usize = 3;

/// Measures what tracing costs. `cargo xtask bench` builds what it needs and starts it as root.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Attach empty programs until the end of standard input
    #[command(hide = true)]
    Floor(floor::Args),
    /// Say what a machine of any size would need
    Model(model::Args),
    /// Print the tables of what was measured before, and written as JSON
    Table {
        /// The file written
        file: PathBuf,
    },
}

/// What to measure, and where to write it.
#[derive(Debug, clap::Args)]
struct Run {
    /// Half a minute: against strace and the floor alone; fails on what is wrong by a wide margin
    #[arg(long)]
    quick: bool,
    /// Write what was measured, round by round, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the tables to this file too
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Measure these loads alone
    #[arg(long, value_name = "LOAD", value_delimiter = ',')]
    only: Vec<Load>,
    /// Measure the reader's CPU time, memory and the time to start alone, or beside --only
    #[arg(long)]
    footprint: bool,
    /// How often each contender has its turn
    #[arg(long, value_name = "N")]
    runs: Option<usize>,
    /// The object with the empty programs
    #[arg(long, hide = true, value_name = "FILE", default_value = "target/bpf/floor.bpf.o")]
    floor_object: PathBuf,
}

fn main() -> ExitCode {
    match perform(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(cli: Cli) -> Result<()> {
    match cli.command {
        Some(Command::Floor(args)) => floor::attach(&args),
        Some(Command::Model(args)) => print(&model::tables(&args)),
        Some(Command::Table { file }) => show(&file),
        None => run(&cli.run),
    }
}

fn run(args: &Run) -> Result<()> {
    let rounds = args.runs.unwrap_or(if args.quick { QUICK_ROUNDS } else { ROUNDS });
    if rounds == 0 {
        bail!("nothing is measured in 0 rounds");
    }
    let bench = Bench {
        programs: Programs::find(&args.floor_object)?,
        cpus: Cpus::allowed()?,
        rounds,
        quick: args.quick,
    };
    let all = args.only.is_empty() && !args.footprint;
    let footprint = args.footprint || (all && !args.quick);
    let results = measure(&bench, |load| all || args.only.contains(&load), footprint)?;
    let bars = bars::all(&results);
    let tables = table::markdown(&results, &bars);
    print(&tables)?;
    if let Some(path) = &args.markdown {
        write(path, &tables)?;
    }
    if let Some(path) = &args.json {
        write(path, &json(&results, &bars)?)?;
    }
    let wrong = if args.quick { bars::plainly_wrong(&results) } else { Vec::new() };
    if !wrong.is_empty() {
        bail!("{}", wrong.join("; "));
    }
    Ok(())
}

fn measure(bench: &Bench, wanted: impl Fn(Load) -> bool, footprint: bool) -> Result<Results> {
    let mut results = Results {
        schema: SCHEMA,
        machine: Machine::here(&bench.cpus),
        rounds: bench.rounds,
        cells: Vec::new(),
        reader: None,
        memory: None,
        start_up_ms: Vec::new(),
        skipped: Vec::new(),
    };
    for &load in Load::value_variants() {
        if wanted(load) {
            let cells = bench.load(load, &mut results.skipped)?;
            results.cells.extend(cells);
        }
    }
    if footprint {
        results.reader = Some(bench.reader().context("the reader's CPU time")?);
        results.memory = Some(bench.memory().context("the tracer's memory")?);
        results.start_up_ms = bench.start_up().context("the tracer's start")?;
    }
    Ok(results)
}

fn show(file: &Path) -> Result<()> {
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let results: Results = serde_json::from_str(&text)
        .with_context(|| format!("{} was not written by `--json`", file.display()))?;
    print(&table::markdown(&results, &bars::all(&results)))
}

fn json(results: &Results, bars: &[Bar]) -> Result<String> {
    let mut value = serde_json::to_value(results).context("results that are no JSON")?;
    value["bars"] = serde_json::to_value(bars).context("bars that are no JSON")?;
    Ok(serde_json::to_string_pretty(&value)? + "\n")
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn print(text: &str) -> Result<()> {
    io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_of_the_arguments_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_was_measured_can_be_read_again() {
        let results = results::tests::results(&[(Load::Brk, contender::Contender::Tracer, 1.5)]);
        let text = json(&results, &bars::all(&results)).unwrap();
        let again: Results = serde_json::from_str(&text).unwrap();
        assert_eq!(again.cells, results.cells);
        assert!(text.contains("\"bars\""), "{text}");
    }
}
