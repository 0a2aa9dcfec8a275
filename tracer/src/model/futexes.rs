//! Futex calls by the word that they are about: which lock it is that is fought over.

use std::{collections::BTreeMap, ops::AddAssign};

use syscalls::Sysno;
use tracer_common::record::Call;

/// So many words of one account are told apart.
const WORDS: usize = 64;
/// So many waiting, and so many waking, threads of one word are told apart.
const THREADS: usize = 64;

/// `EAGAIN`: the word had changed before the wait began.
const EAGAIN: i64 = -(libc::EAGAIN as i64);
const ETIMEDOUT: i64 = -(libc::ETIMEDOUT as i64);

/// What a futex call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Wait,
    Wake,
    /// Moves waiters to another word, without an answer that tells how many it woke.
    Other,
}

impl Act {
    /// That of a call; `None` if it is no futex call, or is about several words.
    fn of(call: &Call) -> Option<Self> {
        const FUTEX: i32 = Sysno::futex.id();
        const FUTEX_WAKE: i32 = Sysno::futex_wake.id();
        const FUTEX_WAIT: i32 = Sysno::futex_wait.id();
        if call.flags & Call::COMPAT != 0 {
            return None;
        }
        match i32::from(call.nr) {
            FUTEX => Some(match i32::from(call.kind) {
                libc::FUTEX_WAIT
                | libc::FUTEX_WAIT_BITSET
                | libc::FUTEX_WAIT_REQUEUE_PI
                | libc::FUTEX_LOCK_PI
                | libc::FUTEX_LOCK_PI2 => Self::Wait,
                libc::FUTEX_WAKE | libc::FUTEX_WAKE_BITSET | libc::FUTEX_WAKE_OP => Self::Wake,
                _ => Self::Other,
            }),
            FUTEX_WAIT => Some(Self::Wait),
            FUTEX_WAKE => Some(Self::Wake),
            _ => None,
        }
    }
}

/// Threads, as far as they can be told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Threads(Vec<u32>);

impl Threads {
    fn add(&mut self, tid: u32) {
        if self.0.len() < THREADS && !self.0.contains(&tid) {
            self.0.push(tid);
        }
    }
}

/// The calls about one word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// All of them.
    pub calls: u64,
    /// Those that were to wait.
    pub waits: u64,
    /// Waits that found the word changed, and so did not begin.
    pub again: u64,
    /// Waits that ended with their time-out.
    pub timed_out: u64,
    /// Time asleep in waits.
    pub slept_ns: u64,
    /// Time asleep in those that timed out.
    pub timed_out_slept_ns: u64,
    /// Calls that were to wake.
    pub wakes: u64,
    /// Threads that these woke.
    pub woken: u64,
    waiters: Threads,
    wakers: Threads,
}

impl Word {
    /// How many threads waited: at most 64 are told apart.
    #[must_use]
    pub fn waiters(&self) -> usize {
        self.waiters.0.len()
    }

    /// How many threads woke others: likewise.
    #[must_use]
    pub fn wakers(&self) -> usize {
        self.wakers.0.len()
    }

    fn add(&mut self, act: Act, call: &Call) {
        self.calls += 1;
        match act {
            Act::Wait => {
                self.waits += 1;
                self.slept_ns += call.blocked_ns;
                self.again += u64::from(call.ret == EAGAIN);
                if call.ret == ETIMEDOUT {
                    self.timed_out += 1;
                    self.timed_out_slept_ns += call.blocked_ns;
                }
                self.waiters.add(call.tid);
            }
            Act::Wake => {
                self.wakes += 1;
                self.woken += u64::try_from(call.ret).unwrap_or(0);
                self.wakers.add(call.tid);
            }
            Act::Other => {}
        }
    }
}

impl AddAssign<&Self> for Word {
    fn add_assign(&mut self, other: &Self) {
        let Self {
            calls,
            waits,
            again,
            timed_out,
            slept_ns,
            timed_out_slept_ns,
            wakes,
            woken,
            waiters,
            wakers,
        } = other;
        self.calls += calls;
        self.waits += waits;
        self.again += again;
        self.timed_out += timed_out;
        self.slept_ns += slept_ns;
        self.timed_out_slept_ns += timed_out_slept_ns;
        self.wakes += wakes;
        self.woken += woken;
        waiters.0.iter().for_each(|&tid| self.waiters.add(tid));
        wakers.0.iter().for_each(|&tid| self.wakers.add(tid));
    }
}

/// The words of one account: the busiest by themselves, the others together.
///
/// A word that is new when all places are taken takes that of the least busy one. So what is told
/// of a word is exact since it came, and a word with more than a share of 1 in 64 of the
/// calls keeps its place.
#[derive(Clone, Debug, Default)]
pub struct Futexes {
    /// By address.
    pub words: BTreeMap<u64, Word>,
    /// Of those that have no place.
    pub rest: Word,
}

impl Futexes {
    /// Adds a call that has ended, if it is about a word.
    pub(super) fn add(&mut self, call: &Call) {
        if let Some(act) = Act::of(call) {
            self.word(call.amount).add(act, call);
        }
    }

    fn word(&mut self, address: u64) -> &mut Word {
        if self.words.len() >= WORDS && !self.words.contains_key(&address) {
            let least = self.words.iter().min_by_key(|(_, word)| word.calls);
            if let Some(word) = least.map(|(&least, _)| least).and_then(|it| self.words.remove(&it))
            {
                self.rest += &word;
            }
        }
        self.words.entry(address).or_default()
    }

    /// Adds what came after, or what others did.
    pub fn absorb(&mut self, other: &Self) {
        for (address, word) in &other.words {
            *self.word(*address) += word;
        }
        self.rest += &other.rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(op: i32, address: u64, ret: i64, tid: u32) -> Call {
        let nr = u16::try_from(Sysno::futex.id()).unwrap();
        let kind = u8::try_from(op).unwrap();
        Call { nr, kind, amount: address, ret, tid, blocked_ns: 10, ..Call::default() }
    }

    fn wait(address: u64, ret: i64, tid: u32) -> Call {
        call(libc::FUTEX_WAIT_BITSET, address, ret, tid)
    }

    #[test]
    fn the_calls_about_a_word_are_told_apart_by_what_came_of_them() {
        let mut futexes = Futexes::default();
        futexes.add(&wait(1, 0, 7));
        futexes.add(&wait(1, EAGAIN, 7));
        futexes.add(&wait(1, ETIMEDOUT, 8));
        futexes.add(&call(libc::FUTEX_WAKE, 1, 2, 9));
        futexes.add(&call(libc::FUTEX_CMP_REQUEUE, 1, 1, 9));
        let word = &futexes.words[&1];
        assert_eq!((word.calls, word.waits, word.again, word.timed_out), (5, 3, 1, 1));
        assert_eq!((word.slept_ns, word.timed_out_slept_ns), (30, 10));
        assert_eq!((word.wakes, word.woken, word.waiters(), word.wakers()), (1, 2, 2, 1));
    }

    #[test]
    fn the_calls_without_an_operation_are_told_apart_by_their_number() {
        let mut futexes = Futexes::default();
        for (sysno, ret) in [(Sysno::futex_wait, 0), (Sysno::futex_wake, 3), (Sysno::brk, 0)] {
            let nr = u16::try_from(sysno.id()).unwrap();
            futexes.add(&Call { nr, ..call(0, 1, ret, 7) });
        }
        // A 32-bit program's numbers mean other calls.
        futexes.add(&Call { flags: Call::COMPAT, ..wait(1, 0, 7) });
        let word = &futexes.words[&1];
        assert_eq!((word.calls, word.waits, word.wakes, word.woken), (2, 1, 1, 3));
    }

    #[test]
    fn a_busy_word_keeps_its_place_among_any_number_of_others() {
        let mut futexes = Futexes::default();
        for n in 0..1_000 {
            futexes.add(&wait(1, 0, 7));
            futexes.add(&wait(1_000 + n, 0, 7));
        }
        assert_eq!(futexes.words.len(), WORDS);
        assert_eq!(futexes.words[&1].calls, 1_000);
        let named: u64 = futexes.words.values().map(|word| word.calls).sum();
        assert_eq!(named + futexes.rest.calls, 2_000, "none is lost");
    }

    #[test]
    fn accounts_put_together_have_the_calls_of_both() {
        let mut one = Futexes::default();
        let mut other = Futexes::default();
        for n in 0..2 * u64::try_from(WORDS).unwrap() {
            one.add(&wait(n, 0, 7));
            other.add(&wait(n, EAGAIN, 8));
        }
        one.absorb(&other);
        let all = one.words.values().fold(one.rest.clone(), |mut sum, word| {
            sum += word;
            sum
        });
        assert_eq!((all.calls, all.waits, all.again, all.waiters()), (256, 256, 128, 2));
        assert_eq!(one.words.len(), WORDS);
    }

    #[test]
    fn threads_beyond_those_told_apart_are_not_kept() {
        let mut futexes = Futexes::default();
        (0..200).for_each(|tid| futexes.add(&wait(1, 0, tid)));
        assert_eq!((futexes.words[&1].waits, futexes.words[&1].waiters()), (200, THREADS));
    }
}
