//! `--fail-if`: conditions, and the exit status that they make.

use tests::{Report, Running, Workload, programs, run, tracer};

#[test]
fn a_condition_that_holds_goes_before_the_commands_own_status_and_says_its_figures() {
    let arguments = ["-e", "getppid", "--fail-if", "busy_cpus > 1000", "--fail-if", "lost >= 0"];
    let finished = run(tracer().args(arguments).args(["--", "sh", "-c", "echo out; exit 7"]));
    let finished = finished.expect(3);
    assert_eq!(finished.stdout, "out\n");
    let (report, conditions) = finished.stderr.rsplit_once("--fail-if holds: ").unwrap();
    assert!(report.contains("0 in flight"), "{finished}");
    assert!(conditions.starts_with("lost >= 0\n  lost is 0 (0/s)\n"), "{finished}");
    assert!(!finished.stderr.contains("busy_cpus"), "{finished}");
}

#[test]
fn where_none_holds_the_status_is_the_commands_own_and_nothing_is_said() {
    let arguments = ["--fail-if", "busy_cpus > 1000", "--", "sh", "-c", "exit 7"];
    let finished = run(tracer().args(arguments)).expect(7);
    assert!(!finished.stderr.contains("fail-if"), "{finished}");
}

#[test]
fn json_on_standard_output_stays_json() {
    let workload = Workload::waiting("syscalls getppid=1");
    let pid = workload.pid().to_string();
    let arguments = ["-d", "0.1", "--format", "json", "--fail-if", "threads == 1", "-p", &pid];
    let finished = run(tracer().args(arguments)).expect(3).complains_of("threads is 1");
    assert_eq!(Report::parse(&finished.stdout).0["total"]["threads"], 1);
}

#[test]
fn what_cannot_be_decided_is_a_failure_of_the_tracer_that_names_what_is_missing() {
    let missing = "`p99(mremap)` is unknown, for no call of `mremap` was completed";
    let unknown = ["--fail-if", "p99(mremap) > 1s"];
    run(tracer().args(unknown).args(["--", "true"])).expect(125).complains_of(missing);
    let mut sleeper = Running::start(std::process::Command::new("sleep").arg("60"));
    let pid = sleeper.pid().to_string();
    run(tracer().args(unknown).args(["-d", "0.1", "-p", &pid])).expect(1).complains_of(missing);
    sleeper.signal(nix::sys::signal::Signal::SIGKILL);
    let _killed = sleeper.finish();
    // Half of it decides.
    let guarded = ["--fail-if", "calls(mremap) > 0 and p99(mremap) > 1s"];
    let _done = run(tracer().args(guarded).args(["--", "true"])).expect(0);
}

#[test]
fn a_mistake_is_status_2_with_its_place_before_anything_runs() {
    let dir = tempfile::tempdir().unwrap();
    let proof = dir.path().join("proof");
    let cases = [
        ("p99(bkr) > 3ms", "did you mean `brk`?\n\n  p99(bkr) > 3ms\n      ^^^\n"),
        ("runable > 20%", "did you mean `runnable`?\n\n  runable > 20%\n  ^^^^^^^\n"),
        ("lost > 0 and", "a figure here, such as"),
        ("p99(brk) > 2x", "only `tracer compare` has two"),
        ("p99(read) > 3ms", "ask for it with `-e read`"),
        (
            "verdict(heap-chrun)",
            "did you mean `heap-churn`?\n\n  verdict(heap-chrun)\n          ^^^^^^^^^^\n",
        ),
        ("verdict(memory-bandwidth)", "only `tracer compare` has two"),
    ];
    for (condition, hint) in cases {
        let finished = run(tracer().args(["--fail-if", condition, "--", "touch"]).arg(&proof));
        let finished = finished.expect(2).complains_of(hint);
        assert!(finished.stdout.is_empty() && !proof.exists(), "{finished}");
    }
}

#[test]
fn a_reader_who_goes_away_does_not_make_it_a_success() {
    let script = "\"$0\" --fail-if 'lost >= 0' -d 0.1 --format json -p $$; echo \"status $?\" >&2";
    let arguments = [programs::tracer_file().into_os_string()];
    // `true` reads nothing, and ends before the window does.
    let piped = format!("{{ {script}; }} | true");
    let finished = run(std::process::Command::new("sh").arg("-c").arg(piped).args(arguments));
    assert!(finished.stderr.contains("status 3"), "{finished}");
}

#[test]
fn recordings_are_judged_alone_and_against_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let record = |name: &str, madvise: &str| {
        let file = dir.path().join(name);
        let mut command = tracer();
        command.args(["--sample-hz", "0", "-o"]).arg(&file).arg("--");
        command.arg(programs::workloads().get_program());
        // Long enough for its arguments to be read, which say that both sides are of one role.
        let steps = ["syscalls", "futex-wait=1:1s", "futex-wake=39", madvise];
        let _done = run(command.args(steps)).expect(0);
        file
    };
    let (base, new) = (record("base", "madvise=20"), record("new", "madvise=60"));
    let report =
        |condition: &str| run(tracer().arg("report").arg(&new).args(["--fail-if", condition]));
    let finished = report("calls(madvise) == 60").expect(3);
    let _held = finished.complains_of("calls(madvise) is 60");
    let _not = report("calls(madvise) != 60 or calls(sched_yield) > 0").expect(0);
    let _unknown = report("calls(read) > 1").expect(1).complains_of("not among the calls traced");

    let compare = |condition: &str| {
        let mut command = tracer();
        command.arg("compare").arg(&base).arg(&new).args(["--per", "futex"]);
        run(command.args(["--fail-if", condition]))
    };
    let finished = compare("calls(madvise) >= 3x and calls(madvise) == 60").expect(3);
    let _held = finished.complains_of("calls(madvise) is 3.00x: 1.50 after 0.500");
    let _not = compare("calls(madvise) > 3x or lost > 1x").expect(0);
    let _mistake = compare("calls(madvise) > 3y").expect(2).complains_of("unknown unit `y`");
}

#[test]
fn a_verdict_on_a_program_that_did_nothing_is_unknown_live_and_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("run");
    let asked = ["--fail-if", "verdict(any)"];
    let mut live = tracer();
    live.arg("-o").arg(&file).args(asked).args(["--", "sleep", "0.3"]);
    let missing = "`verdict(any)` is unknown, for the targets did next to nothing";
    let _unknown = run(&mut live).expect(125).complains_of(missing);
    let again = run(tracer().arg("report").arg(&file).args(asked));
    let _unknown = again.expect(1).complains_of(missing);
    // Both did nothing, so there is nothing that both show either.
    let mut pair = tracer();
    pair.arg("compare").args([&file, &file]).args(["--fail-if", "verdict(memory-bandwidth)"]);
    let _unknown = run(&mut pair).expect(1).complains_of("`verdict(memory-bandwidth)` is unknown");
}
