//! All of the thread time of an account, by cause.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    Budget,
    names::{call_name, sleep_name},
};
use crate::model::Account;

/// The calls that have no row.
const OTHER: &str = "other";

/// Where `thread_ns` went. With `throttling` the kernel marks waits that a quota ordered.
pub(super) fn budget(account: &Account, thread_ns: u64, throttling: bool) -> Budget {
    let stays = &account.stays;
    let mut kernel_ns = BTreeMap::new();
    let mut add = |name: String, ns: u64| {
        if ns > 0 {
            *kernel_ns.entry(name).or_default() += ns;
        }
    };
    for (kind, calls) in &account.calls {
        add(call_name(*kind), calls.on_cpu_ns());
    }
    add(OTHER.to_owned(), stays.other_calls.ns);
    let in_calls = limit(&mut kernel_ns, stays.on_cpu_ns);
    let outside = stays.on_cpu_ns.saturating_sub(in_calls);
    let (user_ns, other_kernel_ns) = split(outside, in_calls, stays.utime_ns, stays.stime_ns);
    let mut blocked_ns = BTreeMap::new();
    for (reason, ns) in &stays.blocked_ns {
        *blocked_ns.entry(sleep_name(*reason)).or_default() += ns;
    }
    let accounted = in_calls
        + outside
        + stays.runnable_ns
        + stays.throttled_ns
        + blocked_ns.values().sum::<u64>();
    Budget {
        user_ns,
        kernel_ns,
        other_kernel_ns,
        outside_calls_ns: outside,
        runnable_ns: stays.runnable_ns,
        throttled_ns: throttling.then_some(stays.throttled_ns),
        blocked_ns,
        unaccounted_ns: thread_ns.saturating_sub(accounted),
    }
}

/// Cuts the calls down to the time on a CPU, and returns their sum. A call without a row that began
/// before the window, or before its thread was adopted, brings all of its time along.
fn limit(kernel_ns: &mut BTreeMap<String, u64>, on_cpu_ns: u64) -> u64 {
    let sum: u64 = kernel_ns.values().sum();
    let mut excess = sum.saturating_sub(on_cpu_ns);
    let mut parts: Vec<_> = kernel_ns.iter_mut().collect();
    parts.sort_by_key(|(name, ns)| (*name != OTHER, Reverse(**ns)));
    for (_, ns) in parts {
        let cut = excess.min(*ns);
        *ns -= cut;
        excess -= cut;
    }
    kernel_ns.retain(|_, ns| *ns > 0);
    sum.min(on_cpu_ns)
}

/// Time on a CPU outside of system calls, split into user mode and the kernel as the ticks say, but
/// for the calls, whose time is known. Nothing is known without a tick.
fn split(outside: u64, in_calls: u64, utime: u64, stime: u64) -> (Option<u64>, Option<u64>) {
    let ticks = utime + stime;
    if ticks == 0 {
        return if outside == 0 { (Some(0), Some(0)) } else { (None, None) };
    }
    let on_cpu = u128::from(outside) + u128::from(in_calls);
    let in_kernel = on_cpu * u128::from(stime) / u128::from(ticks);
    // No more than `outside`, which fits.
    let kernel =
        u64::try_from(in_kernel.saturating_sub(in_calls.into())).unwrap_or(u64::MAX).min(outside);
    (Some(outside - kernel), Some(kernel))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Asleep;

    fn account() -> Account {
        let mut account = Account::default();
        account.stays.on_cpu_ns = 600;
        account.stays.runnable_ns = 250;
        account.stays.throttled_ns = 50;
        account.stays.blocked_ns.insert(Asleep::Fault, 90);
        account.stays.other_calls.ns = 100;
        account
    }

    #[test]
    fn the_parts_sum_to_the_thread_time() {
        let budget = budget(&account(), 1_000, true);
        assert_eq!(budget.kernel_ns["other"], 100);
        assert_eq!((budget.outside_calls_ns, budget.runnable_ns), (500, 250));
        assert_eq!((budget.throttled_ns, budget.blocked_ns["page fault"]), (Some(50), 90));
        assert_eq!(budget.unaccounted_ns, 10);
    }

    #[test]
    fn calls_that_began_before_the_account_take_no_more_than_its_time_on_a_cpu() {
        let mut account = account();
        account.stays.other_calls.ns = 700;
        let budget = budget(&account, 1_000, true);
        assert_eq!((budget.kernel_ns[OTHER], budget.outside_calls_ns), (600, 0));
        assert_eq!(budget.unaccounted_ns, 10);
    }

    #[test]
    fn ticks_split_what_the_calls_leave() {
        // 40 % of 600 in the kernel is 240, of which 100 is known to be in calls.
        assert_eq!(split(500, 100, 60, 40), (Some(360), Some(140)));
    }

    #[test]
    fn the_split_is_never_negative() {
        assert_eq!(split(500, 100, 100, 0), (Some(500), Some(0)));
        assert_eq!(split(500, 100, 0, 100), (Some(0), Some(500)));
        assert_eq!(split(0, 100, 50, 50), (Some(0), Some(0)));
    }

    #[test]
    fn without_a_tick_the_split_is_unknown() {
        assert_eq!(split(500, 100, 0, 0), (None, None));
        assert_eq!(budget(&account(), 1_000, true).user_ns, None);
    }

    #[test]
    fn a_kernel_that_does_not_mark_throttling_has_no_figure_for_it() {
        assert_eq!(budget(&Account::default(), 0, false).throttled_ns, None);
    }
}
