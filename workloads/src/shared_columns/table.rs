//! A table of numbers in shared memory, stored by rows or by columns.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::ftruncate;

use crate::raw::shared::Cells;

/// Numbers in a cache line of 64 bytes.
const LINE: usize = 8;
/// Numbers in 64 KiB: whole pages, of whatever size they are.
const PAGES: usize = 64 * 1024 / size_of::<u64>();

/// Which cells lie next to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Layout {
    /// Those of a row.
    Rows,
    /// Those of a column; each column begins a page.
    Columns,
}

/// How large a table is, and where its cells are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::Args)]
pub(super) struct Shape {
    /// How many rows
    #[arg(long)]
    pub(super) rows: usize,
    /// How many columns
    #[arg(long)]
    pub(super) columns: usize,
    /// Which cells lie next to each other
    #[arg(long)]
    pub(super) layout: Layout,
}

impl Shape {
    /// The same as arguments of a worker.
    pub(super) fn to_arguments(self) -> [String; 6] {
        let layout = if self.layout == Layout::Rows { "rows" } else { "columns" };
        let [rows, columns] = [self.rows, self.columns].map(|number| number.to_string());
        ["--rows".into(), rows, "--columns".into(), columns, "--layout".into(), layout.into()]
    }

    /// A file in memory with a table of zeros.
    pub(super) fn new_file(self) -> Result<File> {
        let file = memfd_create("workloads-shared-columns", MFdFlags::MFD_CLOEXEC)
            .context("cannot make a table in shared memory; is a limit on files reached?")?;
        let bytes = i64::try_from(self.length() * size_of::<u64>())?;
        ftruncate(&file, bytes).context("cannot make room for the table in shared memory")?;
        Ok(file.into())
    }

    /// Numbers from one row of a column to the next.
    fn stride(self) -> usize {
        match self.layout {
            Layout::Rows => self.columns.next_multiple_of(LINE),
            Layout::Columns => 1,
        }
    }

    fn place(self, row: usize, column: usize) -> usize {
        match self.layout {
            Layout::Rows => row * self.stride() + column,
            Layout::Columns => column * self.rows.next_multiple_of(PAGES) + row,
        }
    }

    fn length(self) -> usize {
        match self.layout {
            Layout::Rows => self.rows * self.stride(),
            Layout::Columns => self.columns * self.rows.next_multiple_of(PAGES),
        }
    }
}

/// A table that other processes use too.
#[derive(Debug)]
pub(super) struct Table {
    cells: Cells,
    shape: Shape,
}

impl Table {
    /// The table in a file.
    pub(super) fn of(file: &File, shape: Shape) -> Result<Self> {
        let cells = Cells::map(file, shape.length())
            .context("cannot map the table; is it one (is this a worker)?")?;
        Ok(Self { cells, shape })
    }

    /// The cells of a column, from the first row on.
    pub(super) fn column(&self, column: usize) -> Result<Column<'_>> {
        let first = self.shape.place(0, column);
        let cells = self.cells.as_slice().get(first..).context("there is no such column")?;
        Ok(Column { cells, stride: self.shape.stride(), rows: self.shape.rows })
    }
}

/// One column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column<'a> {
    cells: &'a [AtomicU64],
    stride: usize,
    rows: usize,
}

impl Column<'_> {
    /// Adds 1 to each cell, as somebody does who is alone with his column.
    #[inline(never)]
    pub(super) fn add_one(self) {
        for cell in self.cells() {
            cell.store(cell.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        }
    }

    /// How many cells it has.
    pub(super) fn rows(self) -> usize {
        self.rows
    }

    /// What the cells sum up to.
    pub(super) fn sum(self) -> u64 {
        self.cells().map(|cell| cell.load(Ordering::Relaxed)).sum()
    }

    fn cells(&self) -> impl Iterator<Item = &AtomicU64> {
        self.cells.iter().step_by(self.stride).take(self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_is_its_own_in_both_layouts() {
        for layout in [Layout::Rows, Layout::Columns] {
            let shape = Shape { rows: 5, columns: 9, layout };
            let table = Table::of(&shape.new_file().unwrap(), shape).unwrap();
            for column in 0..9 {
                for _ in 0..=column {
                    table.column(column).unwrap().add_one();
                }
            }
            let sums: Vec<_> = (0..9).map(|column| table.column(column).unwrap().sum()).collect();
            assert_eq!(sums, [5, 10, 15, 20, 25, 30, 35, 40, 45], "{layout:?}");
        }
    }

    #[test]
    fn columns_side_by_side_share_cache_lines_and_others_not_even_a_page() {
        let place = |layout, row, column| Shape { rows: 3, columns: 2, layout }.place(row, column);
        assert_eq!([0, 1].map(|column| place(Layout::Rows, 2, column)), [16, 17]);
        assert_eq!([0, 1].map(|column| place(Layout::Columns, 2, column)), [2, PAGES + 2]);
    }
}
