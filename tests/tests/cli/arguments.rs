//! What the tracer makes of its arguments, before it traces.

use tests::{run, tracer};

#[test]
fn help_and_version_go_to_standard_output() {
    for (option, word) in
        [("-h", "tracer -p 4321"), ("--help", "Exit status:"), ("--version", "tracer 0.")]
    {
        let finished = run(tracer().arg(option)).expect(0);
        assert!(finished.stdout.contains(word), "{finished}");
        assert!(finished.stderr.is_empty(), "{finished}");
    }
}

#[test]
fn wrong_arguments_are_status_2_with_what_to_do_on_standard_error() {
    let cases: [(&[&str], &str); 18] = [
        (&[], "nothing to trace: name processes with -p"),
        (&["-d", "1"], "nothing to trace"),
        (&["--"], "nothing to trace"),
        (&["--", ""], "write a program's name"),
        (&["-p", "0"], "0 is no process id"),
        (&["-p", "-5"], "-5 is no process id"),
        (&["-p", "python3"], "--comm"),
        (&["-p", "99999999999"], "they go from 1 to"),
        (&["-a", "-d", "0"], "a time from 10ms to 365 days is needed"),
        (&["-a", "-d", "-1"], "a time from 10ms to 365 days is needed"),
        (&["-a", "-d", "1e400"], "a time from 10ms to 365 days is needed"),
        (&["-a", "-d", "99999999999999999999s"], "a time from 10ms to 365 days is needed"),
        (&["-a", "-i", "0"], "a time from 10ms to 365 days is needed"),
        (&["-a", "-d", "soon"], "such as 10, 0.5, 500ms or 2m"),
        (&["--comm", "("], "unclosed group"),
        (&["-a", "-e", "brk,mmpa"], "unknown system call `mmpa`: did you mean `mmap`?"),
        (&["-a", "--ring-size", "100K"], "write 64K or 128K"),
        (&["python3", "job.py"], "put `--` before it"),
    ];
    for (arguments, hint) in cases {
        let finished = run(tracer().args(arguments)).expect(2).complains_of(hint);
        assert!(finished.stdout.is_empty(), "{finished}");
    }
}

#[test]
fn targets_that_exclude_each_other_are_not_guessed_at() {
    let cases: [&[&str]; 7] = [
        &["-a", "-p", "1"],
        &["-a", "--comm", "x"],
        &["-a", "--cgroup", "x"],
        &["-a", "--", "true"],
        &["-p", "1", "--", "true"],
        &["--comm", "x", "--", "true"],
        &["--cgroup", "x", "--", "true"],
    ];
    for arguments in cases {
        run(tracer().args(arguments)).expect(2).complains_of("cannot be used with");
    }
    for option in [&["--kill"][..], &["--user", "root"]] {
        run(tracer().args(["-p", "1"]).args(option)).expect(2).complains_of("put it after --");
    }
}

#[test]
fn a_help_text_fits_a_narrow_terminal() {
    // Where `CI` is set, colours are taken to be wanted in any terminal.
    let mut help = tracer();
    let (code, screen) = tests::Terminal::start(help.arg("-h").env("NO_COLOR", "1"), 40).finish();
    assert_eq!(code, 0);
    let options = screen.lines().skip_while(|line| *line != "Targets:");
    let options: Vec<_> = options.take_while(|line| *line != "Examples:").collect();
    assert!(options.len() > 20, "{screen}");
    assert!(options.iter().all(|line| line.chars().count() <= 40), "{screen}");
}
