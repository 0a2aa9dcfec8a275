//! Waits for the kernel's own locks. The kernel's sums only ever grow: what they grew by.

use std::collections::BTreeMap;

use tracer_common::locks::{Lock, LockWaits, Waits};

use super::stays::Sum;

/// Waits by the kind of lock; nothing of a kind that was never waited for.
pub type ByLock = BTreeMap<Lock, Sum>;

/// Waits by the kind of lock and the place, as in [`ByCall`](tracer_common::locks::ByCall).
pub type ByPlace = BTreeMap<(Lock, usize), Sum>;

/// Adds what came after, or what others did.
pub(super) fn absorb<K: Ord + Copy>(sums: &mut BTreeMap<K, Sum>, other: &BTreeMap<K, Sum>) {
    for (key, Sum { count, ns }) in other {
        let sum = sums.entry(*key).or_default();
        sum.count += count;
        sum.ns += ns;
    }
}

/// The last sums of every thread, and of every place.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    by_thread: BTreeMap<(u64, u32), [Waits; Lock::COUNT]>,
    by_place: BTreeMap<(Lock, usize), Waits>,
}

impl Seen {
    /// What a thread has waited since it was looked at last.
    pub(super) fn grow(&mut self, now: &LockWaits) -> ByLock {
        let thread = (now.cookie, now.tid);
        let before = match now.last {
            0 => self.by_thread.insert(thread, now.by_lock),
            _ => self.by_thread.remove(&thread),
        };
        // A thread's sums begin with it.
        let before = before.unwrap_or_default();
        let grown = now.by_lock.iter().zip(before).map(|(now, before)| since(*now, before));
        Lock::ALL.into_iter().zip(grown).filter(|(_, sum)| sum.count > 0).collect()
    }

    /// What was waited in a place since it was looked at last.
    pub(super) fn grow_at(&mut self, lock: Lock, place: usize, now: Waits) -> Sum {
        since(now, self.by_place.insert((lock, place), now).unwrap_or_default())
    }
}

fn since(now: Waits, before: Waits) -> Sum {
    Sum { count: now.count.saturating_sub(before.count), ns: now.ns.saturating_sub(before.ns) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spun(count: u64, last: u32) -> LockWaits {
        let mut waits = LockWaits { cookie: 7, tid: 8, last, ..LockWaits::default() };
        waits.by_lock[Lock::Spin as usize] = Waits { count, ns: 10 * count };
        waits
    }

    fn spins(count: u64) -> ByLock {
        [(Lock::Spin, Sum { count, ns: 10 * count })].into()
    }

    #[test]
    fn a_thread_counts_by_what_its_sums_grew() {
        let mut seen = Seen::default();
        assert_eq!(seen.grow(&spun(5, 0)), spins(5));
        assert_eq!(seen.grow(&spun(5, 0)), ByLock::new());
        assert_eq!(seen.grow(&spun(7, 1)), spins(2));
    }

    #[test]
    fn a_reused_id_begins_from_nothing() {
        let mut seen = Seen::default();
        seen.grow(&spun(5, 1));
        assert_eq!(seen.grow(&spun(2, 0)), spins(2));
    }

    #[test]
    fn places_grow_each_for_itself() {
        let mut seen = Seen::default();
        let waits = |count| Waits { count, ns: count };
        seen.grow_at(Lock::Mutex, 9, waits(3));
        assert_eq!(seen.grow_at(Lock::Mutex, 9, waits(4)), Sum { count: 1, ns: 1 });
        assert_eq!(seen.grow_at(Lock::Mutex, 10, waits(4)), Sum { count: 4, ns: 4 });
        assert_eq!(seen.grow_at(Lock::Spin, 9, waits(4)), Sum { count: 4, ns: 4 });
    }
}
