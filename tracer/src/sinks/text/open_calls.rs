//! Calls that have no figure, because their beginning or their end was not seen.

use super::units::{Count, Time};
use crate::report::Row;

/// One item for each way to have none, naming the system calls; no item for what never happened.
pub(super) fn items(rows: &[Row]) -> Vec<String> {
    let kinds = [
        named("in flight", rows, |row| row.in_flight, |row| row.in_flight_longest_ns),
        named("ended by exit", rows, |row| row.ended_by_exit, |_| None),
        named("unpaired", rows, |row| row.unpaired, |_| None),
    ];
    kinds.into_iter().flatten().collect()
}

fn named(
    kind: &str,
    rows: &[Row],
    count: fn(&Row) -> u64,
    longest: fn(&Row) -> Option<u64>,
) -> Option<String> {
    let calls: Vec<String> = rows
        .iter()
        .filter(|row| count(row) > 0)
        .map(|row| {
            let longest = longest(row).map(|ns| format!(" (longest {})", Time(ns)));
            format!("{} ×{}{}", row.name, Count(count(row)), longest.unwrap_or_default())
        })
        .collect();
    (!calls.is_empty()).then(|| format!("{kind}: {}", calls.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str) -> Row {
        Row { name: name.to_owned(), ..Row::default() }
    }

    #[test]
    fn each_kind_names_its_system_calls_and_no_others() {
        let rows = [
            Row { in_flight: 2, in_flight_longest_ns: Some(4_800_000_000), ..row("futex") },
            Row { in_flight: 1_000, unpaired: 1, ..row("read") },
            Row { calls: 5, ..row("mmap") },
        ];
        let expected = ["in flight: futex ×2 (longest 4.80 s), read ×1,000", "unpaired: read ×1"];
        assert_eq!(items(&rows), expected);
        assert!(items(&rows[2..]).is_empty());
    }
}
