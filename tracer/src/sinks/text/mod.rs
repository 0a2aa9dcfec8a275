//! The report for people: a table for each process, in the manner of `strace -c -w`, and beneath
//! them how far they can be believed.

mod footer;
mod heading;
mod histogram;
mod open_calls;
mod page;
mod table;
mod units;

#[cfg(test)]
pub(super) mod sample;
#[cfg(test)]
mod tests;

use page::{HEADING, NOTE, PLAIN, Page};
use table::{Layout, Table};

use super::Style;
use crate::report::{Report, Row};

/// What is shown of one process, or of all.
struct Section<'a> {
    heading: Vec<String>,
    rows: &'a [Row],
    table: Table,
}

impl<'a> Section<'a> {
    fn new(heading: Vec<String>, rows: &'a [Row], thread_ns: u64) -> Self {
        Self { heading, rows, table: Table::new(rows, thread_ns) }
    }

    fn put(&self, layout: &Layout, page: &mut Page<'_>) {
        page.items(HEADING, &self.heading, "  ");
        if self.rows.is_empty() {
            page.prose(NOTE, "no selected system calls");
        } else {
            page.lines(layout.render(&self.table));
            page.items(PLAIN, &open_calls::items(self.rows), " · ");
            for row in self.rows {
                histogram::put(row, page);
            }
        }
        page.gap();
    }
}

/// The report as text, ending with a newline.
pub(super) fn render(report: &Report, style: &Style) -> String {
    let mut page = Page::new(style);
    if let Some(heading) = heading::of_report(report, style.series) {
        page.prose(HEADING, &heading);
    }
    if report.processes.is_empty() {
        page.prose(NOTE, "No process to report: no target lived in this window.");
        page.gap();
    }
    let sections = sections(report);
    // One layout for all: the eye goes down a column from process to process.
    let layout = Layout::fit(sections.iter().map(|section| &section.table), style.width);
    for section in &sections {
        section.put(&layout, &mut page);
    }
    footer::put(report, &mut page);
    if style.series && report.interval.is_some() {
        page.gap();
    }
    page.finish()
}

/// One section for each group, and one of all where that is not the same.
fn sections(report: &Report) -> Vec<Section<'_>> {
    let groups = report
        .processes
        .iter()
        .map(|group| Section::new(heading::of_group(group), &group.syscalls, group.thread_ns));
    let total = &report.total;
    let total = (report.processes.len() > 1)
        .then(|| Section::new(heading::of_total(total), &total.syscalls, total.thread_ns));
    groups.chain(total).collect()
}
