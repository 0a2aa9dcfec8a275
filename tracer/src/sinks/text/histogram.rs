//! Distributions of times, as bars.

use super::{
    page::{PLAIN, Page},
    units::{Count, Time, counted},
};
use crate::report::{Bucket, Figures, Group, Row, Sched};

/// Columns of the longest bar, where there is room for it.
const LONGEST: usize = 40;

/// Puts the distributions of a group, if they are known.
pub(super) fn put(group: &Group, page: &mut Page<'_>) {
    let of_calls = group.syscalls.iter().flat_map(of_row);
    for (title, figures) in of_calls.chain(of_sched(&group.sched)) {
        if !figures.histogram.is_empty() {
            page.gap();
            page.prose(PLAIN, &title);
            page.lines(lines(&figures.histogram, page.width()));
        }
    }
}

/// The elapsed time of a call, and those of its parts that are neither next to nothing of it nor
/// next to all.
fn of_row(row: &Row) -> impl Iterator<Item = (String, &Figures)> {
    let whole = row.wall_ns.total;
    let parts = [
        ("on a CPU", &row.on_cpu_ns),
        ("waiting for a CPU", &row.runnable_ns),
        ("asleep", &row.blocked_ns),
    ];
    let calls = format!("{}, {}", row.name, counted(row.calls, "call", "calls"));
    let telling = move |part: &Figures| (whole / 100..=whole - whole / 100).contains(&part.total);
    let parts = parts
        .into_iter()
        .filter(move |(_, part)| telling(part))
        .map(|(name, part)| (format!("{}, {name}", row.name), part));
    std::iter::once((calls, &row.wall_ns)).chain(parts)
}

/// Waits for a CPU, stays on one, and sleeps by what the threads slept in.
fn of_sched(sched: &Sched) -> impl Iterator<Item = (String, &Figures)> {
    let sleeps = sched
        .off_cpu
        .iter()
        .map(|sleep| (format!("asleep in {}, {}", sleep.reason, times(sleep.count)), &sleep.ns));
    let own = [
        ("run queue".to_owned(), &sched.run_queue_ns),
        ("on-CPU stays".to_owned(), &sched.on_cpu_ns),
    ];
    own.into_iter().chain(sleeps)
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{} times", Count(count)) }
}

fn lines(buckets: &[Bucket], room: Option<usize>) -> Vec<String> {
    let times = |edge: fn(&Bucket) -> u64| column(buckets, |bucket| Time(edge(bucket)).to_string());
    let (from, to) = (times(|bucket| bucket.from_ns), times(|bucket| bucket.to_ns));
    let counts = column(buckets, |bucket| Count(bucket.count).to_string());
    let labels = from.iter().zip(&to).zip(&counts);
    let labels: Vec<String> =
        labels.map(|((from, to), count)| format!("  {from} … {to} │ {count} │")).collect();
    let label = labels.first().map_or(0, |label| label.chars().count());
    let longest = room.map_or(LONGEST, |room| room.saturating_sub(label).min(LONGEST));
    let most = buckets.iter().map(|bucket| bucket.count).max().unwrap_or(0);
    let bars = buckets.iter().map(|bucket| bar(bucket.count, most, longest));
    labels.into_iter().zip(bars).map(|(label, bar)| label + &bar).collect()
}

/// One text for each bucket, all right-aligned to one width.
fn column(buckets: &[Bucket], text: impl Fn(&Bucket) -> String) -> Vec<String> {
    let texts: Vec<String> = buckets.iter().map(text).collect();
    let width = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    texts.into_iter().map(|text| format!("{text:>width$}")).collect()
}

/// A bar of `longest` columns for `most`, in steps of an eighth; of any call at least one is seen.
pub(super) fn bar(count: u64, most: u64, longest: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if count == 0 || longest == 0 {
        return String::new();
    }
    let full = u128::try_from(longest * 8).unwrap_or(u128::MAX);
    let length = full * u128::from(count) / u128::from(most.max(1));
    let length = usize::try_from(length).unwrap_or(usize::MAX).clamp(1, longest * 8);
    "█".repeat(length / 8) + EIGHTHS[length % 8]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Sleep;

    fn sum(total: u64) -> Figures {
        Figures { total, ..Figures::default() }
    }

    #[test]
    fn of_the_parts_of_a_call_those_are_shown_that_tell_something() {
        let titles = |on_cpu, runnable, blocked| -> Vec<String> {
            let row = Row {
                name: "futex".to_owned(),
                calls: 3,
                wall_ns: sum(1_000),
                on_cpu_ns: sum(on_cpu),
                runnable_ns: sum(runnable),
                blocked_ns: sum(blocked),
                ..Row::default()
            };
            of_row(&row).map(|(title, _)| title).collect()
        };
        assert_eq!(titles(1_000, 0, 0), ["futex, 3 calls"]);
        assert_eq!(titles(5, 0, 995), ["futex, 3 calls"]);
        let all =
            ["futex, 3 calls", "futex, on a CPU", "futex, waiting for a CPU", "futex, asleep"];
        assert_eq!(titles(10, 500, 490), all);
    }

    #[test]
    fn the_scheduler_has_waits_stays_and_sleeps_by_reason() {
        let sleep = |reason: &str, count| Sleep {
            reason: reason.to_owned(),
            count,
            ns: sum(1),
            uninterruptible_ns: 0,
        };
        let off_cpu = vec![sleep("futex", 1_200), sleep("page fault", 1)];
        let sched = Sched { off_cpu, ..Sched::default() };
        let titles: Vec<_> = of_sched(&sched).map(|(title, _)| title).collect();
        let expected = [
            "run queue",
            "on-CPU stays",
            "asleep in futex, 1,200 times",
            "asleep in page fault, once",
        ];
        assert_eq!(titles, expected);
    }

    #[test]
    fn bars_are_proportional_in_eighths() {
        assert_eq!(bar(1_000, 1_000, 4), "████");
        assert_eq!(bar(500, 1_000, 4), "██");
        assert_eq!(bar(300, 1_000, 4), "█▏");
        assert_eq!(bar(u64::MAX, u64::MAX, 4), "████");
    }

    #[test]
    fn one_call_among_a_million_is_seen_and_none_is_not() {
        assert_eq!(bar(1, 1_000_000, 40), "▏");
        assert_eq!(bar(0, 1_000_000, 40), "");
        assert_eq!(bar(0, 0, 40), "");
    }

    #[test]
    fn bars_take_the_room_that_is_left_and_no_more() {
        let buckets = [Bucket { from_ns: 8_192, to_ns: 16_384, count: 1_042 }];
        assert_eq!(lines(&buckets, Some(35)), ["  8.19 µs … 16.4 µs │ 1,042 │██████"]);
        assert_eq!(lines(&buckets, Some(10)), ["  8.19 µs … 16.4 µs │ 1,042 │"]);
    }
}
