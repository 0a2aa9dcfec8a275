//! What holds for all figures above: the CPUs there were for them, and how far to believe them.

use super::{
    concurrency,
    page::{ALARM, NOTE, PLAIN, Page},
    units::{Count, Percent, Time, counted},
};
use crate::report::{Cpus, Report, Trust};

/// Puts the use of the CPUs, then losses, what every report says, and what this one has to say
/// besides.
pub(super) fn put(report: &Report, page: &mut Page<'_>) {
    let trust = &report.trust;
    page.items(PLAIN, &concurrency::items(&report.concurrency, report.cpus), " · ");
    if trust.lost > 0 {
        page.prose(ALARM, &loss(report));
    }
    page.items(NOTE, &conditions(report), " · ");
    page.items(NOTE, &missing(trust), " · ");
    if trust.folded + trust.folded_stays > 0 {
        page.prose(NOTE, &folded(trust));
    }
    for note in &trust.notes {
        page.prose(NOTE, &format!("note: {note}"));
    }
}

fn loss(report: &Report) -> String {
    let lost = report.trust.lost;
    let counts = report.total.syscalls.iter().map(|row| row.calls);
    let whole = counts.fold(lost, u64::saturating_add);
    let (share, whole) = (Percent { part: lost, whole }, Count(whole));
    format!(
        "LOST: {} of {whole} calls ({share} %) are in no figure above. \
         Trace again with a larger --ring-size.",
        Count(lost),
    )
}

/// What was summed in the kernel, and what that leaves unknown.
fn folded(trust: &Trust) -> String {
    let calls = counted(trust.folded, "call", "calls");
    let stays = counted(trust.folded_stays, "stay", "stays");
    let mut text = format!(
        "folded in the kernel: {calls} and {stays} on a CPU. Counts, sums and maxima are exact, \
         percentiles right to 6.25 %"
    );
    if trust.folded_stays > 0 {
        text += "; who woke whom, and how many ran at once, is unknown";
    }
    text
}

/// Under what conditions the figures came about.
fn conditions(report: &Report) -> Vec<String> {
    let window = Some(format!("window {}", Time(report.window_ns)));
    let tracer = Some(own_cpu(&report.trust, report.window_ns));
    [window, cpus(report.cpus), tracer].into_iter().flatten().collect()
}

/// Calls without a figure, by reason: also those that there are none of, for that is the good news.
fn missing(trust: &Trust) -> Vec<String> {
    let counts = [
        (trust.lost, "lost"),
        (trust.in_flight, "in flight"),
        (trust.ended_by_exit, "ended by exit"),
        (trust.unpaired, "unpaired"),
    ];
    counts.map(|(count, reason)| format!("{} {reason}", Count(count))).to_vec()
}

fn cpus(cpus: Cpus) -> Option<String> {
    let counted = |cpus: u32| counted(cpus.into(), "CPU", "CPUs");
    let count = match (cpus.allowed, cpus.online) {
        (Some(allowed), Some(online)) if allowed < online => {
            format!("{allowed} of {}", counted(online))
        }
        (_, Some(online)) => counted(online),
        (Some(allowed), None) => format!("{} allowed", counted(allowed)),
        (None, None) => return None,
    };
    Some(match cpus.quota {
        Some(quota) => format!("{count}, quota of {quota:.2}"),
        None => count,
    })
}

/// What tracing itself took: its own process, and the programs it has in the kernel.
fn own_cpu(trust: &Trust, window_ns: u64) -> String {
    let mut text = format!("tracer's own CPU {}", Time(trust.reader_cpu_ns));
    if window_ns > 0 {
        let of_one = Percent { part: trust.reader_cpu_ns, whole: window_ns };
        text += &format!(" ({of_one} % of one CPU)");
    }
    if let Some(ns) = trust.program_ns {
        text += &format!(", its programs in the kernel {}", Time(ns));
    }
    text
}
