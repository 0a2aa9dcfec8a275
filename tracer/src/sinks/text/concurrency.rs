//! How many CPUs the targets used, of how many they could have.

use std::cmp::Ordering;

use crate::report::{Concurrency, Cpus};

/// Shares below this are told together.
const LEAST: f64 = 0.01;
/// How many numbers of threads have a share of their own.
const NAMED: usize = 8;

/// The items of the line, or none where nothing was measured.
pub(super) fn items(concurrency: &Concurrency, cpus: Cpus) -> Vec<String> {
    let Concurrency { busy_cpus, runnable_running, ref running_share, .. } = *concurrency;
    let shares = running_share.as_deref();
    let nothing = shares.map_or(busy_cpus + runnable_running == 0.0, <[f64]>::is_empty);
    if nothing || !(busy_cpus + runnable_running).is_finite() {
        return Vec::new();
    }
    let items = [
        Some(format!("CPUs used {busy_cpus:.2}{}", available(cpus))),
        Some(format!("runnable or running {}", mean(runnable_running))),
        shares.and_then(at_once),
    ];
    items.into_iter().flatten().collect()
}

fn available(cpus: Cpus) -> String {
    let quota = cpus.quota.map(|quota| format!(" (quota {quota:.2})")).unwrap_or_default();
    match (cpus.allowed, cpus.online) {
        (Some(allowed), _) => format!(" of {allowed} allowed{quota}"),
        (None, Some(online)) => format!(" of {online}{quota}"),
        (None, None) => quota,
    }
}

/// A mean to three digits, as far as these are behind the point.
fn mean(mean: f64) -> String {
    if mean < 9.995 { format!("{mean:.2}") } else { format!("{mean:.1}") }
}

/// For how much of the window how many threads were on a CPU at once.
fn at_once(shares: &[f64]) -> Option<String> {
    let mut numbers: Vec<(usize, f64)> =
        shares.iter().copied().enumerate().filter(|&(_, share)| share >= LEAST).collect();
    numbers.sort_by(|(_, a), (_, b)| b.partial_cmp(a).unwrap_or(Ordering::Equal));
    numbers.truncate(NAMED);
    numbers.sort_by_key(|&(threads, _)| threads);
    let others = shares.iter().sum::<f64>() - numbers.iter().map(|(_, share)| share).sum::<f64>();
    let mut texts: Vec<String> = numbers
        .into_iter()
        .map(|(threads, share)| format!("{threads} for {:.1} %", 100.0 * share))
        .collect();
    if others >= 0.0005 {
        texts.push(format!("other numbers for {:.1} %", 100.0 * others));
    }
    (!texts.is_empty())
        .then(|| format!("threads on a CPU at once: {} of the window", texts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CPUS: Cpus = Cpus { online: Some(8), allowed: Some(2), quota: None };

    fn oversubscribed() -> Concurrency {
        Concurrency {
            busy_cpus: 1.93,
            runnable_running: 15.46,
            running_share: Some(vec![0.021, 0.04, 0.939]),
            running_processes_share: Some(vec![0.021, 0.04, 0.939]),
        }
    }

    #[test]
    fn what_was_used_stands_beside_what_could_have_been() {
        let quota = Cpus { quota: Some(1.0), ..CPUS };
        let expected = [
            "CPUs used 1.93 of 2 allowed (quota 1.00)",
            "runnable or running 15.5",
            "threads on a CPU at once: 0 for 2.1 %, 1 for 4.0 %, 2 for 93.9 % of the window",
        ];
        assert_eq!(items(&oversubscribed(), quota), expected);
    }

    #[test]
    fn what_could_have_been_used_may_be_unknown() {
        let used = |cpus| items(&oversubscribed(), cpus).swap_remove(0);
        assert_eq!(used(Cpus { allowed: None, ..CPUS }), "CPUs used 1.93 of 8");
        assert_eq!(used(Cpus::default()), "CPUs used 1.93");
    }

    #[test]
    fn numbers_that_were_rare_or_many_are_told_together() {
        let rare = at_once(&[0.006, 0.98, 0.005, 0.009]).unwrap();
        assert_eq!(
            rare,
            "threads on a CPU at once: 1 for 98.0 %, other numbers for 2.0 % of the window"
        );
        let many = at_once(&[0.05; 20]).unwrap();
        assert!(many.contains(": 0 for 5.0 %, 1 for 5.0 %"), "{many}");
        assert!(many.ends_with("7 for 5.0 %, other numbers for 60.0 % of the window"), "{many}");
    }

    #[test]
    fn nothing_measured_is_nothing_shown() {
        assert!(items(&Concurrency::default(), CPUS).is_empty());
        let no_time = Concurrency { busy_cpus: f64::NAN, ..oversubscribed() };
        assert!(items(&no_time, CPUS).is_empty());
    }

    #[test]
    fn a_mean_has_the_digits_that_tell_something() {
        assert_eq!(
            [0.0, 1.934, 9.994, 9.996, 128.04].map(mean),
            ["0.00", "1.93", "9.99", "10.0", "128.0"]
        );
    }
}
