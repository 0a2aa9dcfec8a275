use std::time::Duration;

use super::*;
use crate::{compare::Per, report::Fold};

fn invocation(line: &str) -> Invocation {
    parse(words(line)).unwrap_or_else(|stop| panic!("{line}: {stop}"))
}

fn config(line: &str) -> Config {
    match invocation(line).action {
        Action::Trace(config) => config,
        other => panic!("{line} does not trace: {other:?}"),
    }
}

fn stop(line: &str) -> Stop {
    match parse(words(line)) {
        Ok(invocation) => panic!("{line} is understood: {invocation:?}"),
        Err(stop) => stop,
    }
}

fn words(line: &str) -> impl Iterator<Item = OsString> {
    std::iter::once("tracer").chain(line.split_whitespace()).map(OsString::from)
}

fn named(line: &str) -> (Vec<i32>, Option<String>, Vec<String>) {
    match config(line).targets {
        Targets::Named { pids, comm, cgroups } => (
            pids,
            comm.map(|regex| regex.to_string()),
            cgroups.iter().map(|path| path.display().to_string()).collect(),
        ),
        other => panic!("{line} names nothing: {other:?}"),
    }
}

fn command(line: &str) -> Command {
    match config(line).targets {
        Targets::Command(command) => command,
        other => panic!("{line} starts nothing: {other:?}"),
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> Result<u8>) -> String {
    let mut out = Vec::new();
    assert_eq!(write(&mut out).unwrap(), 0);
    String::from_utf8(out).unwrap()
}

#[test]
fn the_definitions_hold_together() {
    args::Cli::command().debug_assert();
}

#[test]
fn processes_are_named_in_several_ways_at_once() {
    let (pids, comm, cgroups) = named("-p 7,5 --pid 9 -p 5 --comm ^py --cgroup a --cgroup /b");
    assert_eq!(pids, [5, 7, 9]);
    assert_eq!(comm.as_deref(), Some("^py"));
    assert_eq!(cgroups, ["a", "/b"]);
}

#[test]
fn what_is_not_said_has_a_plain_default() {
    let config = config("-a");
    assert!(matches!(config.targets, Targets::All));
    assert_eq!(config.selection, Selection::default());
    assert!(config.follow && !config.threads && !config.histograms);
    assert_eq!((config.duration, config.interval, config.fold), (None, None, None));
    assert_eq!((config.format, config.report_to), (Format::Text, Destination::Stdout));
    assert_eq!(config.ring_bytes, 2 << 20);
    assert_eq!(invocation("-a").verbosity, LevelFilter::Warn);
}

#[test]
fn every_option_arrives_as_what_it_means() {
    let config = config(
        "-e brk --trace=futex -d 10 -i 0.5 --threads --no-follow --fold comm --histograms \
         --format json --report out.json --ring-size 64K -vv -p 1",
    );
    assert_eq!(config.selection, Selection::parse(&["brk,futex"]).unwrap());
    assert!(!config.follow && config.threads && config.histograms);
    assert_eq!(config.duration, Some(Duration::from_secs(10)));
    assert_eq!(config.interval, Some(Duration::from_millis(500)));
    assert_eq!(config.fold, Some(Fold::Comm));
    assert_eq!(config.format, Format::Json);
    assert_eq!(config.report_to, Destination::File("out.json".into()));
    assert_eq!(config.ring_bytes, 64 << 10);
    assert_eq!(invocation("-vv -p 1").verbosity, LevelFilter::Debug);
}

#[test]
fn a_command_keeps_its_own_options_and_has_standard_output_to_itself() {
    let command = command("--user ann --kill -- python3 -c x -p 1 -- --help");
    assert_eq!(command.argv, ["python3", "-c", "x", "-p", "1", "--", "--help"]);
    assert_eq!(command.user.as_deref(), Some("ann"));
    assert!(command.kill);
    assert_eq!(config("-- true").report_to, Destination::Stderr);
    assert_eq!(config("--report f -- true").report_to, Destination::File("f".into()));
}

#[test]
fn a_command_may_be_called_as_a_subcommand_is() {
    assert_eq!(command("-e brk -- doctor").argv, ["doctor"]);
    assert_eq!(command("-- man").argv, ["man"]);
}

#[test]
fn subcommands_need_no_target() {
    assert!(matches!(invocation("doctor").action, Action::Doctor { format: Format::Text }));
    let json = invocation("doctor --format json -v");
    assert!(matches!(json.action, Action::Doctor { format: Format::Json }));
    assert_eq!(json.verbosity, LevelFilter::Info);
    assert!(matches!(invocation("man").action, Action::Man));
    assert!(matches!(invocation("completions zsh").action, Action::Completions(_)));
}

#[test]
fn help_and_version_are_no_errors() {
    for line in ["--help", "-h", "--version", "-V", "doctor --help", "help"] {
        assert_eq!(stop(line).exit_code(), 0, "{line}");
    }
    assert!(stop("--help").to_string().contains("tracer -p 4321"));
}

#[test]
fn wrong_arguments_are_told_what_to_do() {
    let cases = [
        ("", "nothing to trace: name processes with -p"),
        ("-d 1", "nothing to trace"),
        ("--", "nothing to trace"),
        ("-p 0", "they go from 1 to"),
        ("-p -7", "-7 is no process id"),
        ("-p abc", "--comm"),
        ("-p", "a value is required"),
        ("-p 1 -d 0", "such as 10s"),
        ("-p 1 -d -1", "such as 10s"),
        ("-p 1 -i 1e400", "such as 10s"),
        ("-p 1 -e mmpa", "did you mean `mmap`?"),
        ("-p 1 --ring-size 100000", "write 64K or 128K"),
        ("-p 1 --fold pid", "[possible values: process, comm, all]"),
        ("--comm (", "unclosed group"),
        ("-a -p 1", "cannot be used with"),
        ("-a --comm x", "cannot be used with"),
        ("-a --cgroup x", "cannot be used with"),
        ("-a -- true", "cannot be used with"),
        ("-p 1 -- true", "cannot be used with"),
        ("--comm x -- true", "cannot be used with"),
        ("--cgroup x -- true", "cannot be used with"),
        ("-p 1 --kill", "put it after --"),
        ("-p 1 --user ann", "put it after --"),
        ("-p 1 --no-such", "unexpected argument"),
        ("-p 1 -d -1s", "not a time: write seconds"),
        ("-p 1 doctor", "unexpected argument"),
        ("completions ksh", "possible values"),
        ("python3 job.py", "put `--` before it, as in `tracer -- python3`"),
    ];
    for (line, hint) in cases {
        let stop = stop(line);
        assert_eq!(stop.exit_code(), 2, "{line}");
        assert!(stop.to_string().contains(hint), "{line}:\n{stop}");
    }
}

#[test]
fn an_empty_word_is_no_command_and_no_control_group() {
    let words = |last: &[&str]| {
        let words: Vec<_> = ["tracer"].iter().chain(last).map(OsString::from).collect();
        words.into_iter()
    };
    assert!(parse(words(&["--", ""])).unwrap_err().to_string().contains("empty word"));
    assert!(parse(words(&["--cgroup", ""])).unwrap_err().to_string().contains("value is required"));
    assert!(parse(words(&["-p", ""])).unwrap_err().to_string().contains("no process id in it"));
}

#[test]
fn completions_and_man_page_know_every_option() {
    use clap::ValueEnum as _;
    for shell in clap_complete::Shell::value_variants() {
        let script = written(|out| completions(Shell(*shell), out));
        for word in ["histograms", "ring-size", "doctor"] {
            assert!(script.contains(word), "{shell} lacks {word}");
        }
    }
    let page = written(man);
    assert!(page.contains(".TH tracer 1"), "{page}");
    for word in ["ring\\-size", ".SH EXAMPLES", "tracer doctor", ".SH \"EXIT STATUS\""] {
        assert!(page.contains(word), "{word} is not in:\n{page}");
    }
}

#[test]
fn recordings_are_named_where_they_are_written_and_read() {
    assert_eq!(config("-o run.zst -a").record_to.as_deref(), Some("run.zst".as_ref()));
    let Action::Report(show) = invocation("report --fold comm --top 3 run.zst").action else {
        panic!("no report")
    };
    assert_eq!(
        (show.file.to_str(), show.fold, show.top),
        (Some("run.zst"), Some(Fold::Comm), Some(3))
    );
    for (per, expected) in
        [("iterations", Per::Iterations), ("brk", Per::Syscall("brk".to_owned()))]
    {
        let line = format!("compare a.zst b.zst --per {per}");
        let Action::Compare(compare) = invocation(&line).action else { panic!("no comparison") };
        assert_eq!(compare.per, Some(expected));
    }
}
