//! The table of system calls: which columns there are, which of them fit, and how they stand.

use comfy_table::{CellAlignment, ColumnConstraint, Width, presets};
use textwrap::core::display_width;

use super::units::{Count, NONE, Percent, Time};
use crate::report::{Figures, Row};

/// Spaces between columns.
const GAP: usize = 2;

struct Column {
    title: &'static str,
    /// Where not all columns fit, those of the lowest rank go first.
    rank: u8,
    /// The cell of a row, in a group whose threads have this much time.
    cell: fn(&Row, u64) -> String,
}

/// The rank of columns without which the table says nothing.
const STAYS: u8 = u8::MAX;

const COLUMNS: [Column; 13] = [
    column("% window", 4, |row, thread_ns| completed(row, share(row.wall_ns.total, thread_ns))),
    column("total", STAYS, |row, _| completed(row, Time(row.wall_ns.total).to_string())),
    column("calls", STAYS, |row, _| Count(row.calls).to_string()),
    column("errors", 6, |row, _| {
        if row.errors == 0 { NONE.to_owned() } else { Count(row.errors).to_string() }
    }),
    column("mean", 2, |row, _| time(row.wall_ns.mean)),
    column("p50", 5, |row, _| time(row.wall_ns.p50)),
    column("p90", 1, |row, _| time(row.wall_ns.p90)),
    column("p99", 3, |row, _| time(row.wall_ns.p99)),
    column("max", 7, |row, _| time(row.wall_ns.max)),
    column("%cpu", 0, |row, _| part(row, &row.on_cpu_ns)),
    column("%wait", 0, |row, _| part(row, &row.runnable_ns)),
    column("%sleep", 0, |row, _| part(row, &row.blocked_ns)),
    column("syscall", STAYS, |row, _| row.name.clone()),
];

const fn column(title: &'static str, rank: u8, cell: fn(&Row, u64) -> String) -> Column {
    Column { title, rank, cell }
}

/// What is true only of completed calls.
fn completed(row: &Row, cell: String) -> String {
    if row.calls == 0 { NONE.to_owned() } else { cell }
}

fn time(ns: Option<u64>) -> String {
    ns.map_or_else(|| NONE.to_owned(), |ns| Time(ns).to_string())
}

fn share(part: u64, whole: u64) -> String {
    Percent { part, whole }.to_string()
}

/// A part of the row's elapsed time, unknown where none of its parts is.
fn part(row: &Row, figures: &Figures) -> String {
    let known =
        [&row.on_cpu_ns, &row.runnable_ns, &row.blocked_ns].iter().any(|part| part.total > 0);
    if !known {
        return NONE.to_owned();
    }
    format!("{:.0}", Percent { part: figures.total, whole: row.wall_ns.total })
}

type Cells = [String; COLUMNS.len()];

/// The cells of a group's table.
pub(super) struct Table {
    rows: Vec<Cells>,
    /// The sum of the rows, where there is more than one to sum.
    sum: Option<Cells>,
}

impl Table {
    pub(super) fn new(rows: &[Row], thread_ns: u64) -> Self {
        let cells = |row: &Row| COLUMNS.each_ref().map(|column| (column.cell)(row, thread_ns));
        Self {
            rows: rows.iter().map(cells).collect(),
            sum: (rows.len() > 1).then(|| cells(&sum(rows))),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Cells> {
        self.rows.iter().chain(&self.sum)
    }
}

/// The rows together. Times of different calls have a sum, but no mean or median that means
/// anything.
fn sum(rows: &[Row]) -> Row {
    let over = |figure: fn(&Row) -> u64| rows.iter().map(figure).fold(0, u64::saturating_add);
    let total = |figure| Figures { total: over(figure), ..Figures::default() };
    Row {
        name: "total".to_owned(),
        calls: over(|row| row.calls),
        errors: over(|row| row.errors),
        wall_ns: total(|row| row.wall_ns.total),
        on_cpu_ns: total(|row| row.on_cpu_ns.total),
        runnable_ns: total(|row| row.runnable_ns.total),
        blocked_ns: total(|row| row.blocked_ns.total),
        ..Row::default()
    }
}

/// Which columns are shown, and how wide each is.
pub(super) struct Layout {
    widths: [Option<usize>; COLUMNS.len()],
}

impl Layout {
    /// The layout that all of `tables` share, with the columns for which there is room.
    pub(super) fn fit<'a>(tables: impl Iterator<Item = &'a Table>, room: Option<usize>) -> Self {
        let mut widths = COLUMNS.each_ref().map(|column| Some(column.title.len()));
        for cells in tables.flat_map(Table::all) {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(Some(display_width(cell)));
            }
        }
        let mut layout = Self { widths };
        for rank in 0..STAYS {
            if room.is_none_or(|room| layout.width() <= room) {
                break;
            }
            for (width, column) in layout.widths.iter_mut().zip(&COLUMNS) {
                width.take_if(|_| column.rank == rank);
            }
        }
        layout
    }

    fn width(&self) -> usize {
        let widths = self.widths.iter().flatten();
        widths.map(|width| width + GAP).sum::<usize>().saturating_sub(GAP)
    }

    /// The lines of a table.
    pub(super) fn render(&self, table: &Table) -> Vec<String> {
        let titles = COLUMNS.each_ref().map(|column| column.title.to_owned());
        let rule = self.widths.map(|width| "─".repeat(width.unwrap_or(0)));
        let mut grid = comfy_table::Table::new();
        grid.load_style(presets::NOTHING).set_header(self.shown(&titles));
        grid.add_row(self.shown(&rule));
        grid.add_rows(table.rows.iter().map(|cells| self.shown(cells)));
        if let Some(sum) = &table.sum {
            grid.add_row(self.shown(&rule)).add_row(self.shown(sum));
        }
        let last = self.widths.iter().flatten().count() - 1;
        for (column, width) in grid.column_iter_mut().zip(self.widths.iter().flatten()) {
            let gap = if column.index == last { 0 } else { GAP };
            let width = Width::Fixed(u16::try_from(width + gap).unwrap_or(u16::MAX));
            column.set_padding((0, u16::try_from(gap).unwrap_or(0)));
            column.set_constraint(ColumnConstraint::Absolute(width));
            column.set_cell_alignment(match column.index == last {
                true => CellAlignment::Left,
                false => CellAlignment::Right,
            });
        }
        grid.lines().collect()
    }

    fn shown(&self, cells: &Cells) -> Vec<String> {
        let shown = self.widths.iter().zip(cells).filter(|(width, _)| width.is_some());
        shown.map(|(_, cell)| cell.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles_at(room: usize) -> Vec<String> {
        let layout = Layout::fit([Table::new(&[], 0)].iter(), Some(room));
        layout.shown(&COLUMNS.each_ref().map(|column| column.title.to_owned()))
    }

    #[test]
    fn columns_go_in_the_order_of_what_is_least_missed() {
        let mut gone = Vec::new();
        let mut before = titles_at(usize::MAX);
        for room in (0..200).rev() {
            let now = titles_at(room);
            gone.extend(before.iter().filter(|title| !now.contains(title)).cloned());
            before = now;
        }
        let order = ["%cpu", "%wait", "%sleep", "p90", "mean", "p99", "% window", "p50", "errors"];
        assert_eq!(gone[..9], order);
        assert_eq!(gone[9..], ["max"]);
        assert_eq!(before, ["total", "calls", "syscall"]);
    }

    #[test]
    fn parts_that_were_not_measured_are_unknown() {
        let wall_ns = Figures { total: 5, ..Figures::default() };
        let row = Row { calls: 1, wall_ns: wall_ns.clone(), ..Row::default() };
        assert_eq!(part(&row, &row.blocked_ns), "-");
        let row = Row { on_cpu_ns: wall_ns, ..row };
        assert_eq!(
            (part(&row, &row.on_cpu_ns), part(&row, &row.blocked_ns)),
            ("100".into(), "0".into())
        );
    }

    #[test]
    fn a_sum_is_of_everything_that_can_be_summed() {
        let row = |ns, max| Row {
            calls: 2,
            errors: 1,
            wall_ns: Figures { total: ns, max, ..Figures::default() },
            ..Row::default()
        };
        let sum = sum(&[row(3, Some(2)), row(u64::MAX, None)]);
        assert_eq!((sum.calls, sum.errors, sum.wall_ns.total), (4, 2, u64::MAX));
        assert_eq!((sum.wall_ns.mean, sum.wall_ns.p50, sum.wall_ns.max), (None, None, None));
    }
}
