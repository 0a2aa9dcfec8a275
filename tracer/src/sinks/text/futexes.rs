//! The futex words that a process made most calls about.

use super::units::{Count, Percent, Time};
use crate::report::Futex;

/// So many words are named.
const NAMED: usize = 3;
/// Words with fewer calls are not worth a line.
const ENOUGH: u64 = 100;

/// An item for each busy word.
pub(super) fn items(futexes: &[Futex]) -> Vec<String> {
    let busy = futexes.iter().filter(|futex| futex.address.is_some() && futex.calls >= ENOUGH);
    let mut items: Vec<String> = busy.take(NAMED).map(item).collect();
    if let Some(first) = items.first_mut() {
        first.insert_str(0, "futex words: ");
    }
    items
}

fn item(futex: &Futex) -> String {
    let Futex { calls, waits, again, timed_out, slept_ns, wakes, woken, .. } = *futex;
    let address = futex.address.as_deref().unwrap_or("others");
    let mut parts = vec![format!("{address} ×{}", Count(calls))];
    if waits > 0 {
        let share = |part| Percent { part, whole: waits };
        let mut text = format!("waits {} of {} threads", Count(waits), futex.waiters);
        if again > 0 {
            text += &format!(" ({:.0} % EAGAIN)", share(again));
        }
        if timed_out > 0 {
            text += &format!(" ({:.0} % timed out)", share(timed_out));
        }
        parts.push(text);
        parts.push(format!("asleep {}", Time(slept_ns)));
    }
    if wakes > 0 {
        parts.push(format!(
            "wakes {} of {} threads, woken {}",
            Count(wakes),
            futex.wakers,
            Count(woken)
        ));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::sinks::text::sample::futex;

    #[test]
    fn a_word_that_is_fought_over_says_how() {
        let words = [futex(Some("0x7f52c8000b60"), 798_191), futex(None, 1_000)];
        assert_snapshot!(items(&words).join(" · "), @"futex words: 0x7f52c8000b60 ×798,191, waits 266,063 of 8 threads (90 % EAGAIN), asleep 266 ms, wakes 532,128 of 8 threads, woken 26,606");
    }

    #[test]
    fn a_word_of_timed_waits_says_so_and_words_with_few_calls_say_nothing() {
        let timed = Futex { again: 0, timed_out: 200, wakes: 0, ..futex(Some("0x10"), 600) };
        assert_snapshot!(items(&[timed]).join(" · "), @"futex words: 0x10 ×600, waits 200 of 8 threads (100 % timed out), asleep 200 µs");
        assert_eq!(items(&[futex(Some("0x10"), ENOUGH - 1)]), Vec::<String>::new());
    }
}
