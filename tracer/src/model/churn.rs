//! Memory that is given back and taken again.

use std::ops::AddAssign;

use syscalls::Sysno;
use tracer_common::record::Call;

/// Bytes that went to and fro, of one kind of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cycle {
    /// Taken when as much had been given back before.
    pub again: u64,
    /// Given back, and not taken again yet.
    given_back: u64,
}

impl Cycle {
    fn take(&mut self, bytes: u64) {
        let again = bytes.min(self.given_back);
        self.again = self.again.saturating_add(again);
        self.given_back -= again;
    }

    fn give_back(&mut self, bytes: u64) {
        self.given_back = self.given_back.saturating_add(bytes);
    }
}

impl AddAssign<&Self> for Cycle {
    fn add_assign(&mut self, other: &Self) {
        self.again = self.again.saturating_add(other.again);
        self.given_back = self.given_back.saturating_add(other.given_back);
    }
}

/// The memory of one account, to and fro. A program that takes memory as it starts and gives it back
/// as it ends takes none of it again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Churn {
    /// Of the heap, by `brk`.
    pub heap: Cycle,
    /// By `mmap` and `munmap`.
    pub mappings: Cycle,
}

impl Churn {
    /// Adds a call that has ended.
    pub(super) fn add(&mut self, call: &Call) {
        const MMAP: i32 = Sysno::mmap.id();
        const MUNMAP: i32 = Sysno::munmap.id();
        if call.flags & (Call::FAILED | Call::COMPAT) != 0 {
            return;
        }
        match (call.kind, i32::from(call.nr)) {
            (Call::BRK_GROW, _) => self.heap.take(call.amount),
            (Call::BRK_SHRINK, _) => self.heap.give_back(call.amount),
            (_, MMAP) => self.mappings.take(call.amount),
            (_, MUNMAP) => self.mappings.give_back(call.amount),
            _ => {}
        }
    }

    /// Adds what came after, or what others did.
    pub fn absorb(&mut self, other: &Self) {
        self.heap += &other.heap;
        self.mappings += &other.mappings;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(sysno: Sysno, amount: u64) -> Call {
        Call { nr: u16::try_from(sysno.id()).unwrap(), amount, ..Call::default() }
    }

    fn heap(kind: u8, amount: u64) -> Call {
        Call { kind, ..mapping(Sysno::brk, amount) }
    }

    #[test]
    fn only_what_was_given_back_before_is_taken_again() {
        let mut churn = Churn::default();
        churn.add(&mapping(Sysno::mmap, 100));
        churn.add(&mapping(Sysno::munmap, 60));
        churn.add(&mapping(Sysno::mmap, 50));
        churn.add(&mapping(Sysno::mmap, 50));
        assert_eq!(churn.mappings.again, 60);
        assert_eq!(churn.heap, Cycle::default());
    }

    #[test]
    fn the_heap_is_counted_by_itself_and_failures_are_not() {
        let mut churn = Churn::default();
        churn.add(&heap(Call::BRK_GROW, 8));
        churn.add(&heap(Call::BRK_SHRINK, 8));
        churn.add(&Call { flags: Call::FAILED, ..heap(Call::BRK_GROW, 5) });
        churn.add(&heap(Call::BRK_QUERY, 0));
        churn.add(&heap(Call::BRK_GROW, 6));
        assert_eq!((churn.heap.again, churn.mappings.again), (6, 0));
    }

    #[test]
    fn what_others_gave_back_before_can_be_taken_again_later() {
        let mut whole = Churn::default();
        whole.add(&heap(Call::BRK_SHRINK, 8));
        whole.absorb(&whole.clone());
        whole.add(&heap(Call::BRK_GROW, 20));
        assert_eq!(whole.heap.again, 16);
    }
}
