//! Waits that the kernel has for its own reasons: its locks, and CPU quotas.

use std::cmp::Reverse;

use super::{
    heading::printable,
    units::{Count, Time, counted},
};
use crate::report::{Lock, Throttling};

/// How many places are named.
const NAMED: usize = 4;

/// One item for each kind of lock that was waited for.
pub(super) fn items(locks: Option<&[Lock]>) -> Vec<String> {
    let item = |lock: &Lock| format!("{} ×{} {}", lock.kind, Count(lock.count), Time(lock.ns));
    titled("lock waits: ", locks.unwrap_or_default().iter().map(item).collect())
}

/// Where the waits were, longest time first; what is left together.
pub(super) fn places(locks: Option<&[Lock]>) -> Vec<String> {
    let locks = locks.unwrap_or_default();
    let mut places: Vec<_> =
        locks.iter().flat_map(|lock| lock.by_syscall.iter().map(move |at| (lock, at))).collect();
    places.sort_by_key(|(_, at)| Reverse(at.ns));
    let (named, others) = places.split_at(places.len().min(NAMED));
    let mut items: Vec<String> = named
        .iter()
        .map(|(lock, at)| {
            // "outside of calls" says where by itself.
            let within = if at.name.starts_with("outside") { "" } else { "in " };
            format!("{} {within}{} {}", lock.kind, at.name, Time(at.ns))
        })
        .collect();
    if !others.is_empty() {
        let ns = others.iter().map(|(_, at)| at.ns).fold(0, u64::saturating_add);
        items.push(format!("{} more {}", others.len(), Time(ns)));
    }
    titled("lock waits by place: ", items)
}

/// What a CPU quota did.
pub(super) fn throttling(throttling: &Throttling) -> String {
    let Throttling { cgroup, periods, throttled_periods, throttled_ns } = throttling;
    let periods = counted(*periods, "period", "periods");
    let group = printable(cgroup);
    if *throttled_periods == 0 {
        return format!("CPU quota of {group}: never throttled in {periods}");
    }
    let (count, time) = (Count(*throttled_periods), Time(*throttled_ns));
    format!("CPU quota of {group}: throttled in {count} of {periods}, for {time} summed over CPUs")
}

fn titled(title: &str, mut items: Vec<String>) -> Vec<String> {
    if let Some(first) = items.first_mut() {
        first.insert_str(0, title);
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::LockPlace;

    const US: u64 = 1_000;

    fn lock(kind: &str, count: u64, ns: u64, places: &[(&str, u64)]) -> Lock {
        let place =
            |(name, ns): &(&str, u64)| LockPlace { name: (*name).to_owned(), count: 1, ns: *ns };
        let by_syscall = places.iter().map(place).collect();
        Lock { kind: kind.to_owned(), count, ns, by_syscall }
    }

    #[test]
    fn each_kind_of_lock_is_an_item_with_its_count_and_time() {
        let locks =
            [lock("mmap_lock write", 1_210, 31_000 * US, &[]), lock("spinlock", 38, 900 * US, &[])];
        assert_eq!(
            items(Some(&locks)),
            ["lock waits: mmap_lock write ×1,210 31.0 ms", "spinlock ×38 900 µs"]
        );
    }

    #[test]
    fn without_a_wait_or_without_knowing_nothing_is_said() {
        assert!(items(None).is_empty() && items(Some(&[])).is_empty());
        assert!(places(None).is_empty() && places(Some(&[lock("mutex", 1, 1, &[])])).is_empty());
    }

    #[test]
    fn the_places_of_the_longest_waits_are_named_and_the_rest_summed() {
        let mmap =
            [("munmap", 20_000 * US), ("outside of calls", 8_000 * US), ("mmap", 3_000 * US)];
        let spin = [("munmap", 500 * US), ("futex", 300 * US), ("read", 100 * US)];
        let locks = [lock("mmap_lock write", 3, 31_000 * US, &mmap), lock("spinlock", 3, 0, &spin)];
        assert_eq!(
            places(Some(&locks)),
            [
                "lock waits by place: mmap_lock write in munmap 20.0 ms",
                "mmap_lock write outside of calls 8.00 ms",
                "mmap_lock write in mmap 3.00 ms",
                "spinlock in munmap 500 µs",
                "2 more 400 µs",
            ]
        );
    }

    #[test]
    fn a_quota_says_how_often_it_struck() {
        let quota = Throttling {
            cgroup: "/sys/fs/cgroup/cpu/job".to_owned(),
            periods: 50,
            throttled_periods: 48,
            throttled_ns: 2_400_000 * US,
        };
        assert_eq!(
            throttling(&quota),
            "CPU quota of /sys/fs/cgroup/cpu/job: throttled in 48 of 50 periods, for 2.40 s summed \
             over CPUs"
        );
        let idle = Throttling { periods: 1, throttled_periods: 0, throttled_ns: 0, ..quota };
        assert_eq!(
            throttling(&idle),
            "CPU quota of /sys/fs/cgroup/cpu/job: never throttled in 1 period"
        );
    }
}
