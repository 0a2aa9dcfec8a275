//! What machines of other sizes would need: memory on paper, the reader by simulation.

mod simulation;
mod sizes;

use comfy_table::{CellAlignment, Table, presets};

use self::{
    simulation::{Plant, Run},
    sizes::Sizes,
};

const MS: u64 = 1_000_000;
const MIB: f64 = 1_048_576.0;
/// Long enough for fifty visits of the reader.
const LENGTH_NS: u64 = 1_000 * MS;

/// The machines to be modelled, and what was measured on this one.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// Numbers of CPUs
    #[arg(long, value_delimiter = ',', default_values_t = [2, 64, 192])]
    cpus: Vec<u64>,
    /// Target threads
    #[arg(long, default_value_t = 10_000)]
    threads: u64,
    /// Bytes of the ring of each CPU
    #[arg(long, default_value_t = 2 << 20)]
    ring_size: u32,
    /// What the reader takes for one record, in ns: "CPU of the tool" of a measurement
    #[arg(long, default_value_t = 85.0)]
    record_ns: f64,
    /// What it takes to look at a ring, in ns
    #[arg(long, default_value_t = 20.0)]
    visit_ns: f64,
    /// How often it comes by, in ms
    #[arg(long, default_value_t = 20)]
    drain_every_ms: u64,
    /// How long it may be kept waiting after it was woken, in ms
    #[arg(long, default_value_t = 2)]
    wake_ms: u64,
}

/// What the CPUs do.
#[derive(Clone, Copy, Debug)]
struct Situation {
    name: &'static str,
    /// Records a second on each CPU.
    rate: f64,
    busy_ns: u64,
    idle_ns: u64,
}

const SITUATIONS: [Situation; 4] = [
    // `brk-loop` makes some 400 calls a second alone on its CPU, and leaves it some 250 times.
    Situation { name: "numeric workers", rate: 1_000.0, busy_ns: MS, idle_ns: 0 },
    Situation { name: "100,000 calls/s on each CPU", rate: 100_000.0, busy_ns: MS, idle_ns: 0 },
    Situation {
        name: "the same rate, in bursts of 10 ms on all CPUs at once",
        rate: 1_000_000.0,
        busy_ns: 10 * MS,
        idle_ns: 90 * MS,
    },
    Situation { name: "nothing but calls", rate: 2_000_000.0, busy_ns: MS, idle_ns: 0 },
];

/// Both tables.
pub(crate) fn tables(args: &Args) -> String {
    format!("{}\n\n{}\n", memory(args), reader(args))
}

fn memory(args: &Args) -> Table {
    let mut table = grid(&[
        "CPUs",
        "rings in the kernel",
        "cells for what is folded",
        "shown as resident",
        "states of threads",
        "the reader can take, on each CPU",
    ]);
    for &cpus in &args.cpus {
        let sizes = sizes(args, cpus);
        table.add_row([
            cpus.to_string(),
            mib(sizes.rings()),
            mib(sizes.cells()),
            mib(sizes.shown_resident()),
            mib(sizes.states()),
            format!("{} records/s", thousands(1e9 / args.record_ns / cpus as f64)),
        ]);
    }
    table
}

fn reader(args: &Args) -> Table {
    let mut table = grid(&["records", "CPUs", "reader", "fullest ring", "lost"]);
    for situation in SITUATIONS {
        for &cpus in &args.cpus {
            let run = simulate(args, situation, cpus);
            table.add_row([
                situation.name.to_owned(),
                cpus.to_string(),
                percent(run.reader),
                percent(run.fullest),
                percent(run.lost / run.made),
            ]);
        }
    }
    table
}

fn sizes(args: &Args, cpus: u64) -> Sizes {
    let Args { threads, ring_size, .. } = *args;
    Sizes { cpus, threads, ring_bytes: ring_size, sample_ring_bytes: 64 << 10 }
}

fn simulate(args: &Args, situation: Situation, cpus: u64) -> Run {
    let plant = Plant {
        cpus: usize::try_from(cpus).unwrap_or(usize::MAX),
        ring: sizes(args, cpus).records(),
        rate: situation.rate,
        busy_ns: situation.busy_ns,
        idle_ns: situation.idle_ns,
        record_ns: args.record_ns,
        visit_ns: args.visit_ns,
        drain_every_ns: args.drain_every_ms * MS,
        wake_ns: args.wake_ms * MS,
    };
    simulation::run(&plant, LENGTH_NS)
}

fn grid(titles: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(titles);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn mib(bytes: u64) -> String {
    let mib = bytes as f64 / MIB;
    if mib < 9.95 { format!("{mib:.1} MiB") } else { format!("{mib:.0} MiB") }
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent == 0.0 || percent >= 9.95 {
        format!("{percent:.0} %")
    } else {
        format!("{percent:.1} %")
    }
}

fn thousands(value: f64) -> String {
    if value >= 1e6 {
        format!("{:.1} million", value / 1e6)
    } else {
        format!("{:.0} thousand", value / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn args(words: &[&str]) -> Args {
        Cli::parse_from(std::iter::once(&"model").chain(words)).args
    }

    #[test]
    fn a_worker_that_computes_loses_nothing_on_any_machine() {
        let args = args(&[]);
        for &cpus in &args.cpus {
            let run = simulate(&args, SITUATIONS[0], cpus);
            assert_eq!(run.lost, 0.0, "{cpus} CPUs: {run:?}");
            assert!(run.reader < 0.03, "{cpus} CPUs: {run:?}");
        }
    }

    #[test]
    fn the_tables_have_a_row_for_each_machine() {
        let text = tables(&args(&["--cpus", "3,5"]));
        assert_eq!(text.lines().filter(|line| line.starts_with("| 3 ")).count(), 1);
        assert_eq!(text.lines().filter(|line| line.contains("numeric workers")).count(), 2);
    }
}
