//! Calls that have no figure, because their beginning or their end was not seen.

use super::units::{Count, Time};
use crate::report::Row;

/// One item for each way to have none, naming the system calls; no item for what never happened.
pub(super) fn items(rows: &[Row]) -> Vec<String> {
    let kinds = [
        named("in flight", rows, |row| row.in_flight, since_when),
        named("ended by exit", rows, |row| row.ended_by_exit, |_| None),
        named("unpaired", rows, |row| row.unpaired, |_| None),
    ];
    kinds.into_iter().flatten().collect()
}

fn named(
    kind: &str,
    rows: &[Row],
    count: fn(&Row) -> u64,
    more: fn(&Row) -> Option<String>,
) -> Option<String> {
    let calls: Vec<String> = rows
        .iter()
        .filter(|row| count(row) > 0)
        .map(|row| {
            let more = more(row).map(|more| format!(" ({more})"));
            format!("{} ×{}{}", row.name, Count(count(row)), more.unwrap_or_default())
        })
        .collect();
    (!calls.is_empty()).then(|| format!("{kind}: {}", calls.join(", ")))
}

/// How long open calls had lasted, as far as that is known.
fn since_when(row: &Row) -> Option<String> {
    let longest = row.in_flight_longest_ns.map(|ns| format!("longest {}", Time(ns)));
    let before = match row.in_flight_before {
        0 => None,
        n if n == row.in_flight => Some("since before the window".to_owned()),
        n => Some(format!("{} since before the window", Count(n))),
    };
    let known: Vec<String> = longest.into_iter().chain(before).collect();
    (!known.is_empty()).then(|| known.join(", "))
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

    #[test]
    fn of_calls_that_were_open_before_it_is_said_so() {
        let open = |in_flight, in_flight_before, in_flight_longest_ns| Row {
            in_flight,
            in_flight_before,
            in_flight_longest_ns,
            ..row("futex")
        };
        assert_eq!(items(&[open(2, 2, None)]), ["in flight: futex ×2 (since before the window)"]);
        assert_eq!(
            items(&[open(3, 1, Some(4_800_000_000))]),
            ["in flight: futex ×3 (longest 4.80 s, 1 since before the window)"]
        );
    }
}
