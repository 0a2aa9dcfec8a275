//! The figures of each point.

use comfy_table::{CellAlignment, Table, presets};
use textwrap::core::display_width;

use super::{
    super::units::{NONE, Significant, Time},
    latency,
};
use crate::sweep::results::{Summary, Sweep};

/// Spaces between columns.
const GAP: usize = 2;
/// Columns that stay however narrow the terminal is, besides those of the settings: runs, throughput.
const STAY: usize = 2;

struct Column {
    title: String,
    cells: Vec<String>,
}

/// The lines of the table, with as many of its columns from the left as there is room for.
pub(super) fn lines(sweep: &Sweep, calls: &[String], room: Option<usize>) -> Vec<String> {
    let mut columns = columns(sweep, calls);
    let stay = sweep.settings.len() + STAY;
    while columns.len() > stay && room.is_some_and(|room| width(&columns) > room) {
        columns.pop();
    }
    let mut grid = Table::new();
    grid.load_style(presets::NOTHING);
    grid.set_header(columns.iter().map(|column| column.title.clone()));
    grid.add_row(columns.iter().map(|column| "─".repeat(column.width())));
    for row in 0..sweep.points.len() {
        grid.add_row(columns.iter().map(|column| column.cells[row].clone()));
    }
    let last = columns.len().saturating_sub(1);
    for column in grid.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
        let gap = if column.index == last { 0 } else { GAP };
        column.set_padding((0, u16::try_from(gap).unwrap_or(0)));
    }
    grid.lines().collect()
}

fn columns(sweep: &Sweep, calls: &[String]) -> Vec<Column> {
    let column = |title: &str, cell: &dyn Fn(&Summary) -> Option<String>| Column {
        title: title.to_owned(),
        cells: sweep
            .points
            .iter()
            .map(|point| cell(point).unwrap_or_else(|| NONE.to_owned()))
            .collect(),
    };
    let time = |ns: Option<u64>| ns.map(|ns| Time(ns).to_string());
    let mut columns: Vec<Column> = sweep
        .settings
        .iter()
        .map(|setting| {
            column(&setting.name, &|point| {
                let mut pairs = point.set.0.iter();
                pairs.find(|(name, _)| *name == setting.name).map(|(_, value)| value.clone())
            })
        })
        .collect();
    let several = sweep.points.iter().any(|point| point.runs.len() > 1);
    columns.push(column("runs", &|point| Some(point.runs.len().to_string())));
    columns.push(column(&format!("{}/s", sweep.per), &|point| {
        point.throughput.map(|throughput| Significant(throughput).to_string())
    }));
    if several {
        columns.push(column("±%", &|point| spread(point).map(|share| format!("{share:.1}"))));
    }
    columns.push(column("speed-up", &|point| {
        speed_up(sweep, point).map(|ratio| format!("{ratio:.2}"))
    }));
    columns.push(column("CPUs", &|point| Some(format!("{:.2}", point.busy_cpus))));
    columns.push(column("%runnable", &|point| {
        point.runnable_share.map(|share| format!("{:.1}", 100.0 * share))
    }));
    columns.push(column("queue p50", &|point| time(point.run_queue_ns.p50)));
    columns.push(column("queue p99", &|point| time(point.run_queue_ns.p99)));
    for call in calls {
        for (title, p99) in [("p50", false), ("p99", true)] {
            columns
                .push(column(&format!("{call} {title}"), &|point| time(latency(point, call, p99))));
        }
    }
    columns
}

impl Column {
    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| display_width(cell));
        cells.chain([display_width(&self.title)]).max().unwrap_or(0)
    }
}

fn width(columns: &[Column]) -> usize {
    columns.iter().map(|column| column.width() + GAP).sum::<usize>().saturating_sub(GAP)
}

/// Half of what lies between the slowest run and the fastest, in percent of the median.
fn spread(point: &Summary) -> Option<f64> {
    let runs = || point.runs.iter().filter_map(|run| run.throughput);
    let (low, high) = (runs().reduce(f64::min)?, runs().reduce(f64::max)?);
    let median = point.throughput.filter(|median| *median > 0.0 && point.runs.len() > 1)?;
    Some(100.0 * (high - low) / 2.0 / median)
}

/// Throughput as a multiple of that of the first value, while the other settings stay.
fn speed_up(sweep: &Sweep, point: &Summary) -> Option<f64> {
    let first = &sweep.settings.first()?.name;
    let others = point.set.without(first);
    let base = sweep.points.iter().find(|base| base.set.without(first) == others)?;
    let base = base.throughput.filter(|throughput| *throughput > 0.0)?;
    Some(point.throughput? / base)
}
