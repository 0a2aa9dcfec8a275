//! Calls that are interrupted: one call if the kernel goes on with it, two if the program does.

use tests::{
    Report, Tracing, Truth, Workload,
    account::{counts, row, time},
    report::number,
};

const SECOND: u64 = 1_000_000_000;

/// What came of a scene of interruptions: the report, the truths of the process that made the
/// calls and of its parent, which disturbed it.
struct Disturbed {
    report: Report,
    child: Truth,
    parent: Truth,
}

impl Disturbed {
    fn by(scene: &str, options: &str) -> Self {
        let mut workload = Workload::waiting(&format!("scene restart --seconds 2 {scene}"));
        let tracing = Tracing::of(workload.pid(), options);
        workload.go();
        let report = tracing.finish();
        let truths = workload.truths(2);
        let (parents, children): (Vec<_>, Vec<_>) =
            truths.into_iter().partition(|truth| truth.pid() == workload.pid());
        let [parent] = parents.try_into().expect("one parent");
        let [child] = children.try_into().expect("one child");
        Self { report, child, parent }
    }

    /// The account of the process that made the calls.
    fn account(&self) -> &serde_json::Value {
        self.report.process(self.child.pid())
    }
}

#[test]
fn a_sleep_that_is_stopped_and_continued_is_one_call() {
    let scene = Disturbed::by("--call nanosleep", "-e nanosleep,restart_syscall");
    assert!(scene.parent.number("stops") >= 5, "{:?}", scene.parent);
    let report = &scene.report;
    assert_eq!(counts(scene.account(), "calls"), scene.child.calls(), "{report}");
    assert_eq!(report.trust("unpaired"), 0, "{report}");
    assert!(counts(scene.account(), "errors").is_empty(), "{report}");
    let sleep = row(scene.account(), "nanosleep");
    assert!(time(sleep, "wall_ns") >= number(sleep, "calls") * SECOND, "{report}");
}

#[test]
fn a_futex_wait_that_is_stopped_and_continued_is_one_call() {
    let scene = Disturbed::by("--call futex", "-e futex,restart_syscall");
    assert!(scene.parent.number("stops") >= 5, "{:?}", scene.parent);
    let report = &scene.report;
    assert_eq!(counts(scene.account(), "calls"), scene.child.calls(), "{report}");
    assert_eq!(counts(scene.account(), "errors"), scene.child.errors(), "{report}");
    assert_eq!(report.trust("unpaired"), 0, "{report}");
    let futex = row(scene.account(), "futex");
    let own = &scene.child.0["futex_wait_ns"];
    assert!(time(futex, "wall_ns") <= number(own, "total"), "{own}: {report}");
    assert!(time(futex, "wall_ns") * 100 >= number(own, "total") * 95, "{own}: {report}");
    assert!(number(&futex["wall_ns"], "max") <= number(own, "max"), "{own}: {report}");
}

#[test]
fn a_read_restarted_after_each_signal_is_one_call() {
    let scene = Disturbed::by("--handler", "-e read,rt_sigreturn");
    let (report, account) = (&scene.report, scene.account());
    let runs = scene.child.number("handler_runs");
    assert!(runs >= 5, "{:?}", scene.child);
    assert_eq!(scene.child.calls()["read"], 1);
    let expected = [("read".to_owned(), 1), ("rt_sigreturn".to_owned(), runs)].into();
    assert_eq!(counts(account, "calls"), expected, "{report}");
    assert!(counts(account, "errors").is_empty(), "{report}");
    // It waited for its sign in another read.
    assert_eq!(counts(account, "unpaired"), [("read".to_owned(), 1)].into(), "{report}");
    assert!(time(row(account, "read"), "wall_ns") >= SECOND * 18 / 10, "{report}");
}

#[test]
fn a_read_ended_by_each_signal_is_a_failed_call_each_time() {
    let scene = Disturbed::by("--eintr", "-e read,rt_sigreturn");
    let (report, account) = (&scene.report, scene.account());
    let runs = scene.child.number("handler_runs");
    assert!(runs >= 5, "{:?}", scene.child);
    assert_eq!(scene.child.calls()["read"], runs + 1);
    let expected = [("read".to_owned(), runs + 1), ("rt_sigreturn".to_owned(), runs)].into();
    assert_eq!(counts(account, "calls"), expected, "{report}");
    assert_eq!(counts(account, "errors"), [("read".to_owned(), runs)].into(), "{report}");
    assert_eq!(counts(account, "unpaired"), [("read".to_owned(), 1)].into(), "{report}");
}
