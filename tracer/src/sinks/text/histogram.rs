//! The distribution of a system call's elapsed time, as bars.

use super::{
    page::{PLAIN, Page},
    units::{Count, Time, counted},
};
use crate::report::{Bucket, Row};

/// Columns of the longest bar, where there is room for it.
const LONGEST: usize = 40;

/// Puts the row's histogram, if it has one.
pub(super) fn put(row: &Row, page: &mut Page<'_>) {
    if row.histogram.is_empty() {
        return;
    }
    page.gap();
    page.prose(PLAIN, &format!("{}, {}", row.name, counted(row.calls, "call", "calls")));
    page.lines(lines(&row.histogram, page.width()));
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
