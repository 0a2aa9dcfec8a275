//! What two runs show together: judged by what the programs say of their own user time.

use std::path::{Path, PathBuf};

use super::*;
use tests::{report::number, run};

/// User time that grew so much is to be named, whoever measures it.
const GROWN: f64 = 1.75;
/// What has grown less has not grown; what lies between may be either.
const SAME: f64 = 1.05;

/// A recorded run: its file, and what it says itself.
struct Recorded {
    file: PathBuf,
    truths: Vec<Value>,
}

impl Recorded {
    #[track_caller]
    fn of(dir: &Path, procs: u32, options: &[&str]) -> Self {
        let group = ControlGroup::favoured();
        let file = dir.join(format!("{procs}.json.zst"));
        let mut tracer = group.starting(&programs::tracer());
        tracer.arg("-o").arg(&file).args(["--report", "/dev/null", "--"]);
        tracer.arg(programs::workloads().get_program()).args(options);
        tracer.args(["--procs", &procs.to_string(), "--seconds", "0.8"]);
        let finished = run(&mut tracer).expect(0);
        let truths = finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
        Self { file, truths: truths.collect() }
    }

    /// User time of a turn, in nanoseconds.
    fn user_ns(&self) -> f64 {
        let sum = |name| self.truths.iter().map(|truth| number(truth, name)).sum::<u64>();
        sum("utime_ns") as f64 / sum("iterations").max(1) as f64
    }
}

/// Records one worker and then two. What has grown by the programs' own account, and what the
/// comparison says: its verdict, or that it cannot tell, or that there is nothing.
#[track_caller]
fn one_and_two(options: &[&str]) -> (f64, String, Value) {
    let dir = tempfile::tempdir().unwrap();
    let [one, two] = [1, 2].map(|procs| Recorded::of(dir.path(), procs, options));
    let growth = two.user_ns() / one.user_ns();
    let mut compare = programs::tracer();
    compare.args(["compare", "--format", "json"]).arg(&one.file).arg(&two.file);
    let comparison: Value = serde_json::from_str(&run(&mut compare).expect(0).stdout).unwrap();
    assert_eq!(comparison["per_from"], "reported", "{comparison:#}");
    let together = &comparison["causes"]["together"];
    let first = |list: &str| together[list].as_array().is_some_and(|list| !list.is_empty());
    let found = match () {
        () if first("verdicts") => together["verdicts"][0]["name"].as_str().unwrap(),
        () if first("cannot_tell") => "cannot tell",
        () => "nothing",
    };
    (growth, found.to_owned(), comparison)
}

/// Whether it is said that no more CPUs were used.
fn no_more_cpus(comparison: &Value) -> bool {
    let undecided = &comparison["causes"]["together"]["cannot_tell"][0]["missing"];
    undecided.as_str().is_some_and(|missing| missing.contains("as no more CPUs were used"))
}

/// What is wrong with what was found, given by how much the work has grown.
fn mistake((growth, found, comparison): &(f64, String, Value)) -> Option<String> {
    let right = match *growth {
        // Unless the two hardly ever ran at once, which says nothing of one beside the other.
        growth if growth >= GROWN => found == "memory-bandwidth" || no_more_cpus(comparison),
        growth if growth <= SAME => found == "nothing",
        _ => true,
    };
    (!right)
        .then(|| format!("{found} at {growth:.2} times the user time: {:#}", comparison["causes"]))
}

#[test]
fn the_same_work_that_takes_longer_beside_more_of_it_is_named_where_it_does_and_not_where_it_does_not()
 {
    for options in
        [&["shared-columns"][..], &["shared-columns", "--healthy"], &["brk-loop", "--healthy"]]
    {
        let run = || {
            // Beside a busy machine two workers may have to take turns, and then nothing grows.
            let mut it = one_and_two(options);
            for _ in 1..ATTEMPTS {
                if options == ["shared-columns"] && it.0 < GROWN && mistake(&it).is_none() {
                    it = one_and_two(options);
                }
            }
            say(&format!("{options:?}: {:.2} times the user time: {}", it.0, it.1));
            it
        };
        let (_, mistake) = judged(run, mistake);
        assert_eq!(mistake, None, "{options:?}");
    }
}
