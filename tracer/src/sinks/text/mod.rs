//! The report for people: for each process where its time went, a table of its calls in the manner
//! of `strace -c -w` and what the scheduler did; beneath them how far they can be believed.

mod budget;
pub(super) mod comparison;
mod concurrency;
mod footer;
mod futexes;
mod heading;
mod histogram;
pub(super) mod judgements;
mod locks;
mod open_calls;
mod page;
mod pauses;
mod samples;
mod scheduler;
pub(super) mod sweep;
mod table;
mod verdicts;

#[cfg(test)]
pub(super) mod sample;
#[cfg(test)]
mod tests;

use page::{HEADING, NOTE, PLAIN, Page};
use table::{Layout, Table};

use super::Style;
use crate::report::{Group, Report};
use crate::units;

/// What is shown of one process, or of all.
struct Section<'a> {
    heading: Vec<String>,
    group: &'a Group,
    table: Table,
}

impl<'a> Section<'a> {
    fn of(group: &'a Group, heading: Vec<String>) -> Self {
        Self { heading, group, table: Table::new(&group.syscalls, group.thread_ns) }
    }

    fn put(&self, layout: &Layout, page: &mut Page<'_>) {
        let Group { budget, thread_ns, syscalls, sched, samples, locks, .. } = self.group;
        page.items(HEADING, &self.heading, "  ");
        budget::put(budget, *thread_ns, page);
        if syscalls.is_empty() {
            page.prose(NOTE, "no selected system calls");
        } else {
            page.lines(layout.render(&self.table));
            page.items(PLAIN, &open_calls::items(syscalls), " · ");
        }
        page.items(PLAIN, &scheduler::items(sched), " · ");
        histogram::put(self.group, page);
        page.items(PLAIN, &samples.as_ref().map(samples::items).unwrap_or_default(), " · ");
        page.items(PLAIN, &futexes::items(&self.group.futexes), " · ");
        page.items(PLAIN, &locks::items(locks.as_deref()), " · ");
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
    let groups = report.processes.iter().map(|group| Section::of(group, heading::of_group(group)));
    let total = (report.processes.len() > 1)
        .then(|| Section::of(&report.total, heading::of_total(&report.total)));
    groups.chain(total).collect()
}
