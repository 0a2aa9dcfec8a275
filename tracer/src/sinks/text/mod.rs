//! The report for people: for each process where its time went, a table of its calls in the manner
//! of `strace -c -w` and what the scheduler did; beneath them how far they can be believed.

mod budget;
mod concurrency;
mod footer;
mod futexes;
mod heading;
mod histogram;
mod locks;
mod open_calls;
mod page;
mod pauses;
mod samples;
mod scheduler;
mod table;
mod verdicts;

#[cfg(test)]
pub(super) mod sample;
#[cfg(test)]
mod tests;

use page::{HEADING, NOTE, PLAIN, Page};
use table::{Layout, Table};

use super::Style;
use crate::report::{Budget, Futex, Group, Lock, Report, Row, Samples, Sched, Total};
use crate::units;

/// What is shown of one process, or of all.
struct Section<'a> {
    heading: Vec<String>,
    budget: &'a Budget,
    thread_ns: u64,
    rows: &'a [Row],
    samples: Option<&'a Samples>,
    locks: Option<&'a [Lock]>,
    futexes: &'a [Futex],
    table: Table,
    sched: &'a Sched,
}

impl<'a> Section<'a> {
    fn of_group(group: &'a Group) -> Self {
        let Group {
            ref budget,
            thread_ns,
            ref syscalls,
            ref sched,
            ref samples,
            ref locks,
            ref futexes,
            ..
        } = *group;
        Self {
            heading: heading::of_group(group),
            budget,
            thread_ns,
            rows: syscalls,
            samples: samples.as_ref(),
            locks: locks.as_deref(),
            futexes,
            table: Table::new(syscalls, thread_ns),
            sched,
        }
    }

    fn of_total(total: &'a Total) -> Self {
        let Total {
            ref budget, thread_ns, ref syscalls, ref sched, ref samples, ref locks, ..
        } = *total;
        Self {
            heading: heading::of_total(total),
            budget,
            thread_ns,
            rows: syscalls,
            samples: samples.as_ref(),
            locks: locks.as_deref(),
            futexes: &[],
            table: Table::new(syscalls, thread_ns),
            sched,
        }
    }

    fn put(&self, layout: &Layout, page: &mut Page<'_>) {
        page.items(HEADING, &self.heading, "  ");
        budget::put(self.budget, self.thread_ns, page);
        if self.rows.is_empty() {
            page.prose(NOTE, "no selected system calls");
        } else {
            page.lines(layout.render(&self.table));
            page.items(PLAIN, &open_calls::items(self.rows), " · ");
        }
        page.items(PLAIN, &scheduler::items(self.sched), " · ");
        for row in self.rows {
            histogram::put(row, page);
        }
        page.items(PLAIN, &self.samples.map(samples::items).unwrap_or_default(), " · ");
        page.items(PLAIN, &futexes::items(self.futexes), " · ");
        page.items(PLAIN, &locks::items(self.locks), " · ");
        page.gap();
    }
}

/// The report as text, ending with a newline.
pub(super) fn render(report: &Report, style: &Style) -> String {
    let mut page = Page::new(style);
    if let Some(heading) = heading::of_report(report, style.series) {
        page.prose(HEADING, &heading);
    }
    if let Some(diagnosis) = &report.diagnosis {
        verdicts::put(diagnosis, &mut page);
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
    pauses::put(&report.pauses, &mut page);
    page.items(PLAIN, &locks::places(report.total.locks.as_deref()), " · ");
    if let Some(quota) = &report.throttling {
        page.prose(PLAIN, &locks::throttling(quota));
    }
    footer::put(report, &mut page);
    if style.series && report.interval.is_some() {
        page.gap();
    }
    page.finish()
}

/// One section for each group, and one of all where that is not the same.
fn sections(report: &Report) -> Vec<Section<'_>> {
    let groups = report.processes.iter().map(Section::of_group);
    let total = (report.processes.len() > 1).then(|| Section::of_total(&report.total));
    groups.chain(total).collect()
}
