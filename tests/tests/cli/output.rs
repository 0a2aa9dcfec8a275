//! Where the report goes, and in what form.

use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    process::{Command, Stdio},
};

use tests::{Report, Running, Terminal, run, tracer, workloads};

/// A process that makes calls until it is dropped.
fn busy() -> Running {
    let mut busy = Running::start(
        workloads().args(["syscalls", "--start-after-stdin", "--repeat", "1000000"]).args([
            "brk-grow=1",
            "brk-shrink=1",
            "nanosleep=1:2ms",
        ]),
    );
    busy.first_line();
    busy.say("\n");
    busy
}

fn tracing(target: &Running, seconds: &str) -> Command {
    let mut command = tracer();
    command.args(["-d", seconds, "-p", &target.pid().to_string()]);
    command
}

#[test]
fn the_table_is_on_standard_output_and_nothing_else_is() {
    let busy = busy();
    let finished = run(&mut tracing(&busy, "0.3")).expect(0);
    for word in ["brk grow", "brk shrink", "p99", "0 lost"] {
        assert!(finished.stdout.contains(word), "no `{word}`: {finished}");
    }
    assert!(finished.stderr.is_empty(), "{finished}");
}

#[test]
fn with_a_command_the_table_is_on_standard_error() {
    let finished = run(tracer().args(["--", "echo", "hello"])).expect(0);
    assert_eq!(finished.stdout, "hello\n");
    assert!(finished.stderr.contains("brk"), "{finished}");
}

#[test]
fn a_report_file_has_the_report_and_the_streams_have_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.json");
    let finished = run(tracer()
        .args(["--format", "json", "--report"])
        .arg(&file)
        .args(["--", "sh", "-c", "exit 2"]))
    .expect(2);
    assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("", ""));
    let report = Report::parse(&fs::read_to_string(&file).unwrap());
    assert_eq!(report.processes().len(), 1, "{report}");
    // What was in the file before is not left behind a shorter report.
    let finished = run(tracing(&busy(), "0.1").arg("--report").arg(&file)).expect(0);
    assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("", ""));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("brk grow") && !text.contains('{'), "{text}");
}

#[test]
fn a_report_file_that_cannot_be_written_is_told_before_anything_is_started() {
    let dir = tempfile::tempdir().unwrap();
    let proof = dir.path().join("proof");
    for file in ["/no/such/directory/report", "/"] {
        let finished = run(tracer().args(["--report", file, "--", "touch"]).arg(&proof));
        let finished = finished.expect(125).complains_of(&format!("the report to `{file}`"));
        assert!(!proof.exists(), "{finished}");
    }
    run(tracing(&busy(), "0.1").args(["--report", "/"])).expect(1);
}

#[test]
fn intervals_come_one_a_line_while_it_runs_and_the_whole_comes_last() {
    let busy = busy();
    let mut tracing = Running::start(tracing(&busy, "0.7").args(["-i", "0.2", "--format", "json"]));
    let first = Report::parse(&tracing.first_line());
    assert!(tracing.is_running(), "the first interval's report comes at its end");
    assert_eq!(first.0["interval"]["index"], 1);
    let reports = Report::parse_lines(&tracing.finish().expect(0).stdout);
    let (whole, intervals) = reports.split_last().unwrap();
    // Three whole ones, and the one that the end cuts short.
    assert_eq!(intervals.len(), 4);
    assert!(whole.0["interval"].is_null());
    let sum: u64 = intervals.iter().map(|report| report.total("brk grow", "calls")).sum();
    assert!(sum > 0);
    assert_eq!(sum, whole.total("brk grow", "calls"), "{whole}");
}

#[test]
fn a_reader_who_has_gone_is_no_error() {
    let busy = busy();
    for arguments in [&["-d", "0.1"][..], &["-d", "5", "-i", "0.1"]] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let pid = busy.pid().to_string();
        let mut tracing = Running::start_into(tracer().args(["-p", &pid]).args(arguments), writer);
        let finished = tracing.finish().expect(0);
        assert!(finished.stderr.is_empty(), "{finished}");
        assert!(finished.took.as_secs() < 4, "there is no one to go on for: {finished}");
    }
    for arguments in [&["doctor"][..], &["man"], &["completions", "bash"], &["--help"]] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let finished = Running::start_into(tracer().args(arguments), writer).finish().expect(0);
        assert!(finished.stderr.is_empty(), "{finished}");
    }
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let busy = busy();
    let (reader, writer) = io::pipe().unwrap();
    let mut command = tracing(&busy, "5");
    command.args(["-i", "0.1", "--format", "json"]);
    let mut tracing = Running::start_into(&mut command, writer);
    drop(command); // with its copy of the pipe's end
    let mut line = String::new();
    BufReader::new(reader).read_line(&mut line).unwrap();
    assert_eq!(Report::parse(&line).0["interval"]["index"], 1);
    let finished = tracing.finish().expect(0);
    assert!(finished.took.as_secs() < 4, "{finished}");
}

#[test]
fn a_full_disk_is_an_error() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for arguments in [&["doctor"][..], &["man"], &["completions", "bash"]] {
        let mut running = Running::start_into(tracer().args(arguments), full.try_clone().unwrap());
        running.finish().expect(1).complains_of("No space left on device");
    }
    let busy = busy();
    let mut running = Running::start_into(&mut tracing(&busy, "0.1"), full);
    running.finish().expect(1).complains_of("No space left on device");
}

#[test]
fn a_closed_standard_output_is_no_error() {
    let busy = busy();
    let line =
        format!("exec '{}' -d 0.1 -p {} >&-", tests::programs::tracer_file().display(), busy.pid());
    let mut shell = Command::new("sh");
    let mut running = Running::start_into(shell.args(["-c", &line]), Stdio::null());
    let finished = running.finish().expect(0);
    assert!(finished.stderr.is_empty(), "{finished}");
}

#[test]
fn a_terminal_of_40_columns_gets_lines_that_fit() {
    let busy = busy();
    for options in [&[][..], &["--histograms"]] {
        let (code, screen) = Terminal::start(tracing(&busy, "0.3").args(options), 40).finish();
        assert_eq!(code, 0, "{screen}");
        assert!(screen.contains("brk grow"), "{screen}");
        assert!(screen.lines().all(|line| line.chars().count() <= 40), "{screen}");
    }
}

#[test]
fn histograms_have_bars() {
    let busy = busy();
    let plain = run(&mut tracing(&busy, "0.3")).expect(0);
    let bars = run(tracing(&busy, "0.3").arg("--histograms")).expect(0);
    // The line that bars stand on; the budget has a bar of its own.
    assert!(bars.stdout.contains("│") && !plain.stdout.contains("│"), "{bars}");
}

#[test]
fn folding_puts_processes_together() {
    let (one, other) = (busy(), busy());
    let pids = format!("{},{}", one.pid(), other.pid());
    for (by, groups) in [("process", 2), ("comm", 1), ("all", 1)] {
        let finished =
            run(tracer().args(["-d", "0.2", "--format", "json", "--fold", by, "-p", &pids]))
                .expect(0);
        let report = Report::parse(&finished.stdout);
        assert_eq!(report.processes().len(), groups, "--fold {by}: {report}");
        assert_eq!(report.0["total"]["processes"], 2, "--fold {by}: {report}");
    }
}
