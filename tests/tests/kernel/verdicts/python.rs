//! The same for programs as users write them, in Python with NumPy and SciPy: `tests/python`.

use serde_json::Value;
use tests::{Report, cgroup::ControlGroup, programs, report::number};

use super::{
    Scene, come_about, judge_all, judge_all_beside_others, scenes::scene, trace_script, unexpected,
    wrong,
};

/// Each cause in several sizes.
const CAUSES: &[Scene] = &[
    scene("python spectrogram.py 1 1", Some("heap-churn")),
    scene("python spectrogram.py 4 1", Some("heap-churn")),
    spinning("python blas.py 2 0.8"),
    spinning("python blas.py 8 0.8 --size 128"),
    scene("python threads.py 2 0.8", Some("interpreter-lock-wait")),
    scene("python threads.py 8 0.8", Some("interpreter-lock-wait")),
    scene("python threads.py 4 0.8 --array 2000", Some("interpreter-lock-fight")),
    scene("python threads.py 8 0.8 --array 2000", Some("interpreter-lock-fight")),
    one_at_a_time("python pool.py 3 0.8"),
    one_at_a_time("python pool.py 8 0.8"),
    too_little_at_a_time("python pool.py 4 0.8 --size 2000"),
    too_little_at_a_time("python pool.py 4 0.8 --size 100 --parallel"),
    scene("python mapped.py 4 0.8", Some("mapping-churn")),
    scene("python mapped.py 64 0.8", Some("mapping-churn")),
    starting("python shared_sum.py 4 1"),
    starting("python shared_sum.py 16 1"),
];

/// The same work without the cause.
const TWINS: &[Scene] = &[
    scene("MALLOC_TOP_PAD_=134217728 python spectrogram.py 1 1", None),
    scene("MALLOC_TOP_PAD_=134217728 python spectrogram.py 4 1", None),
    scene("python blas.py 1 0.8", None),
    scene("python threads.py 1 0.8", None),
    scene("python threads.py 1 0.8 --array 2000", None),
    scene("python threads.py 2 0.8 --array 500000", None),
    several_at_once("python pool.py 2 0.8 --parallel"),
    several_at_once("python pool.py 8 0.8 --parallel"),
    scene("python mapped.py 64 0.8 --keep", None),
    working("python shared_sum.py 1 1000"),
];

/// The pinned release of NumPy brings an `OpenBLAS` that waits by spinning.
const fn spinning(script: &'static str) -> Scene {
    let spins = |truths: &[Value]| {
        let mut libraries = truths[0]["libraries"].as_array().into_iter().flatten();
        libraries.any(|it| it["version"].as_str().is_some_and(|it| it.starts_with("0.3.31")))
    };
    Scene { came_about: spins, ..scene(script, Some("oversubscribed-spin")) }
}

/// Tasks at once, by what each says of its beginning and end.
fn at_once(truths: &[Value]) -> f64 {
    truths[0]["at_once"].as_f64().unwrap()
}

const fn one_at_a_time(script: &'static str) -> Scene {
    let is_serial = |truths: &[Value]| (0.5..=1.0).contains(&at_once(truths));
    Scene { came_about: is_serial, ..scene(script, Some("serial-dispatch")) }
}

/// The tasks themselves take less than half of the time.
const fn too_little_at_a_time(script: &'static str) -> Scene {
    Scene { came_about: |truths| at_once(truths) < 0.5, ..scene(script, Some("serial-dispatch")) }
}

const fn several_at_once(script: &'static str) -> Scene {
    Scene { came_about: |truths| at_once(truths) >= 1.4, ..scene(script, None) }
}

/// The share of the workers' CPU time that went into their sums.
fn working_share(truths: &[Value]) -> f64 {
    let of = |name: &str| truths[0][name].as_f64().unwrap();
    of("working_s") / of("on_cpu_s")
}

const fn starting(script: &'static str) -> Scene {
    let starts = |truths: &[Value]| working_share(truths) < 0.1;
    Scene { came_about: starts, ..scene(script, Some("start-up-cost")) }
}

const fn working(script: &'static str) -> Scene {
    Scene { came_about: |truths| working_share(truths) > 0.6, ..scene(script, None) }
}

#[track_caller]
fn trace(script: &str, group: Option<&ControlGroup>) -> (Report, Vec<Value>) {
    let (python, here) = (programs::python_directory(), programs::python_programs());
    let script = format!(
        "PATH={}:$PATH\ncd {}\nexport PYTHONDONTWRITEBYTECODE=1\n{script}",
        python.display(),
        here.display()
    );
    trace_script(&script, group)
}

#[test]
fn every_situation_in_python_is_named_and_no_cell_off_the_diagonal_is_filled() {
    let group = ControlGroup::favoured();
    let run = |scene: &Scene| come_about(scene, || trace(scene.script, Some(&group)));
    judge_all("", CAUSES.iter().chain(TWINS), run, wrong);
}

#[test]
fn with_others_on_its_cpus_python_without_a_cause_is_given_none() {
    let run = |scene: &Scene| trace(scene.script, None).0;
    judge_all_beside_others(TWINS.iter().skip(1).step_by(2), run, wrong);
}

#[test]
fn with_others_on_its_cpus_a_situation_in_python_is_given_its_own_cause_or_none() {
    let run = |scene: &Scene| trace(scene.script, None).0;
    judge_all_beside_others(CAUSES.iter().skip(1).step_by(3), run, unexpected);
}

/// In each turn five arrays are of 4 MiB or more, for which NumPy asks for huge pages.
const ADVICE_PER_TURN: u64 = 5;

#[test]
fn calls_and_page_faults_are_those_of_the_turns_that_workers_counted() {
    let (report, truths) = trace("python spectrogram.py 3 0 --turns 12", None);
    let workers = truths[0]["workers"].as_array().unwrap();
    assert_eq!(workers.len(), 3);
    let mut besides = Vec::new();
    for worker in workers {
        let pid = i32::try_from(number(worker, "pid")).unwrap();
        let (turns, faults) = (number(worker, "turns"), number(worker, "faults"));
        assert_eq!(turns, 12, "{worker}");
        let advice = report.count(pid, "madvise", "calls");
        besides.push(advice.checked_sub(ADVICE_PER_TURN * turns).unwrap());
        let counted = number(&report.process(pid)["sched"]["faults"], "minor");
        // Those before and after its turns are few.
        assert!((faults..faults + 6_000).contains(&counted), "{counted} of {worker}: {report}");
        assert!(report.count(pid, "brk shrink", "calls") >= turns, "{worker}: {report}");
    }
    // What else a worker does is the same in each.
    assert!(besides[0] <= 2 && besides.iter().all(|it| *it == besides[0]), "{besides:?}");
}

#[test]
fn files_that_are_mapped_in_each_turn_are_told_from_memory() {
    let traced = |script| {
        let (report, truths) = trace(script, None);
        let truth = truths.into_iter().next().unwrap();
        (report, number(&truth, "turns"), number(&truth, "file_bytes"))
    };
    let of_files = |report: &Report| {
        let processes = report.processes();
        let rows = processes.iter().flat_map(tests::account::rows);
        rows.filter_map(|row| row["file_bytes"].as_u64()).sum::<u64>()
    };
    let (report, turns, length) = traced("python mapped.py 64 0.8");
    let (kept, _, _) = traced("python mapped.py 64 0.8 --keep");
    // Whatever else is mapped as it starts is the same.
    assert_eq!(of_files(&report) - turns * length, of_files(&kept) - length, "{report}");
    let what = report.0["verdicts"][0]["what"].as_str().unwrap();
    assert!(what.starts_with("files are mapped and unmapped over and over"), "{what}");
}

#[test]
fn what_a_verdict_says_to_change_makes_a_program_do_more_with_the_same_cpu_time() {
    let group = ControlGroup::favoured();
    let saved = |before: &str, after: &str, account: fn(&Value) -> (u64, f64)| {
        let cost = |script| {
            let (work, cpu_s) = account(&trace(script, Some(&group)).1[0]);
            assert!(work > 0, "{script}");
            cpu_s / f64::from(u32::try_from(work).unwrap())
        };
        let (before, after) = (cost(before), cost(after));
        assert!(before >= 1.3 * after, "{before} s for each before, and {after} s after");
    };
    let spectrograms = |truth: &Value| {
        let workers = truth["workers"].as_array().unwrap();
        let cpu_s = workers.iter().map(|worker| worker["cpu_s"].as_f64().unwrap()).sum();
        (workers.iter().map(|worker| number(worker, "turns")).sum(), cpu_s)
    };
    saved(
        "python spectrogram.py 2 0.8",
        "MALLOC_TOP_PAD_=134217728 python spectrogram.py 2 0.8",
        spectrograms,
    );
    let products = |truth: &Value| (number(truth, "products"), truth["cpu_s"].as_f64().unwrap());
    saved("python blas.py 4 0.8", "python blas.py 1 0.8", products);
    let turns = |truth: &Value| {
        let turns = truth["turns"].as_array().unwrap().iter();
        (turns.map(|it| it.as_u64().unwrap()).sum(), truth["cpu_s"].as_f64().unwrap())
    };
    saved("python threads.py 8 0.8 --array 2000", "python threads.py 1 0.8 --array 2000", turns);
}
