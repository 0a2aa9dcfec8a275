//! Whose figures they are, and of when.

use nix::sys::signal::Signal;

use super::units::{Count, Time, counted, seconds};
use crate::report::{End, Group, Report};

/// The heading of one report of a series, or none.
pub(super) fn of_report(report: &Report, series: bool) -> Option<String> {
    let Some(interval) = report.interval else {
        return series.then(|| "── whole window ──".to_owned());
    };
    let start = interval.start_ns;
    let end = start.saturating_add(report.window_ns);
    // Decimals of the seconds depend on the length, not the position: 120.10 s is not 120.20 s.
    let decimals = if report.window_ns < 1_000_000_000 { 3 } else { 2 };
    let (start, end) = (seconds(start), seconds(end));
    let index = interval.index;
    Some(format!("── interval {index} · {start:.decimals$} s to {end:.decimals$} s ──"))
}

/// The items of a group's heading: who, how many threads, its birth and its end.
pub(super) fn of_group(group: &Group) -> Vec<String> {
    let processes = || counted(group.processes, "process", "processes");
    let items = [
        group.comm.as_deref().map(printable),
        Some(group.pid.map_or_else(processes, |pid| format!("pid {pid}"))),
        group.tid.map(|tid| format!("tid {tid}")),
        Some(match group.tid {
            Some(_) => Time(group.thread_ns).to_string(),
            None => threads(group.threads, group.thread_ns),
        }),
        group.born_ns.map(|ns| format!("born at {}", Time(ns))),
        end(group),
    ];
    items.into_iter().flatten().collect()
}

/// The items of the heading over all processes.
pub(super) fn of_total(total: &Group) -> Vec<String> {
    let threads = threads(total.threads, total.thread_ns);
    match total.processes {
        // Several groups of one process are its threads.
        1 => vec![format!("all {threads}")],
        several => vec![format!("all {} processes", Count(several)), threads],
    }
}

fn threads(threads: u64, thread_ns: u64) -> String {
    let together = if threads == 1 { "" } else { " together" };
    format!("{}, {}{together}", counted(threads, "thread", "threads"), Time(thread_ns))
}

fn end(group: &Group) -> Option<String> {
    let how = match group.end {
        Some(End::Exited(status)) => format!("exited {status}"),
        Some(End::Signalled(number)) => format!("killed by {}", signal(number)),
        Some(End::Exec) => "until exec".to_owned(),
        None if group.exited_ns.is_some() => "ended".to_owned(),
        None => return None,
    };
    Some(group.exited_ns.map_or_else(|| how.clone(), |ns| format!("{how} at {}", Time(ns))))
}

/// The name of a signal; real-time signals have numbers alone.
fn signal(number: i32) -> String {
    Signal::try_from(number)
        .map_or_else(|_| format!("signal {number}"), |signal| signal.as_str().to_owned())
}

/// A name as it may be shown: a process names itself, also with what a terminal would obey.
pub(super) fn printable(name: &str) -> String {
    let escaped = name.chars().map(|character| match character {
        '"' | '\'' | '\\' => character.to_string(),
        _ => character.escape_debug().to_string(),
    });
    escaped.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Interval;
    use crate::sinks::text::sample;

    fn heading(group: &Group) -> String {
        of_group(group).join("  ")
    }

    fn group() -> Group {
        Group {
            pid: Some(4242),
            comm: Some("python3".to_owned()),
            processes: 1,
            threads: 1,
            thread_ns: 5_000_000_000,
            ..Group::default()
        }
    }

    #[test]
    fn a_process_of_one_thread_has_the_time_of_that_thread() {
        assert_eq!(heading(&group()), "python3  pid 4242  1 thread, 5.00 s");
    }

    #[test]
    fn several_threads_have_their_time_together() {
        let group = Group { threads: 8, thread_ns: 40_000_000_000, ..group() };
        assert_eq!(heading(&group), "python3  pid 4242  8 threads, 40.0 s together");
    }

    #[test]
    fn a_thread_by_itself_is_named() {
        let group = Group { tid: Some(4250), ..group() };
        assert_eq!(heading(&group), "python3  pid 4242  tid 4250  5.00 s");
    }

    #[test]
    fn the_total_is_of_processes_or_of_the_threads_of_one() {
        let total = Group { processes: 4, threads: 8, thread_ns: 1_000, ..Group::default() };
        assert_eq!(of_total(&total), ["all 4 processes", "8 threads, 1.00 µs together"]);
        let total = Group { processes: 1, ..total };
        assert_eq!(of_total(&total), ["all 8 threads, 1.00 µs together"]);
    }

    #[test]
    fn folded_processes_are_counted_with_or_without_a_name() {
        let folded = Group { pid: None, processes: 12, ..group() };
        assert_eq!(heading(&folded), "python3  12 processes  1 thread, 5.00 s");
        let unnamed = Group { comm: None, ..folded };
        assert_eq!(heading(&unnamed), "12 processes  1 thread, 5.00 s");
    }

    #[test]
    fn birth_and_end_are_told_where_they_were_seen() {
        let end = |end, exited_ns| {
            let group = Group { end, exited_ns, ..group() };
            of_group(&group).split_off(3).join("  ")
        };
        assert_eq!(end(Some(End::Exited(3)), Some(3_400_000_000)), "exited 3 at 3.40 s");
        assert_eq!(end(Some(End::Signalled(9)), Some(1)), "killed by SIGKILL at 1 ns");
        assert_eq!(end(Some(End::Signalled(34)), None), "killed by signal 34");
        assert_eq!(end(Some(End::Exec), Some(2_000_000)), "until exec at 2.00 ms");
        assert_eq!(end(None, Some(2_000_000)), "ended at 2.00 ms");
        assert_eq!(end(None, None), "");
        let born = Group { born_ns: Some(1_200_000_000), ..group() };
        assert_eq!(of_group(&born)[3], "born at 1.20 s");
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        let group = Group { comm: Some("a\u{1b}[2J\n\u{202e}'é".to_owned()), ..group() };
        assert_eq!(of_group(&group)[0], "a\\u{1b}[2J\\n\\u{202e}'é");
    }

    #[test]
    fn an_interval_says_where_it_lies_however_short_and_late_it_is() {
        let mut report = sample::one_worker();
        assert_eq!(of_report(&report, false), None);
        assert_eq!(of_report(&report, true).unwrap(), "── whole window ──");
        report.interval = Some(Interval { index: 1202, start_ns: 120_100_000_000 });
        report.window_ns = 100_000_000;
        let expected = "── interval 1202 · 120.100 s to 120.200 s ──";
        assert_eq!(of_report(&report, false).unwrap(), expected);
    }
}
