//! Futex words, as they are shown.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::model::{Futexes, Word};

/// So many words are shown by themselves.
const SHOWN: usize = 8;

/// The futex calls of a process about one word, which is what a lock or a condition variable sleeps
/// on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Futex {
    /// The word's address, in hexadecimal; absent for all other words together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Completed calls.
    pub calls: u64,
    /// Of these, those that were to wait.
    pub waits: u64,
    /// Waits that found the word changed, and so did not begin: `EAGAIN`.
    pub again: u64,
    /// Waits that ended with their time-out.
    pub timed_out: u64,
    /// Time asleep in the waits.
    pub slept_ns: u64,
    /// Time asleep in those that timed out.
    pub timed_out_slept_ns: u64,
    /// Calls that were to wake.
    pub wakes: u64,
    /// Threads that these woke.
    pub woken: u64,
    /// Threads that waited; at most 64 are told apart.
    pub waiters: usize,
    /// Threads that woke others; likewise.
    pub wakers: usize,
}

/// The words of an account, the busiest first, and what is left together.
pub(super) fn futexes(futexes: &Futexes) -> Vec<Futex> {
    let mut words: Vec<_> = futexes.words.iter().collect();
    words.sort_by_key(|(_, word)| Reverse(word.calls));
    let (named, others) = words.split_at(words.len().min(SHOWN));
    let rest = others.iter().fold(futexes.rest.clone(), |mut rest, (_, word)| {
        rest += word;
        rest
    });
    let named = named.iter().map(|(address, word)| shown(Some(**address), word));
    named.chain((rest.calls > 0).then(|| shown(None, &rest))).collect()
}

fn shown(address: Option<u64>, word: &Word) -> Futex {
    Futex {
        address: address.map(|address| format!("{address:#x}")),
        calls: word.calls,
        waits: word.waits,
        again: word.again,
        timed_out: word.timed_out,
        slept_ns: word.slept_ns,
        timed_out_slept_ns: word.timed_out_slept_ns,
        wakes: word.wakes,
        woken: word.woken,
        waiters: word.waiters(),
        wakers: word.wakers(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(calls: u64) -> Word {
        let mut word = Word::default();
        (word.calls, word.waits, word.slept_ns) = (calls, calls, 10 * calls);
        word
    }

    #[test]
    fn the_busiest_words_come_first_and_what_is_left_is_one() {
        let words = (1..=10).map(|n| (0x1000 + n, word(n))).collect();
        let shown = futexes(&Futexes { words, rest: word(100) });
        let calls: Vec<_> = shown.iter().map(|f| (f.address.as_deref(), f.calls)).collect();
        assert_eq!(calls[0], (Some("0x100a"), 10));
        assert_eq!(calls.len(), SHOWN + 1);
        assert_eq!(calls[SHOWN], (None, 100 + 1 + 2));
        assert_eq!(shown.iter().map(|f| f.slept_ns).sum::<u64>(), 10 * (100 + 55));
    }

    #[test]
    fn without_a_futex_call_there_is_no_word() {
        assert_eq!(futexes(&Futexes::default()), []);
    }
}
