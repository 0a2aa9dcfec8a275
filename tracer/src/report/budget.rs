//! All of the thread time of an account, by cause.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::{
    Budget,
    names::{call_name, sleep_name},
    samples::Outside,
};
use crate::model::Account;

/// The calls that have no row.
const OTHER: &str = "other";

/// Fewer samples are no better than the ticks.
const ENOUGH: u64 = 30;

/// Where `thread_ns` went. With `throttling` the kernel marks waits that a quota ordered; `samples`
/// are those outside of calls, if the CPUs were sampled.
pub(super) fn budget(
    account: &Account,
    thread_ns: u64,
    throttling: bool,
    samples: Option<&Outside>,
) -> Budget {
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
    let split = match samples.filter(|samples| samples.count() >= ENOUGH) {
        Some(samples) => by_samples(outside, samples),
        None => by_ticks(outside, in_calls, stays.utime_ns, stays.stime_ns),
    };
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
        user_ns: split.user,
        kernel_ns,
        faults_ns: split.faults,
        irq_ns: split.irq,
        other_kernel_ns: split.other,
        outside_calls_ns: outside,
        sampled: split.by,
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

/// Time on a CPU outside of system calls, split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Split {
    user: Option<u64>,
    faults: Option<u64>,
    irq: Option<u64>,
    other: Option<u64>,
    by: Option<Uncertainty>,
}

/// What tells user mode from the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The samples.
    Samples,
    /// The ticks of the kernel's clock, which give `utime` and `stime`.
    Ticks,
}

/// What a split rests on, and how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncertainty {
    /// What it rests on.
    pub method: Method,
    /// How many samples outside of calls there were: n. Null for ticks.
    pub count: Option<u64>,
    /// One standard error of `user_ns`: √(p(1−p)/n) of `outside_calls_ns`, p being its share. Null
    /// for ticks, of which it is unknown.
    pub user_error_ns: Option<u64>,
}

/// By the samples, of which there are enough.
fn by_samples(outside_ns: u64, samples: &Outside) -> Split {
    let n = samples.count();
    let mut before = (0, 0);
    // Cut where the sums up to here lie: what is rounded off one part is not lost to the next.
    let mut cut = |count: u64| {
        let to = before.0 + count;
        let at = u128::from(outside_ns) * u128::from(to) / u128::from(n.max(1));
        let at = u64::try_from(at).unwrap_or(outside_ns);
        let part = at - before.1;
        before = (to, at);
        part
    };
    let user = cut(samples.user);
    Split {
        user: Some(user),
        faults: samples.faults.map(&mut cut),
        irq: samples.interrupts.map(&mut cut),
        other: Some(cut(samples.other)),
        by: Some(Uncertainty {
            method: Method::Samples,
            count: Some(n),
            user_error_ns: Some(standard_error(outside_ns, samples.user, n)),
        }),
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an error to a few digits, between 0 and half of the whole"
)]
fn standard_error(whole: u64, part: u64, n: u64) -> u64 {
    let n = n.max(1) as f64;
    let share = part as f64 / n;
    (whole as f64 * (share * (1.0 - share).max(0.0) / n).sqrt()) as u64
}

/// As the ticks say of user mode and the kernel, but for the calls, whose time is known. Nothing is
/// known without a tick.
fn by_ticks(outside: u64, in_calls: u64, utime: u64, stime: u64) -> Split {
    let ticks = utime + stime;
    if outside == 0 {
        return Split { user: Some(0), other: Some(0), ..Split::default() };
    }
    if ticks == 0 {
        return Split::default();
    }
    let on_cpu = u128::from(outside) + u128::from(in_calls);
    let in_kernel = on_cpu * u128::from(stime) / u128::from(ticks);
    // No more than `outside`, which fits.
    let kernel =
        u64::try_from(in_kernel.saturating_sub(in_calls.into())).unwrap_or(u64::MAX).min(outside);
    Split {
        user: Some(outside - kernel),
        other: Some(kernel),
        by: Some(Uncertainty { method: Method::Ticks, count: None, user_error_ns: None }),
        ..Split::default()
    }
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
        let budget = budget(&account(), 1_000, true, None);
        assert_eq!(budget.kernel_ns["other"], 100);
        assert_eq!((budget.outside_calls_ns, budget.runnable_ns), (500, 250));
        assert_eq!((budget.throttled_ns, budget.blocked_ns["page fault"]), (Some(50), 90));
        assert_eq!(budget.unaccounted_ns, 10);
    }

    fn ticks(outside: u64, in_calls: u64, utime: u64, stime: u64) -> (Option<u64>, Option<u64>) {
        let Split { user, other, .. } = by_ticks(outside, in_calls, utime, stime);
        (user, other)
    }

    #[test]
    fn calls_that_began_before_the_account_take_no_more_than_its_time_on_a_cpu() {
        let mut account = account();
        account.stays.other_calls.ns = 700;
        let budget = budget(&account, 1_000, true, None);
        assert_eq!((budget.kernel_ns[OTHER], budget.outside_calls_ns), (600, 0));
        assert_eq!(budget.unaccounted_ns, 10);
    }

    #[test]
    fn ticks_split_what_the_calls_leave() {
        // 40 % of 600 in the kernel is 240, of which 100 is known to be in calls.
        assert_eq!(ticks(500, 100, 60, 40), (Some(360), Some(140)));
    }

    #[test]
    fn the_split_by_ticks_is_never_negative() {
        assert_eq!(ticks(500, 100, 100, 0), (Some(500), Some(0)));
        assert_eq!(ticks(500, 100, 0, 100), (Some(0), Some(500)));
        assert_eq!(ticks(0, 100, 50, 50), (Some(0), Some(0)));
    }

    #[test]
    fn without_a_tick_or_a_sample_the_split_is_unknown() {
        assert_eq!(ticks(500, 100, 0, 0), (None, None));
        let budget = budget(&account(), 1_000, true, None);
        assert_eq!((budget.user_ns, budget.faults_ns, budget.sampled), (None, None, None));
    }

    const OUTSIDE: Outside = Outside { user: 60, faults: Some(30), interrupts: Some(9), other: 1 };

    #[test]
    fn samples_split_what_the_calls_leave_and_say_how_sure_they_are() {
        let Split { user, faults, irq, other, by } = by_samples(1_000, &OUTSIDE);
        assert_eq!((user, faults, irq, other), (Some(600), Some(300), Some(90), Some(10)));
        let by = by.unwrap();
        // √(0.6 × 0.4 / 100) of 1,000
        assert_eq!((by.count, by.user_error_ns), (Some(100), Some(48)));
    }

    #[test]
    fn the_split_by_samples_sums_to_the_whole_to_the_nanosecond() {
        let thirds = Outside { user: 10, faults: Some(10), interrupts: Some(0), other: 10 };
        for outside in [0, 1, 2, 100, 1_000_000_007, u64::MAX] {
            let Split { user, faults, irq, other, .. } = by_samples(outside, &thirds);
            let parts = [user, faults, irq, other].map(Option::unwrap);
            assert_eq!(parts.iter().map(|&part| u128::from(part)).sum::<u128>(), outside.into());
            assert_eq!(irq, Some(0), "no sample, no time");
        }
    }

    #[test]
    fn where_faults_cannot_be_told_they_stay_with_the_rest_of_the_kernel() {
        let hidden = Outside { user: 60, faults: None, interrupts: None, other: 40 };
        let Split { user, faults, irq, other, .. } = by_samples(1_000, &hidden);
        assert_eq!((user, faults, irq, other), (Some(600), None, None, Some(400)));
    }

    #[test]
    fn a_handful_of_samples_does_not_overrule_the_ticks() {
        let mut account = account();
        account.stays.utime_ns = 100;
        let method = |samples: &Outside| {
            budget(&account, 1_000, true, Some(samples)).sampled.map(|by| by.method)
        };
        let few = Outside { user: ENOUGH - 1, ..Outside::default() };
        assert_eq!(method(&few), Some(Method::Ticks));
        let enough = Outside { user: ENOUGH, ..Outside::default() };
        assert_eq!(method(&enough), Some(Method::Samples));
    }

    #[test]
    fn a_kernel_that_does_not_mark_throttling_has_no_figure_for_it() {
        assert_eq!(budget(&Account::default(), 0, false, None).throttled_ns, None);
    }
}
