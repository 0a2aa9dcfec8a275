//! What one unit of work is.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde::Serialize;

use super::{Kind, measure::Worker};

/// What the user wants figures to be per.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Per {
    /// Units that the program reported.
    Iterations,
    /// Completed calls of this name.
    Syscall(String),
}

impl From<&str> for Per {
    /// Any name is that of a call: recordings may come from another kernel.
    fn from(text: &str) -> Self {
        match text {
            "iteration" | "iterations" => Self::Iterations,
            name => Self::Syscall(name.to_owned()),
        }
    }
}

/// Where a unit comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The user named it.
    Asked,
    /// The programs of both sides reported it.
    Reported,
    /// It was found in the counts of calls.
    Proposed,
    /// There is none: a second of thread time stands for it.
    None,
}

/// A unit of work.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// What it is called.
    pub(super) name: String,
    pub(super) from: Origin,
    /// What is to be said about it.
    pub(super) note: String,
    count: Count,
}

#[derive(Clone, Debug)]
enum Count {
    Iterations,
    Calls(String),
    Seconds,
}

impl Unit {
    /// How many of it a worker did, which reported so many iterations.
    #[expect(clippy::cast_precision_loss, reason = "2^53 calls take a while")]
    pub(super) fn done_by(&self, worker: &Worker, iterations: Option<u64>) -> f64 {
        match &self.count {
            Count::Iterations => iterations.unwrap_or(0) as f64,
            Count::Calls(name) => worker.calls(name) as f64,
            Count::Seconds => worker.thread_ns / 1e9,
        }
    }

    /// Whether it says nothing about who did the work.
    pub(super) fn is_mere_time(&self) -> bool {
        matches!(self.count, Count::Seconds)
    }
}

/// What is known of a side when the unit is chosen.
pub(super) struct Side<'a> {
    /// Whose it is, for messages.
    pub(super) name: &'a str,
    /// All of its workers, each with what it reported.
    pub(super) workers: Vec<(&'a Worker, Option<u64>)>,
    /// Those of the role that ran most, which both sides have.
    pub(super) busiest: &'a [Worker],
}

/// Chooses the unit.
///
/// # Errors
/// If the user asked for one that a side has not.
pub(super) fn choose(asked: Option<&Per>, sides: &[Side<'_>; 2]) -> Result<Unit> {
    let unit =
        |name: &str, from, note: String, count| Unit { name: name.to_owned(), from, note, count };
    let reported = |side: &Side<'_>| side.workers.iter().any(|(_, n)| n.is_some_and(|n| n > 0));
    match asked {
        Some(Per::Iterations) => {
            if let Some(side) = sides.iter().find(|side| !reported(side)) {
                bail!(
                    "`{}` has no iterations: its programs reported none to TRACER_PROGRESS (see \
                     docs/compare.md); name a system call with --per",
                    side.name
                );
            }
            let note = "as the programs reported".to_owned();
            Ok(unit("iteration", Origin::Asked, note, Count::Iterations))
        }
        Some(Per::Syscall(name)) => {
            for side in sides {
                if side.workers.iter().all(|(worker, _)| worker.calls(name) == 0) {
                    let rows = rows(&side.workers);
                    bail!(
                        "`{}` has no completed call `{name}`, so nothing can be per `{name}`; it \
                         has {rows}; record again with -e {name}",
                        side.name
                    );
                }
            }
            let note = "as asked for with --per".to_owned();
            Ok(unit(name, Origin::Asked, note, Count::Calls(name.clone())))
        }
        None if sides.iter().all(reported) => {
            let note = "as the programs reported".to_owned();
            Ok(unit("iteration", Origin::Reported, note, Count::Iterations))
        }
        None => Ok(match propose(sides) {
            Some((name, note)) => {
                unit(&name, Origin::Proposed, note, Count::Calls(name.clone()))
            }
            None => unit(
                "second of thread time",
                Origin::None,
                "no unit of work is known: only how time is divided can differ, not how much of it \
                 work takes; name a unit with --per, or report progress (docs/compare.md)"
                    .to_owned(),
                Count::Seconds,
            ),
        }),
    }
}

fn rows(workers: &[(&Worker, Option<u64>)]) -> String {
    let named = workers.iter().flat_map(|(worker, _)| worker.series.keys());
    let calls = named.filter(|(kind, _)| *kind == Kind::Syscall).map(|(_, name)| name.as_str());
    let names: std::collections::BTreeSet<_> = calls.collect();
    match names.is_empty() {
        true => "none at all".to_owned(),
        false => names.into_iter().collect::<Vec<_>>().join(", "),
    }
}

/// The largest ratio that is taken for no accident.
const LARGEST: u64 = 16;
/// Units that each worker has to have done.
const FEWEST: u64 = 20;
/// Calls that a worker may have made besides: in its beginning, or half a unit at an edge.
const BESIDES: u64 = 4;

/// A call that may stand for a unit, and those that are made so many times as often.
struct Candidate {
    calls: u64,
    name: String,
    multiples: Vec<(String, u64)>,
}

/// The rarest call that others are a small whole multiple of, the same on both sides.
fn propose(sides: &[Side<'_>; 2]) -> Option<(String, String)> {
    let counts = [&sides[0], &sides[1]].map(|side| calls(side.busiest));
    let workers = [&sides[0], &sides[1]].map(|side| side.busiest.len() as u64);
    let mut best: Option<Candidate> = None;
    for (name, &base) in &counts[0] {
        let Some(&new) = counts[1].get(name) else { continue };
        if base < FEWEST * workers[0] || new < FEWEST * workers[1] {
            continue;
        }
        let multiples: Vec<(String, u64)> = counts[0]
            .iter()
            .filter(|(other, _)| *other != name)
            .filter_map(|(other, &others)| {
                let ratio = multiple(others, base, workers[0])?;
                let same = multiple(*counts[1].get(other)?, new, workers[1])? == ratio;
                same.then(|| (other.clone(), ratio))
            })
            .collect();
        let tells = multiples.len() > 1 || multiples.iter().any(|(_, ratio)| *ratio > 1);
        if tells && best.as_ref().is_none_or(|best| base < best.calls) {
            best = Some(Candidate { calls: base, name: name.clone(), multiples });
        }
    }
    let Candidate { name, multiples, .. } = best?;
    let ratios: Vec<String> =
        multiples.iter().map(|(other, ratio)| format!("{ratio} {other}")).collect();
    let note = format!(
        "a guess: both sides have {} for each {name}; name another unit with --per",
        ratios.join(" and ")
    );
    Some((name, note))
}

fn calls(workers: &[Worker]) -> BTreeMap<String, u64> {
    let mut calls = BTreeMap::new();
    for ((kind, name), series) in workers.iter().flat_map(|worker| &worker.series) {
        if *kind == Kind::Syscall {
            let sum: &mut u64 = calls.entry(name.clone()).or_default();
            *sum = sum.saturating_add(series.count);
        }
    }
    calls
}

/// How many times `units` `count` is, if that is a small integer, give or take what each worker did
/// besides, and one in a hundred.
fn multiple(count: u64, units: u64, workers: u64) -> Option<u64> {
    let ratio = count.saturating_add(units / 2) / units.max(1);
    let expected = ratio.checked_mul(units).filter(|_| (1..=LARGEST).contains(&ratio))?;
    (count.abs_diff(expected) <= workers * BESIDES + expected / 100).then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::measure::Series;

    fn worker(calls: &[(&str, u64)]) -> Worker {
        let mut worker = Worker::default();
        for (name, count) in calls {
            let series = Series { count: *count, ..Series::default() };
            worker.series.insert((Kind::Syscall, (*name).to_owned()), series);
        }
        worker
    }

    fn chosen(asked: Option<&Per>, base: &[(&str, u64)], new: &[(&str, u64)]) -> Result<Unit> {
        let (base, new) = ([worker(base)], [worker(new)]);
        fn side<'a>(name: &'a str, workers: &'a [Worker]) -> Side<'a> {
            let all = workers.iter().map(|worker| (worker, None)).collect();
            Side { name, workers: all, busiest: workers }
        }
        choose(asked, &[side("a", &base), side("b", &new)])
    }

    #[test]
    fn the_call_that_others_are_the_same_multiple_of_is_proposed() {
        // As measured: six times and twice, with one worker and with 64.
        let unit = chosen(
            None,
            &[("brk", 3_912), ("rt_sigprocmask", 1_304), ("close", 652), ("futex", 70)],
            &[("brk", 531), ("rt_sigprocmask", 176), ("close", 88), ("futex", 90)],
        )
        .unwrap();
        assert_eq!((unit.name.as_str(), unit.from), ("close", Origin::Proposed));
        assert!(unit.note.contains("6 brk and 2 rt_sigprocmask"), "{}", unit.note);
    }

    #[test]
    fn ratios_that_differ_or_are_no_integers_propose_nothing() {
        for new in [[("mmap", 300), ("munmap", 100)], [("mmap", 250), ("munmap", 100)]] {
            let unit = chosen(None, &[("mmap", 200), ("munmap", 100)], &new).unwrap();
            assert_eq!(unit.from, Origin::None);
        }
    }

    #[test]
    fn what_is_asked_for_has_to_be_there() {
        let calls = [("brk grow", 20), ("brk shrink", 10)];
        let per = |name: &str| Per::Syscall(name.to_owned());
        let unit = chosen(Some(&per("brk")), &calls, &calls).unwrap();
        assert!((unit.done_by(&worker(&calls), None) - 30.0).abs() < 1e-9);
        let error = chosen(Some(&per("futex")), &calls, &calls).unwrap_err().to_string();
        assert!(error.contains("brk grow, brk shrink"), "{error}");
        let error = chosen(Some(&Per::Iterations), &calls, &calls).unwrap_err().to_string();
        assert!(error.contains("TRACER_PROGRESS"), "{error}");
    }
}
