//! The results as Markdown.

use comfy_table::{CellAlignment, Table, presets};

use crate::{
    bars::{Bar, Verdict},
    contender::Contender,
    load::Load,
    results::{Cell, Results},
    statistics::Spread,
};

/// Everything: the machine, the bars, and a table for each load.
pub(crate) fn markdown(results: &Results, bars: &[Bar]) -> String {
    let machine = &results.machine;
    let mut text = format!(
        "{}, {} CPUs, Linux {}, {}; medians of {} rounds, in brackets the \
         quartiles.\nRatios are those of what is added in the least disturbed round of each, for what \
         disturbs a run only ever adds.\n",
        machine.processor, machine.cpus, machine.kernel, machine.system, results.rounds,
    );
    if bars.iter().any(|bar| bar.verdict != Verdict::Unknown) {
        text += &format!("\n{}\n", bars_table(bars));
    }
    let mut loads: Vec<Load> = results.cells.iter().map(|cell| cell.load).collect();
    loads.dedup();
    for load in loads {
        text += &format!("\n### {}\n\n{}\n", load.title(), load_table(results, load));
    }
    for skipped in &results.skipped {
        text += &format!("\nWithout {}: {}.\n", skipped.contender.label(), skipped.why);
    }
    text
}

fn grid(titles: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(titles);
    table
}

fn bars_table(bars: &[Bar]) -> Table {
    let mut table = grid(&["what", "bar", "measured", ""]);
    for bar in bars {
        let verdict = match bar.verdict {
            Verdict::Holds => "holds",
            Verdict::Misses => "**misses**",
            Verdict::Unknown => "not measured",
        };
        table.add_row([bar.what, &bar.limit, &bar.measured, verdict]);
    }
    table
}

fn load_table(results: &Results, load: Load) -> Table {
    let unit = load.unit();
    let mut table = grid(&[
        "",
        &format!("time a {unit}"),
        "added",
        "least added",
        "of the floor's",
        "of tracer's",
        "CPU of the tool",
        "counted",
    ]);
    let floor = floor_of(load);
    for cell in results.cells.iter().filter(|cell| cell.load == load) {
        let contender = cell.contender;
        let traced = contender != Contender::Untraced;
        let added = results.added(load, contender).filter(|_| traced);
        let ratio = |base| results.ratio(load, contender, base).filter(|_| traced);
        table.add_row([
            contender.label().to_owned(),
            shown(Spread::of(cell.ns_per_unit.iter().copied()).map(|it| time(it.median))),
            shown(added.map(spread)),
            shown(results.least_added(load, contender).filter(|_| traced).map(time)),
            shown(ratio(floor).map(times)),
            shown(ratio(Contender::Tracer).map(times)),
            shown(Spread::of(cell.tool_ns_per_unit.iter().copied()).map(|it| time(it.median))),
            counted(cell),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The least that tracing this load could cost.
fn floor_of(load: Load) -> Contender {
    match load {
        Load::PingPong | Load::Storm => Contender::Floor,
        _ => Contender::CallFloor,
    }
}

fn shown(value: Option<String>) -> String {
    value.unwrap_or_else(|| "-".to_owned())
}

/// A time with three digits.
fn time(ns: f64) -> String {
    let (value, unit) = match ns.abs() {
        size if size < 1e4 => (ns, "ns"),
        size if size < 1e7 => (ns / 1e3, "µs"),
        _ => (ns / 1e6, "ms"),
    };
    if value.abs() < 9.995 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// What is added, as far as it stands out from what disturbs.
fn spread(added: Spread) -> String {
    let Spread { median, low, high } = added;
    if low <= 0.0 && high >= 0.0 {
        return format!("within noise ({} to {})", time(low), time(high));
    }
    format!("{} ({} to {})", time(median), time(low), time(high))
}

/// A ratio with two digits behind the point, or none if it is large.
fn times(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

/// A workload counts its own calls alone: its threads' beginnings and ends make a few more.
fn counted(cell: &Cell) -> String {
    match (cell.counted, cell.made) {
        (Some(counted), Some(made)) if counted >= made => "all".to_owned(),
        (Some(counted), Some(made)) => format!("{counted} of {made}"),
        _ => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bars, results::tests::results};

    #[test]
    fn the_table_names_the_machine_the_ratios_and_what_was_left_out() {
        let mut results = results(&[
            (Load::Brk, Contender::Untraced, 100.0),
            (Load::Brk, Contender::CallFloor, 300.0),
            (Load::Brk, Contender::Tracer, 400.0),
        ]);
        results.machine.processor = "Some Processor".to_owned();
        results.cells[2].made = Some(10);
        results.cells[2].counted = Some(9);
        results.skipped.push(crate::results::Skipped {
            contender: Contender::Runqlat,
            why: "there is no runqlat in PATH".to_owned(),
        });
        let text = markdown(&results, &bars::all(&results));
        assert!(text.starts_with("Some Processor, 0 CPUs"), "{text}");
        let row = text.lines().find(|line| line.contains("| tracer ")).unwrap();
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let wanted = [
            "",
            "tracer",
            "400 ns",
            "300 ns (300 ns to 300 ns)",
            "300 ns",
            "1.50",
            "1.00",
            "-",
            "9 of 10",
            "",
        ];
        assert_eq!(cells, wanted);
        assert!(text.contains("Without runqlat: there is no runqlat in PATH."), "{text}");
        assert!(text.contains("| holds"), "{text}");
        assert!(text.contains("| not measured"), "{text}");
    }

    #[test]
    fn figures_have_no_more_digits_than_they_deserve() {
        assert_eq!([4.25, 123.4, 35_300.0].map(time), ["4.2 ns", "123 ns", "35 µs"]);
        let noise = Spread { median: -5.0, low: -20.0, high: 12e6 };
        assert_eq!(spread(noise), "within noise (-20 ns to 12 ms)");
        assert_eq!((times(1.234), times(84.6)), ("1.23".to_owned(), "85".to_owned()));
    }
}
