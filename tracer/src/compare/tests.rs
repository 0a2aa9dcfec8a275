//! Comparisons of runs whose truth is known, because it was made up.

use fastrand::Rng;

use super::*;
use crate::recording::fixture::{Worked, recording};

/// Workers of a pool, each with a pace of its own, which all of its calls share. A unit of work is
/// two calls of `grow`, one of `shrink`, and a few waits for a CPU.
struct Pool {
    workers: u32,
    units: u64,
    /// How much workers differ: the spread of the logarithm of their pace.
    spread: f64,
    /// Times of `shrink` and of waits are so many times the usual ones.
    shrink: f64,
    wait: f64,
    /// The same of all else.
    rest: f64,
}

const POOL: Pool = Pool { workers: 8, units: 60, spread: 0.3, shrink: 1.0, wait: 1.0, rest: 1.0 };

/// Of a normal distribution, as the sum of twelve.
fn normal(rng: &mut Rng) -> f64 {
    (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0
}

impl Pool {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times of a test")]
    fn run(&self, seed: u64) -> Recording {
        let mut rng = Rng::with_seed(seed);
        let worker = |pid: u32| {
            let pace = (self.spread * normal(&mut rng)).exp();
            let mut some = |count: u64, mean: f64| -> Vec<u64> {
                (0..count).map(|_| (mean * pace * (0.5 * normal(&mut rng)).exp()) as u64).collect()
            };
            Worked {
                pid,
                ppid: 1,
                argv: vec!["python3".to_owned(), format!("/job{pid}/work.py")],
                calls: [
                    ("brk grow", some(2 * self.units, 1e4 * self.rest)),
                    ("brk shrink", some(self.units, 6e5 * self.shrink)),
                ]
                .into(),
                waits: some(3 * self.units, 2e5 * self.wait),
                user_ns: some(self.units, 2e6 * self.rest).into_iter().sum(),
                ..Worked::default()
            }
        };
        recording(&(100..100 + self.workers).map(worker).collect::<Vec<_>>())
    }
}

fn compared(base: &Recording, new: &Recording, per: Option<&str>) -> Comparison {
    let per = per.map(Per::from);
    compare(("base", base), ("new", new), per.as_ref()).unwrap()
}

fn part<'a>(comparison: &'a Comparison, name: &str) -> &'a Part {
    comparison.parts.iter().find(|part| part.name == name).unwrap()
}

fn row<'a>(comparison: &'a Comparison, name: &str, kind: Kind) -> &'a Row {
    comparison.rows.iter().find(|row| row.name == name && row.kind == kind).unwrap()
}

#[test]
fn two_runs_of_the_same_are_not_called_different_in_19_of_20_tries() {
    let different = (0..20).filter(|seed| {
        let (base, new) = (POOL.run(2 * seed), POOL.run(2 * seed + 1));
        compared(&base, &new, None).significant == Some(true)
    });
    assert!(different.count() <= 1);
}

#[test]
fn a_true_change_is_found_and_lies_in_its_interval() {
    let base = Pool { workers: 32, spread: 0.1, ..POOL }.run(1);
    let new = Pool { workers: 16, spread: 0.1, shrink: 3.0, ..POOL }.run(2);
    let comparison = compared(&base, &new, Some("brk shrink"));
    assert_eq!(comparison.significant, Some(true));
    let shrink = row(&comparison, "brk shrink", Kind::Syscall);
    assert_eq!(shrink.significant, Some(true));
    let p50 = shrink.ratio.p50.unwrap();
    assert!(p50.low.unwrap() < 3.0 && p50.high.unwrap() > 3.0, "{p50:?}");
    assert!(p50.low.unwrap() > 2.0 && p50.high.unwrap() < 4.5, "{p50:?}");
    // The mean of a lognormal of spread 0.5 is e^0.125 of its median.
    let truth = 2.0 * 6e5 * 0.125f64.exp();
    let part = &comparison.parts[0];
    assert_eq!(part.name, "brk shrink");
    let (low, high) = (part.low_ns.unwrap() as f64, part.high_ns.unwrap() as f64);
    assert!(low > 0.0 && low < truth && truth < high, "{low} {truth} {high}");
    let grow = row(&comparison, "brk grow", Kind::Syscall);
    assert_eq!(grow.significant, Some(false), "{grow:?}");
}

#[test]
fn the_parts_sum_to_the_whole_which_is_known() {
    let worker = |pid, calls: u64, call_ns: u64, user_ns, waits: &[u64]| Worked {
        pid,
        calls: [("close", vec![call_ns; usize::try_from(calls).unwrap()])].into(),
        user_ns,
        waits: waits.to_vec(),
        ..Worked::default()
    };
    // Per close: 100 + 50 + 10 before; 300 + 60 + 40 after.
    let base = recording(&[worker(1, 10, 100, 500, &[100]), worker(2, 30, 100, 1_500, &[300])]);
    let new = recording(&[worker(1, 5, 300, 300, &[150, 50])]);
    let comparison = compared(&base, &new, Some("close"));
    assert_eq!(comparison.change_ns, 240);
    assert_eq!((comparison.base.unit_ns, comparison.new.unit_ns), (160.0, 400.0));
    assert_eq!((comparison.base.units, comparison.new.units), (40.0, 5.0));
    let changes: Vec<_> =
        comparison.parts.iter().map(|part| (part.name.as_str(), part.change_ns)).collect();
    assert_eq!(changes[..3], [("close", 200), ("runnable", 30), ("user", 10)]);
    assert_eq!(changes.iter().map(|(_, change)| change).sum::<i64>(), 240);
    assert_eq!(comparison.rows[0].name, "close", "what explains most comes first");
    let close = row(&comparison, "close", Kind::Syscall);
    assert_eq!((close.base.count, close.base.per_unit), (Some(40), Some(1.0)));
    assert_eq!((close.base.per_second, close.new.per_second), (Some(40.0), Some(5.0)));
    assert_eq!((close.base.max, close.new.max), (Some(100), Some(300)));
    assert_eq!(close.ratio.max.unwrap().value, 3.0);
}

#[test]
fn one_worker_beside_many_is_one_of_them() {
    let lone = |seed| Pool { workers: 1, ..POOL }.run(seed);
    let many = |seed, shrink| Pool { workers: 16, shrink, ..POOL }.run(seed);
    let different = (0..20).filter(|seed| {
        let comparison = compared(&lone(100 + seed), &many(200 + seed, 1.0), None);
        comparison.significant.unwrap()
    });
    assert!(different.count() <= 1);
    let comparison = compared(&lone(1), &many(2, 20.0), Some("brk shrink"));
    let shrink = row(&comparison, "brk shrink", Kind::Syscall);
    assert_eq!((comparison.significant, shrink.significant), (Some(true), Some(true)));
    let p50 = shrink.ratio.p50.unwrap();
    assert!(p50.low.unwrap() < 20.0 && p50.high.unwrap() > 20.0, "{p50:?}");
    let note = "`base` has one worker: how far it may be";
    assert!(comparison.notes.iter().any(|it| it.starts_with(note)), "{:?}", comparison.notes);
}

#[test]
fn one_worker_beside_few_gives_no_interval_and_says_so() {
    let (base, new) = (Pool { workers: 1, ..POOL }.run(1), Pool { workers: 3, ..POOL }.run(2));
    let comparison = compared(&base, &new, Some("brk shrink"));
    assert_eq!((comparison.low_ns, comparison.significant), (None, None));
    assert!(comparison.notes.iter().any(|note| note.contains("`base` has one worker")));
    let shrink = row(&comparison, "brk shrink", Kind::Syscall);
    assert_eq!(shrink.no_interval.as_deref(), Some("one process on a side"));
    assert!(shrink.ratio.p50.unwrap().low.is_none());
}

#[test]
fn few_calls_give_no_interval_either() {
    let run = |seed| Pool { workers: 2, units: 5, ..POOL }.run(seed);
    let comparison = compared(&run(1), &run(2), Some("brk shrink"));
    let shrink = row(&comparison, "brk shrink", Kind::Syscall);
    assert!(shrink.ratio.p50.unwrap().low.is_none());
    assert_eq!(shrink.no_interval.as_deref(), Some("too few of them for each figure"));
}

#[test]
fn the_unit_is_what_programs_report_before_what_counts_suggest() {
    let (mut base, mut new) = (POOL.run(1), POOL.run(2));
    let unit = compared(&base, &new, None);
    assert_eq!((unit.per.as_str(), unit.per_from), ("brk shrink", Origin::Proposed));
    for target in base.metadata.targets.iter_mut().chain(&mut new.metadata.targets) {
        target.iterations = Some(30);
    }
    let unit = compared(&base, &new, None);
    assert_eq!((unit.per.as_str(), unit.per_from), ("iteration", Origin::Reported));
    assert_eq!((unit.base.units, unit.base.units_per_second), (240.0, 240.0));
    // Two spectrograms' worth of calls each.
    let shrink = row(&unit, "brk shrink", Kind::Syscall);
    assert_eq!(shrink.base.per_unit, Some(2.0));
}

#[test]
fn without_a_unit_a_second_stands_for_it_and_nothing_can_change_but_its_parts() {
    let run = |seed, wait| {
        let mut run = Pool { wait, spread: 0.05, ..POOL }.run(seed);
        run.report.processes.iter_mut().for_each(|group| group.syscalls.clear());
        run
    };
    let comparison = compared(&run(1, 1.0), &run(2, 8.0), None);
    assert_eq!((comparison.per_from, comparison.change_ns), (Origin::None, 0));
    assert!(part(&comparison, "runnable").low_ns.unwrap() > 0);
    assert!(comparison.per_note.contains("--per"));
}

#[test]
fn a_parent_that_only_waits_is_no_worker() {
    let with_parent = |seed| {
        let mut run = POOL.run(seed);
        let mut parent = run.report.processes[0].clone();
        (parent.pid, parent.ppid, parent.start_ns) = (Some(1), Some(0), Some(1));
        parent.syscalls.clear();
        parent.thread_ns = 1_000_000_000_000;
        run.metadata.targets.push(crate::recording::Target {
            pid: 1,
            start_ns: 1,
            ..run.metadata.targets[0].clone()
        });
        run.report.processes.push(parent);
        run
    };
    let comparison = compared(&with_parent(1), &with_parent(2), Some("brk shrink"));
    assert_eq!((comparison.base.workers, comparison.new.workers), (8, 8));
    assert_eq!(comparison.base.roles, ["python3 work.py"]);
    assert!(comparison.rows.iter().any(|row| row.role == "python3 work.py (parent)"));
}

#[test]
fn other_load_is_said_and_counts_against_every_difference() {
    let (base, mut new) =
        (Pool { spread: 0.05, ..POOL }.run(1), Pool { spread: 0.05, wait: 1.5, ..POOL }.run(2));
    assert_eq!(compared(&base, &new, None).significant, Some(true));
    new.metadata.other_cpus = Some(1.5);
    let comparison = compared(&base, &new, None);
    assert_eq!(comparison.significant, Some(false));
    assert!(comparison.notes.iter().any(|note| note.contains("75 %")), "{:?}", comparison.notes);
    assert_eq!(comparison.differences[0].name, "CPUs busy with others");
}

#[test]
fn a_machine_that_was_slower_in_user_mode_may_have_been_so_elsewhere() {
    let run =
        |seed, shrink, rest| Pool { workers: 24, spread: 0.05, shrink, rest, ..POOL }.run(seed);
    let is_called = |base: &Recording, new: &Recording, name, kind| {
        let comparison = compared(base, new, Some("brk shrink"));
        let noted = comparison.notes.iter().any(|note| note.starts_with("user mode differs by"));
        (row(&comparison, name, kind).significant.unwrap(), noted)
    };
    let base = run(1, 1.0, 1.0);
    let (shrink, user) = (("brk shrink", Kind::Syscall), ("user", Kind::Budget));
    // By itself it would be.
    assert_eq!(is_called(&base, &run(2, 1.4, 1.0), shrink.0, shrink.1), (true, false));
    let slower = run(2, 1.4, 1.4);
    assert_eq!(is_called(&base, &slower, shrink.0, shrink.1), (false, true));
    assert_eq!(is_called(&base, &slower, user.0, user.1), (true, true));
    // No host does this.
    let much_slower = run(2, 2.5, 2.5);
    assert_eq!(is_called(&base, &much_slower, shrink.0, shrink.1), (true, true));
}

#[test]
fn what_takes_next_to_no_time_has_no_ratio_to_call_different() {
    let run = |seed, query_ns| {
        let mut run = Pool { workers: 6, spread: 0.05, ..POOL }.run(seed);
        for group in &mut run.report.processes {
            group.budget.kernel_ns.insert("brk query".to_owned(), query_ns);
        }
        run
    };
    let comparison = compared(&run(1, 300), &run(2, 900), Some("brk shrink"));
    let query = row(&comparison, "brk query", Kind::Budget);
    assert_eq!(query.significant, Some(false), "{query:?}");
    assert_eq!(query.no_interval.as_deref(), Some("too little of the time"));
    assert_eq!(query.ratio.time.map(|time| (time.value, time.low)), Some((3.0, None)));
}

#[test]
fn what_differs_in_the_metadata_is_named_with_both_values() {
    let (mut base, mut new) = (POOL.run(1), POOL.run(2));
    assert_eq!(compared(&base, &new, None).differences, []);
    for (run, value) in [(&mut base, "1"), (&mut new, "64")] {
        for target in &mut run.metadata.targets {
            let environment = target.environment.as_mut().unwrap();
            environment.insert("OMP_NUM_THREADS".to_owned(), value.to_owned());
        }
    }
    new.metadata.cpus.quota = Some(1.5);
    let differences = compared(&base, &new, None).differences;
    let shown: Vec<_> =
        differences.iter().map(|d| (d.name.as_str(), d.base.as_str(), d.new.as_str())).collect();
    assert_eq!(shown, [("OMP_NUM_THREADS", "1", "64"), ("CPU quota", "-", "1.5")]);
}

#[test]
fn runs_of_different_programs_are_not_compared() {
    let (base, mut new) = (POOL.run(1), POOL.run(2));
    for target in &mut new.metadata.targets {
        target.argv = Some(vec!["python3".to_owned(), "other.py".to_owned()]);
    }
    let error = compare(("a", &base), ("b", &new), None).unwrap_err().to_string();
    assert!(error.contains("in common"), "{error}");
}
