//! What the scheduler did with the threads of a group.

use super::{
    heading::printable,
    units::{Count, Percent, Time, counted},
};
use crate::report::{Figures, Sched, Waker};

/// How many wakers are named.
const NAMED: usize = 3;

/// One item for each thing that the scheduler did; no item for what never happened.
pub(super) fn items(sched: &Sched) -> Vec<String> {
    let Sched { switches, faults, .. } = sched;
    let kinds = [(switches.voluntary, "voluntary"), (switches.involuntary, "involuntary")];
    let items = [
        tally("switches", kinds),
        (sched.migrations > 0).then(|| counted(sched.migrations, "migration", "migrations")),
        waits(&sched.run_queue_ns),
        sched.on_cpu_ns.p50.map(|ns| format!("on-CPU stays p50 {}", Time(ns))),
        tally("faults", [(faults.minor, "minor"), (faults.major, "major")]),
        wakers(&sched.wakers, sched.off_cpu_ns.total),
    ];
    items.into_iter().flatten().collect()
}

fn tally(what: &str, kinds: [(u64, &str); 2]) -> Option<String> {
    let there = kinds.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> =
        there.map(|(count, kind)| format!("{} {kind}", Count(count))).collect();
    (!counts.is_empty()).then(|| format!("{what} {}", counts.join(", ")))
}

fn waits(run_queue: &Figures) -> Option<String> {
    let (p50, p99, max) = (run_queue.p50?, run_queue.p99?, run_queue.max?);
    Some(format!("run queue p50 {}, p99 {}, max {}", Time(p50), Time(p99), Time(max)))
}

/// Who ended how much of the time that the threads slept.
fn wakers(wakers: &[Waker], off_cpu_ns: u64) -> Option<String> {
    // Whoever has no name of its own is one of the others.
    let mut by_name: Vec<(String, u64)> = Vec::new();
    for waker in wakers {
        let name = name(waker);
        match by_name.iter_mut().find(|(known, _)| *known == name) {
            Some((_, ns)) => *ns = ns.saturating_add(waker.slept_ns),
            None => by_name.push((name, waker.slept_ns)),
        }
    }
    let slept =
        |wakers: &[(String, u64)]| wakers.iter().map(|(_, ns)| *ns).fold(0, u64::saturating_add);
    let whole = off_cpu_ns.max(slept(&by_name));
    if whole == 0 {
        return None;
    }
    let share = |ns| format!("{:.0} %", Percent { part: ns, whole });
    let (named, others) = by_name.split_at(by_name.len().min(NAMED));
    let mut texts: Vec<String> =
        named.iter().map(|(name, ns)| format!("{name} {}", share(*ns))).collect();
    texts.first_mut()?.push_str(" of the sleep");
    if !others.is_empty() {
        texts.push(format!("{} more {}", others.len(), share(slept(others))));
    }
    Some(format!("woken by: {}", texts.join(", ")))
}

/// The name of a waker; its thread is named unless it is the process's first.
fn name(waker: &Waker) -> String {
    let Some(pid) = waker.pid else { return "timers and others".to_owned() };
    let comm = waker.comm.as_deref().map(|comm| printable(comm) + "/").unwrap_or_default();
    match waker.tid {
        Some(tid) if tid != pid => format!("{comm}{pid}/{tid}"),
        _ => format!("{comm}{pid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Faults, Switches};

    fn waker(pid: u32, tid: u32, slept_ns: u64) -> Waker {
        let comm = Some("python3".to_owned());
        Waker { pid: Some(pid), tid: Some(tid), comm, wakes: 1, slept_ns }
    }

    fn sched() -> Sched {
        Sched {
            switches: Switches { voluntary: 1_234, involuntary: 56 },
            migrations: 12,
            on_cpu_ns: Figures { p50: Some(3_900_000), ..Figures::default() },
            run_queue_ns: Figures {
                total: 1,
                p50: Some(1_200_000),
                p99: Some(8_000_000),
                max: Some(24_000_000),
                ..Figures::default()
            },
            faults: Faults { minor: 4_072, major: 3 },
            ..Sched::default()
        }
    }

    #[test]
    fn everything_that_happened_has_an_item() {
        let expected = [
            "switches 1,234 voluntary, 56 involuntary",
            "12 migrations",
            "run queue p50 1.20 ms, p99 8.00 ms, max 24.0 ms",
            "on-CPU stays p50 3.90 ms",
            "faults 4,072 minor, 3 major",
        ];
        assert_eq!(items(&sched()), expected);
    }

    #[test]
    fn what_never_happened_has_none() {
        assert!(items(&Sched::default()).is_empty());
        let preempted = Sched {
            switches: Switches { voluntary: 0, involuntary: 1 },
            migrations: 1,
            ..Sched::default()
        };
        assert_eq!(items(&preempted), ["switches 1 involuntary", "1 migration"]);
    }

    #[test]
    fn wakers_have_shares_of_all_sleep() {
        let timers = Waker { wakes: 4, slept_ns: 190, ..Waker::default() };
        let expected = "woken by: python3/4242 81 % of the sleep, timers and others 19 %";
        assert_eq!(wakers(&[waker(4242, 4242, 810), timers], 1_000).unwrap(), expected);
        let some = wakers(&[waker(4242, 4250, 810)], 8_100).unwrap();
        assert_eq!(some, "woken by: python3/4242/4250 10 % of the sleep");
        assert_eq!(wakers(&[waker(4242, 4242, 0)], 0), None);
    }

    #[test]
    fn wakers_without_a_name_are_one() {
        let nameless = Waker { pid: None, comm: None, ..waker(0, 7, 30) };
        let both = wakers(&[waker(4, 4, 50), nameless.clone(), Waker { tid: None, ..nameless }], 0);
        assert_eq!(both.unwrap(), "woken by: python3/4 45 % of the sleep, timers and others 55 %");
    }

    #[test]
    fn many_wakers_are_summed_but_for_the_first() {
        let many: Vec<Waker> =
            (1..=6).map(|pid| waker(pid, pid, 110 - 10 * u64::from(pid))).collect();
        let expected =
            "woken by: python3/1 22 % of the sleep, python3/2 20 %, python3/3 18 %, 3 more 40 %";
        assert_eq!(wakers(&many, 0).unwrap(), expected);
    }

    #[test]
    fn a_waker_cannot_steer_the_terminal() {
        let waker = Waker { comm: Some("a\u{1b}[2J".to_owned()), ..waker(7, 8, 1) };
        assert_eq!(name(&waker), "a\\u{1b}[2J/7/8");
        assert_eq!(name(&Waker { comm: None, ..waker }), "7/8");
    }
}
