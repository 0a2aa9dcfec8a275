//! The right cause for each situation, and none where there is none.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what goes wrong in a helper fails the test at hand"
)]

mod disk;
mod missing;
mod pages;
mod pair;
mod python;
mod scenes;
mod table;

use std::{
    io::{self, Write as _},
    path::Path,
    process::Command,
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tests::{Report, Workload, cgroup::ControlGroup, programs, tracing};

use self::{
    scenes::{CAUSES, Scene, TWINS},
    table::Table,
};

/// So often a situation may fail to come about, by what the program itself says: with others on its
/// CPUs, threads that would fight may take turns.
const ATTEMPTS: usize = 5;

/// Traces a scene, with a tracer that begins in a group. Its report, and what it says itself.
#[track_caller]
fn trace(scene: &Scene, group: Option<&ControlGroup>) -> (Report, Vec<Value>) {
    let workloads = programs::workloads();
    let folder = Path::new(workloads.get_program()).parent().unwrap();
    trace_script(&format!("PATH={}:$PATH\n{}", folder.display(), scene.script), group)
}

/// The same of what a shell runs.
#[track_caller]
fn trace_script(script: &str, group: Option<&ControlGroup>) -> (Report, Vec<Value>) {
    let tracer = programs::tracer();
    let mut tracer = group.map_or(tracer, |group| group.starting(&programs::tracer()));
    let (report, finished) = tracing::trace_by(&mut tracer, "", &["sh", "-c", script]);
    let finished = finished.expect(0);
    let truths = finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
    (report, truths.collect())
}

/// The report of a run of which the program itself says that the situation came about.
#[track_caller]
fn come_about(scene: &Scene, run: impl Fn() -> (Report, Vec<Value>)) -> Report {
    let mut runs = (0..ATTEMPTS).map(|_| run());
    let came_about = runs.find(|(_, truths)| (scene.came_about)(truths));
    came_about.unwrap_or_else(|| panic!("{} did not come about on this machine", scene.script)).0
}

/// The names of the verdicts, the strongest first.
#[track_caller]
fn verdicts(report: &Report) -> Vec<&str> {
    let verdicts = report.0["verdicts"].as_array().unwrap_or_else(|| panic!("none in {report}"));
    verdicts.iter().map(|verdict| verdict["name"].as_str().unwrap()).collect()
}

/// What goes into a table: the first verdict, or else what cannot be told, or that there is nothing.
#[track_caller]
fn found(report: &Report) -> &str {
    let cannot_tell = !report.0["cannot_tell"].as_array().unwrap().is_empty();
    let none = if cannot_tell { "cannot tell" } else { "nothing" };
    verdicts(report).first().copied().unwrap_or(none)
}

/// Says something, though the test may pass.
fn say(text: &str) {
    // A test that cannot speak is no worse.
    drop(writeln!(io::stderr(), "{text}"));
}

/// What is wrong with the verdicts on a scene, if something is.
#[track_caller]
fn wrong(scene: &Scene, report: &Report) -> Option<String> {
    let found = verdicts(report);
    let right = found.first().copied() == scene.cause;
    if right { unexpected(scene, report) } else { Some(told(scene, report)) }
}

/// The same, where other programs may have kept the situation from coming about.
#[track_caller]
fn unexpected(scene: &Scene, report: &Report) -> Option<String> {
    let found = verdicts(report);
    let expected = |name: &&str| Some(*name) == scene.cause || scene.besides.contains(name);
    (!found.iter().all(expected)).then(|| told(scene, report))
}

/// Judges what a scene was found to be. A host that takes the CPUs away for a while can make one run
/// look like something else: a mistake counts if it is made in two of three runs.
#[track_caller]
fn judged<T>(run: impl Fn() -> T, mistake: impl Fn(&T) -> Option<String>) -> (T, Option<String>) {
    let first = run();
    let Some(told) = mistake(&first) else { return (first, None) };
    say(&format!("once more, twice: {told}"));
    let again = [run(), run()];
    let mistakes = again.each_ref().map(&mistake);
    let right = mistakes.iter().filter(|it| it.is_none()).count();
    let [second, _] = again;
    if right == 2 { (second, None) } else { (first, Some(told)) }
}

fn told(scene: &Scene, report: &Report) -> String {
    let (verdicts, open) = (&report.0["verdicts"], &report.0["cannot_tell"]);
    format!("{}: {verdicts:#} {open:#} {}", scene.script, report.0["concurrency"])
}

/// Judges scenes one after the other, shows the table, and fails the test for any mistake.
#[track_caller]
fn judge_all<'a>(
    title: &str,
    scenes: impl Iterator<Item = &'a Scene>,
    run: impl Fn(&Scene) -> Report,
    mistake: fn(&Scene, &Report) -> Option<String>,
) {
    let mut table = Table::default();
    let mut mistakes = Vec::new();
    for scene in scenes {
        let (report, mistake) = judged(|| run(scene), |report| mistake(scene, report));
        table.add(scene.cause, found(&report));
        mistakes.extend(mistake);
    }
    say(&format!("\n{title}{table}"));
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n\n"));
}

/// The same, while others keep the CPUs busy.
#[track_caller]
fn judge_all_beside_others<'a>(
    scenes: impl Iterator<Item = &'a Scene>,
    run: impl Fn(&Scene) -> Report,
    mistake: fn(&Scene, &Report) -> Option<String>,
) {
    let mut others = [0, 0].map(|_| Workload::waiting("syscalls spin=60s"));
    others.iter_mut().for_each(Workload::go);
    judge_all("with others on the CPUs:\n", scenes, run, mistake);
}

#[test]
fn every_situation_is_named_and_no_cell_off_the_diagonal_is_filled() {
    let group = ControlGroup::favoured();
    let run = |scene: &Scene| come_about(scene, || trace(scene, Some(&group)));
    judge_all("", CAUSES.iter().chain(TWINS), run, wrong);
}

#[test]
fn with_others_on_its_cpus_no_work_without_a_cause_is_given_one() {
    judge_all_beside_others(TWINS.iter().step_by(2), |scene| trace(scene, None).0, wrong);
}

#[test]
fn with_others_on_its_cpus_a_situation_is_given_its_own_cause_or_none() {
    judge_all_beside_others(CAUSES.iter().step_by(3), |scene| trace(scene, None).0, unexpected);
}

#[test]
fn a_quota_is_seen_from_outside_too() {
    let group = ControlGroup::favoured();
    let arguments = "oversubscribe --wait spin --quota 1 --seconds 60";
    let mut workload = Workload::waiting_as(&mut group.starting(&programs::workloads()), arguments);
    let tracing = tests::Tracing::of(workload.pid(), "");
    group.take(tracing.pid());
    workload.go();
    thread::sleep(Duration::from_millis(1_200));
    let report = tracing.stop();
    // It removes its own group, which is below the other.
    kill(Pid::from_raw(workload.pid()), Signal::SIGTERM).unwrap();
    let _ended = workload.finish();
    assert_eq!(verdicts(&report), ["cpu-quota"], "{report}");
    assert_eq!(report.0["cpus"]["quota"], 1.0, "{report}");
}

#[test]
fn intervals_have_no_verdicts_and_the_whole_has() {
    let mut workload = Workload::waiting("syscalls spin=500ms --hold");
    let tracing = tests::Tracing::of(workload.pid(), "-i 100ms");
    let _truth = workload.work();
    let (intervals, whole) = tracing.stop_intervals();
    assert!(intervals.iter().all(|interval| interval.0.get("verdicts").is_none()));
    assert_eq!(verdicts(&whole), [""; 0], "{whole}");
}

#[test]
fn the_first_line_of_the_text_is_the_verdict() {
    let first_line = |arguments: &[&str]| {
        let workloads = programs::workloads();
        let mut tracer: Command = programs::tracer();
        tracer.arg("--").arg(workloads.get_program()).args(arguments);
        let finished = tests::run(&mut tracer).expect(0);
        finished.stderr.lines().next().unwrap_or_default().to_owned()
    };
    let churn = first_line(&["brk-loop", "--procs", "1", "--seconds", "0.8"]);
    assert!(churn.starts_with("heap-churn (strong): "), "{churn}");
    let healthy = first_line(&["brk-loop", "--procs", "1", "--seconds", "0.8", "--healthy"]);
    assert_eq!(healthy, "nothing stands out");
    let short = first_line(&["syscalls", "getppid=1"]);
    assert!(short.starts_with("cannot tell: "), "{short}");
}

#[test]
fn what_was_too_short_or_idle_cannot_be_told() {
    let cannot_tell = |options: &str, command: &[&str]| {
        let (report, _) = tracing::trace(options, command);
        assert_eq!(verdicts(&report), [""; 0], "{report}");
        report.0["cannot_tell"][0]["missing"].as_str().unwrap_or_default().to_owned()
    };
    let short = cannot_tell("", &["true"]);
    // On a loaded machine it takes its time, and does as little.
    assert!(short.contains("is too short") || short.contains("did next to nothing"), "{short}");
    assert!(cannot_tell("", &["sleep", "0.3"]).contains("did next to nothing"));
    let workloads = programs::workloads();
    let spin = [workloads.get_program().to_str().unwrap(), "syscalls", "spin=300ms"];
    assert!(cannot_tell("-e brk", &spin).contains("futex, sched_yield were left out"));
}
