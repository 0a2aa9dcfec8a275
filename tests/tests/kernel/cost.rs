//! What tracing costs: measured, shown, and kept within bounds.

use std::{
    collections::BTreeMap,
    env, fmt, fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use tests::{
    Tracing, Workload,
    account::counts,
    proc::Scheduled,
    programs,
    report::{Report, number},
};

const MILLISECOND: u64 = 1_000_000;

#[test]
fn the_readers_cpu_time_is_what_proc_says_of_the_tracer() {
    let mut workload = Workload::waiting("syscalls brk-query=1000000 --hold");
    let tracing = Tracing::of(workload.pid(), "");
    let before = Scheduled::of(&[tracing.pid()]);
    drop(workload.work());
    let proc = Scheduled::of(&[tracing.pid()]).since(before).on_cpu_ns;
    let report = tracing.stop();
    let ours = report.trust("reader_cpu_ns");
    // The window is a little longer than the time between the two looks.
    assert!(ours + ours / 10 + 5 * MILLISECOND >= proc, "{ours} ns, but {proc} in /proc");
    assert!(ours <= proc + proc / 2 + 20 * MILLISECOND, "{ours} ns, but {proc} in /proc");
    assert!(report.0["trust"]["program_ns"].is_null(), "nobody asked for it: {report}");
    assert_eq!(report.trust("recursion_misses"), 0, "{report}");
}

/// The sum of a line over all programs that a process has descriptors of.
fn fdinfo(pid: i32, name: &str) -> u64 {
    let files = fs::read_dir(format!("/proc/{pid}/fdinfo")).expect("it runs").flatten();
    let texts = files.map(|file| fs::read_to_string(file.path()).unwrap_or_default());
    let value = |text: String| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().parse().ok()
    };
    texts.filter_map(value).sum()
}

#[test]
fn the_programs_cpu_time_is_what_the_kernel_counts() {
    const CALLS: u64 = 200_000;
    let mut workload = Workload::waiting(&format!("syscalls brk-query={CALLS} --hold"));
    let tracing = Tracing::of(workload.pid(), "--own-cost");
    let before = ["run_time_ns", "run_cnt"].map(|name| fdinfo(tracing.pid(), name));
    let truth = workload.work();
    let after = ["run_time_ns", "run_cnt"].map(|name| fdinfo(tracing.pid(), name));
    let report = tracing.stop();
    let (ns, runs) = (report.trust("program_ns"), report.trust("program_runs"));
    // Before and after those looks the programs run too, for whatever this machine does.
    assert!(ns >= after[0] - before[0], "{ns} of {before:?} to {after:?}: {report}");
    assert!(runs >= after[1] - before[1], "{runs} of {before:?} to {after:?}: {report}");
    assert!(runs >= 2 * CALLS, "each call has a beginning and an end: {runs}");
    let cpus = thread::available_parallelism().unwrap().get() as u64;
    assert!(ns <= cpus * number(&report.0, "window_ns"), "{ns}: {report}");
    assert_eq!(counts(report.process(workload.pid()), "calls"), truth.calls());
}

/// What is told from each change on, in the order of time.
fn details(report: &Report) -> Vec<&str> {
    let shed = report.0["trust"]["shed"].as_array().map_or(&[][..], Vec::as_slice);
    shed.iter().map(|change| change["detail"].as_str().expect("a detail")).collect()
}

#[test]
fn a_tiny_budget_sheds_detail_step_by_step_and_counts_stay_exact() {
    let steps = "brk-grow=1 brk-shrink=1 brk-fail=1 brk-query=97";
    let mut workload = Workload::waiting(&format!("syscalls {steps} --repeat 40000 --hold"));
    let tracing = Tracing::of(workload.pid(), "--budget 0.001");
    let truth = workload.work();
    thread::sleep(Duration::from_millis(300));
    let report = tracing.stop();
    let process = report.process(workload.pid());
    assert_eq!(counts(process, "calls"), truth.calls(), "{report}");
    assert_eq!(counts(process, "errors"), truth.errors(), "{report}");
    assert_eq!(details(&report), ["calls", "distributions", "sums"], "{report}");
    let shed = report.0["trust"]["shed"].as_array().unwrap();
    assert!(shed.iter().all(|change| change["cost_percent"].as_f64().unwrap() > 0.001));
    assert!(shed.is_sorted_by_key(|change| number(change, "at_ns")), "{report}");
    let notes = report.0["trust"]["notes"].as_array().unwrap();
    let notes: Vec<&str> = notes.iter().filter_map(|note| note.as_str()).collect();
    for words in ["told one by one", "are summed in the kernel:", "without percentiles"] {
        assert!(notes.iter().any(|note| note.contains(words)), "no `{words}` in {notes:?}");
    }
    let query = tests::account::row(process, "brk query");
    assert!(number(query, "folded") > 0, "{query:#}");
    assert!(query["wall_ns"]["p50"].is_null(), "nobody knows: {query:#}");
    assert!(number(&query["wall_ns"], "mean") > 0, "{query:#}");
}

#[test]
fn detail_comes_back_when_tracing_is_cheap_again() {
    let steps = "brk-query=2000000 spin=7s brk-query=1000";
    let mut workload = Workload::waiting(&format!("syscalls {steps} --hold"));
    let tracing = Tracing::of(workload.pid(), "--budget 30");
    let truth = workload.work();
    let report = tracing.stop();
    assert_eq!(counts(report.process(workload.pid()), "calls"), truth.calls(), "{report}");
    let details = details(&report);
    assert_eq!(details.first(), Some(&"calls"), "calls all the time cost more: {report}");
    // A loaded machine may push it over the budget once more.
    assert!(details.contains(&"all"), "spinning costs next to nothing: {report}");
}

#[test]
fn an_ample_budget_changes_nothing() {
    let mut workload = Workload::waiting("syscalls brk-query=10000 spin=1s --hold");
    let tracing = Tracing::of(workload.pid(), "--budget 100");
    let truth = workload.work();
    let report = tracing.stop();
    assert_eq!(counts(report.process(workload.pid()), "calls"), truth.calls());
    assert!(report.0["trust"].get("shed").is_none(), "{report}");
    assert_eq!(report.trust("folded"), 0, "{report}");
}

const RENEW: &str = "RENEW_VERIFIER_BUDGET";

/// Instructions that the verifier looked at, by program.
#[derive(Debug, PartialEq, Eq)]
struct Verified(BTreeMap<String, u32>);

impl Verified {
    /// Those of the tracer's programs on this kernel.
    fn now() -> Self {
        let mut tracer = programs::tracer();
        // Nothing but the loading counts.
        tracer.args(["-d", "10ms", "--", "sleep", "0.1"]);
        let finished = tests::run(tracer.env("RUST_LOG", "tracer=debug"));
        let line = |line: &str| {
            let (name, count) = line.split_once("verified ")?.1.split_once(": ")?;
            let count = count.strip_suffix(" instructions")?.parse().ok()?;
            Some((name.to_owned(), count))
        };
        let verified: BTreeMap<_, _> = finished.stderr.lines().filter_map(line).collect();
        assert!(verified.len() > 10, "programs are missing: {finished}");
        Self(verified)
    }

    fn file() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tracer-ebpf/verifier-budget.toml")
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "# How many instructions the kernel's verifier may look at in each program: what it takes \
             to load it,\n# and to start tracing, grows with them. Renew with\n#   {RENEW}=1 cargo \
             xtask test --only kernel -- verifier"
        )?;
        self.0.iter().try_for_each(|(name, count)| writeln!(f, "{name} = {count}"))
    }
}

#[test]
fn the_verifier_needs_no_more_instructions_than_its_budget() {
    let now = Verified::now();
    let file = Verified::file();
    if env::var_os(RENEW).is_some() {
        // Half as much again, for other kernels count otherwise.
        let budget = |count: u32| (count + count / 2).next_multiple_of(100);
        let budgets = now.0.iter().map(|(name, count)| (name.clone(), budget(*count)));
        fs::write(&file, Verified(budgets.collect()).to_string()).unwrap();
    }
    let text = fs::read_to_string(&file).unwrap();
    let budget: BTreeMap<String, u32> = toml::from_str(&text).unwrap();
    let how = format!(
        "if that is meant, renew {} with `{RENEW}=1 cargo xtask test --only kernel -- verifier`, and \
         say why in the commit",
        file.display()
    );
    for (name, count) in &now.0 {
        let allowed = budget.get(name).unwrap_or_else(|| panic!("{name} has no budget: {how}"));
        assert!(
            count <= allowed,
            "the verifier looked at {count} instructions of {name}, {allowed} are allowed: {how}"
        );
    }
    let known: Vec<_> = budget.keys().filter(|name| !now.0.contains_key(*name)).collect();
    assert!(known.is_empty(), "no such programs any more: {known:?}. {how}");
}
