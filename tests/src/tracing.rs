//! Tracing, from the opening of the window to the report.

use std::process::Command;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{Finished, Report, Running, consistency, proc, programs, run};

/// A tracer whose window is open.
#[derive(Debug)]
pub struct Tracing {
    running: Running,
    /// Itself, where another program has started it.
    pid: i32,
}

impl Tracing {
    /// Starts the tracer with these options, and waits until its window is open.
    #[track_caller]
    #[must_use]
    pub fn start(options: &str) -> Self {
        let running = Running::start_tracing(&mut command(options));
        Self { pid: running.pid(), running }
    }

    /// The same by a program such as `nsenter`, which starts what its arguments say.
    #[track_caller]
    #[must_use]
    pub fn start_by(starter: &mut Command, options: &str) -> Self {
        let tracer = command(options);
        starter.arg(tracer.get_program()).args(tracer.get_args());
        let running = Running::start_tracing(starter);
        let pid = proc::child_of(running.pid());
        Self { running, pid }
    }

    /// Starts the tracer for one process.
    #[track_caller]
    #[must_use]
    pub fn of(pid: i32, options: &str) -> Self {
        Self::start(&format!("-p {pid} {options}"))
    }

    /// The tracer's own process id.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The reports of the intervals that are over.
    #[track_caller]
    #[must_use]
    pub fn intervals(&self) -> Vec<Report> {
        whole_lines(&self.running)
    }

    /// Waits until a report of an interval has what is looked for.
    #[track_caller]
    pub fn wait_for_interval<T>(&mut self, what: &str, found: impl Fn(&Report) -> Option<T>) -> T {
        self.running.wait_until(what, |it| whole_lines(it).iter().find_map(&found))
    }

    /// Closes the window, as Ctrl-C does, and gives the report.
    #[track_caller]
    #[must_use]
    pub fn stop(self) -> Report {
        self.stop_intervals().1
    }

    /// Closes the window, and gives the reports of the intervals and of the whole.
    #[track_caller]
    #[must_use]
    pub fn stop_intervals(self) -> (Vec<Report>, Report) {
        self.interrupt();
        self.finish_intervals()
    }

    /// Waits until the tracer closes the window of itself, and gives the report.
    #[track_caller]
    #[must_use]
    pub fn finish(self) -> Report {
        self.finish_intervals().1
    }

    fn interrupt(&self) {
        kill(Pid::from_raw(self.pid), Signal::SIGINT).unwrap();
    }

    /// The same, with the reports of the intervals.
    #[track_caller]
    #[must_use]
    pub fn finish_intervals(self) -> (Vec<Report>, Report) {
        let (intervals, whole) = self.all_reports();
        assert_eq!(whole.trust("lost"), 0, "calls were lost: {whole}");
        (intervals, whole)
    }

    #[track_caller]
    fn all_reports(mut self) -> (Vec<Report>, Report) {
        let finished = self.running.finish().expect(0);
        let mut reports = Report::parse_lines(&finished.stdout);
        let whole = reports.pop().unwrap_or_else(|| panic!("no report of {finished}"));
        reports.iter().chain([&whole]).for_each(consistency::check);
        (reports, whole)
    }
}

/// Traces a command to its end, and gives the report and how the tracer ended.
#[track_caller]
#[must_use]
pub fn trace(options: &str, program_and_arguments: &[&str]) -> (Report, Finished) {
    trace_by(&mut programs::tracer(), options, program_and_arguments)
}

/// The same by a tracer that has been given an environment.
#[track_caller]
#[must_use]
pub fn trace_by(
    tracer: &mut Command,
    options: &str,
    program_and_arguments: &[&str],
) -> (Report, Finished) {
    let file = tempfile::NamedTempFile::new().unwrap();
    tracer.args(["--format", "json", "--report"]).arg(file.path());
    tracer.args(options.split_ascii_whitespace()).arg("--").args(program_and_arguments);
    let finished = run(tracer);
    let text = std::fs::read_to_string(file.path()).unwrap();
    assert!(!text.is_empty(), "no report of {finished}");
    let report = Report::parse(&text);
    consistency::check(&report);
    assert_eq!(report.trust("lost"), 0, "calls were lost: {report}");
    (report, finished)
}

fn command(options: &str) -> Command {
    let mut command = programs::tracer();
    command.args(["--format", "json"]).args(options.split_ascii_whitespace());
    command
}

/// The reports that are there as whole lines.
fn whole_lines(running: &Running) -> Vec<Report> {
    let text = running.stdout();
    Report::parse_lines(text.rsplit_once('\n').map_or("", |(lines, _)| lines))
}
