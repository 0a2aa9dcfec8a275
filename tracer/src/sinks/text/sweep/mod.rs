//! What came of a sweep: a table of figures, the same as bars, and the law that throughput follows.

mod law;
mod plot;
mod table;

use super::{
    page::{ALARM, HEADING, NOTE, Page},
    units::counted,
};
use crate::{
    sinks::Style,
    sweep::{
        grid::Setting,
        results::{Failed, Summary, Sweep},
        work::Unit,
    },
};

/// So many calls are shown.
const CALLS: usize = 2;

/// What came of a sweep as text, ending with a newline.
pub(in crate::sinks) fn render(sweep: &Sweep, style: &Style) -> String {
    let mut page = Page::new(style);
    put(sweep, &mut page);
    page.finish()
}

/// Puts all of it.
fn put(sweep: &Sweep, page: &mut Page<'_>) {
    let swept: Vec<String> = sweep.settings.iter().map(swept).collect();
    page.prose(HEADING, &format!("{}, of {}", swept.join(" and "), sweep.command.join(" ")));
    page.prose(NOTE, &unit(&sweep.per));
    if sweep.points.is_empty() {
        page.prose(NOTE, "No run succeeded: there is nothing to show.");
    } else {
        let calls = calls(&sweep.points);
        page.gap();
        page.lines(table::lines(sweep, &calls, page.width()));
        page.gap();
        page.lines(plot::lines(sweep, calls.first().map(String::as_str), page.width()));
        page.gap();
        law::put(sweep, page);
    }
    for failed in &sweep.failed {
        page.prose(ALARM, &left_out(failed));
    }
    for run in sweep.points.iter().flat_map(|point| &point.runs).filter(|run| run.lost > 0) {
        let lost = counted(run.lost, "call was", "calls were");
        page.prose(ALARM, &format!("LOST: {lost} lost in {}: try a larger --ring-size", run.file));
    }
    if sweep.not_begun > 0 {
        let runs = counted(sweep.not_begun as u64, "run was", "runs were");
        page.prose(ALARM, &format!("interrupted: {runs} not made"));
    }
}

fn swept(setting: &Setting) -> String {
    format!("{}={}", setting.name, setting.values.join(","))
}

fn unit(per: &Unit) -> String {
    let what = match per {
        Unit::Call(name) => format!("one completed call of `{name}`"),
        Unit::Iterations => "one iteration, as the program reports them".to_owned(),
        Unit::AnyCall => {
            "one completed call of any traced kind, as the program reports no iterations; --per names \
             another"
                .to_owned()
        }
    };
    format!("A unit of work is {what}.")
}

fn left_out(failed: &Failed) -> String {
    let run = match failed.repeat {
        Some(repeat) => format!("run {repeat}"),
        None => "warm-up".to_owned(),
    };
    format!("failed and left out: {}, {run}: {}", failed.set, failed.why)
}

/// The calls that took most time over all points.
fn calls(points: &[Summary]) -> Vec<String> {
    let mut totals: Vec<(&str, u64)> = Vec::new();
    for row in points.iter().flat_map(|point| &point.syscalls).filter(|row| row.calls > 0) {
        match totals.iter_mut().find(|(name, _)| *name == row.name) {
            Some((_, total)) => *total = total.saturating_add(row.total_ns),
            None => totals.push((&row.name, row.total_ns)),
        }
    }
    totals.sort_by_key(|(_, total)| std::cmp::Reverse(*total));
    totals.into_iter().take(CALLS).map(|(name, _)| name.to_owned()).collect()
}

/// A percentile of a call at a point.
fn latency(point: &Summary, call: &str, p99: bool) -> Option<u64> {
    let row = point.syscalls.iter().find(|row| row.name == call)?;
    if p99 { row.wall_ns.p99 } else { row.wall_ns.p50 }
}

#[cfg(test)]
mod tests;
