//! Waits that the kernel has for its own reasons, as they are shown: its locks, and CPU quotas.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use tracer_common::locks::{ByCall, Lock as Kind};

use crate::{
    kernel::syscalls,
    model::{ByLock, ByPlace, Sum},
};

/// Waits for one kind of the kernel's own locks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Lock {
    /// What kind of lock.
    pub kind: String,
    /// Waits that ended.
    pub count: u64,
    /// How long they were together, elapsed time.
    pub ns: u64,
    /// Where they were, longest time first; in the total alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_syscall: Vec<LockPlace>,
}

/// Waits in one system call.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LockPlace {
    /// The call, without a distinction between kinds of `brk`; or "outside of calls", as in page
    /// faults, or "32-bit calls".
    pub name: String,
    /// Waits that ended.
    pub count: u64,
    /// How long they were together.
    pub ns: u64,
}

/// What a CPU quota did to its control group, with whatever else runs in it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Throttling {
    /// The directory of the group.
    pub cgroup: String,
    /// Periods in which it had something to run.
    pub periods: u64,
    /// Those in which it used up its quota.
    pub throttled_periods: u64,
    /// How long it was stopped, summed over CPUs.
    pub throttled_ns: u64,
}

/// The waits of an account, longest time first.
pub(super) fn locks(waits: &ByLock) -> Vec<Lock> {
    let lock = |(kind, sum): (&Kind, &Sum)| Lock {
        kind: kind_name(*kind).to_owned(),
        count: sum.count,
        ns: sum.ns,
        by_syscall: Vec::new(),
    };
    let mut locks: Vec<Lock> = waits.iter().map(lock).collect();
    locks.sort_by_key(|lock| Reverse(lock.ns));
    locks
}

/// The same of all accounts together, with the places where they waited.
pub(super) fn locks_by_syscall(waits: &ByLock, places: &ByPlace) -> Vec<Lock> {
    let mut locks = locks(waits);
    for lock in &mut locks {
        let of_this = places.iter().filter(|((kind, _), _)| kind_name(*kind) == lock.kind);
        lock.by_syscall = of_this
            .map(|((_, place), sum)| LockPlace {
                name: place_name(*place),
                count: sum.count,
                ns: sum.ns,
            })
            .collect();
        lock.by_syscall.sort_by_key(|place| Reverse(place.ns));
    }
    locks
}

/// What kinds of locks are called.
pub(crate) fn lock_kinds() -> impl Iterator<Item = &'static str> {
    Kind::ALL.into_iter().map(kind_name)
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Spin => "spinlock",
        Kind::RwlockRead => "rwlock read",
        Kind::RwlockWrite => "rwlock write",
        Kind::Mutex => "mutex",
        Kind::RwsemRead => "rwsem read",
        Kind::RwsemWrite => "rwsem write",
        Kind::PercpuRwsem => "percpu-rwsem",
        Kind::MmapRead => "mmap_lock read",
        Kind::MmapWrite => "mmap_lock write",
        Kind::Other => "other",
    }
}

fn place_name(place: usize) -> String {
    match place {
        ByCall::OUTSIDE => "outside of calls".to_owned(),
        ByCall::COMPAT => "32-bit calls".to_owned(),
        nr => syscalls::label(u32::try_from(nr).unwrap_or(u32::MAX)).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(ns: u64) -> Sum {
        Sum { count: 1, ns }
    }

    #[test]
    fn the_longest_waits_come_first_and_have_their_places() {
        let munmap = usize::try_from(syscalls::number("munmap").unwrap()).unwrap();
        let waits = [(Kind::Spin, sum(3)), (Kind::MmapWrite, sum(9))].into();
        let places = [
            ((Kind::MmapWrite, ByCall::OUTSIDE), sum(2)),
            ((Kind::MmapWrite, munmap), sum(7)),
            ((Kind::Spin, munmap), sum(3)),
        ];
        let locks = locks_by_syscall(&waits, &places.into());
        assert_eq!((locks[0].kind.as_str(), locks[0].ns), ("mmap_lock write", 9));
        let names: Vec<_> = locks[0].by_syscall.iter().map(|place| place.name.as_str()).collect();
        assert_eq!(names, ["munmap", "outside of calls"]);
        assert_eq!((locks[1].kind.as_str(), locks[1].by_syscall.len()), ("spinlock", 1));
    }

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Kind::ALL.into_iter().map(kind_name).collect();
        assert_eq!(names.len(), Kind::COUNT);
    }
}
