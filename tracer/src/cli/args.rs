//! The command line as clap reads it. Help, completions and the man page are made from these
//! definitions, so their comments are texts for the user.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::builder::RangedU64ValueParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use regex::Regex;

use super::{
    sweep::Sweep,
    values::{self, PidList},
};
use crate::{compare::Per, config, report, verdicts::Topic};

/// Bytes of each CPU's ring, unless `--ring-size` says otherwise.
const DEFAULT_RING_BYTES: &str = "2M";

/// Lines to copy, each with what it does.
pub(super) const EXAMPLES: [(&str, &str); 7] = [
    ("tracer -p 4321 -d 10s", "a process and its descendants, for ten seconds"),
    ("tracer -p \"$(pgrep -d, python3)\"", "several processes"),
    ("tracer -e brk,futex -- python3 job.py", "a command, from its start to its end"),
    ("tracer --comm '^worker' -i 1s", "programs by name, with a report every second"),
    ("tracer -a -e %memory -d 5s --fold comm", "every process, those of one name together"),
    ("tracer --fail-if 'p99(brk) > 3ms' -- make", "status 3 if that holds"),
    ("tracer doctor", "what this kernel and this user can do"),
];

/// Whose rights are used for what.
pub(super) const RIGHTS: &str = "\
Tracing needs root, or the capabilities BPF, PERFMON, SYS_PTRACE and SYS_NICE. A command runs \
as the user who called sudo, in that user's environment.";

/// What a script can rely on.
pub(super) const EXIT_STATUS: &str = "\
0 done, 1 the tracer failed, 2 wrong arguments, 3 a condition of --fail-if holds. With a command and \
no such condition it is the command's own, 128+N if signal N ended it; 125 the tracer failed, 126 the \
command is not executable, 127 it was not found.";

fn after_help() -> String {
    let examples = EXAMPLES.map(|(line, what)| format!("  {line:<43}  {what}\n")).concat();
    format!("Examples:\n{examples}\n{RIGHTS}\n\nExit status: {EXIT_STATUS}")
}

/// Shows where the wall time of each process goes: calls, errors and latency percentiles of its
/// system calls, at a cost nobody notices
#[derive(Debug, Parser)]
#[command(
    name = "tracer",
    version,
    after_help = after_help(),
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    override_usage = "tracer [OPTIONS] -p PID[,PID…]\n       \
                      tracer [OPTIONS] --comm RE | --cgroup PATH | -a\n       \
                      tracer [OPTIONS] -- CMD [ARG…]\n       \
                      tracer report FILE | compare BASE NEW\n       \
                      tracer sweep --set NAME=VALUE[,VALUE…] -o DIR -- CMD [ARG…]\n       \
                      tracer doctor | completions SHELL | man"
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) subcommand: Option<Sub>,
    #[command(flatten)]
    pub(super) trace: Trace,
    /// Say more on standard error; twice and three times for still more
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(super) verbose: u8,
}

/// What `tracer` does besides tracing.
#[derive(Debug, Subcommand)]
pub(super) enum Sub {
    /// List what this kernel and this user can and cannot do, and what to do about it
    Doctor {
        /// Form of the list
        #[arg(long, value_name = "FORM", default_value = "text")]
        format: Format,
    },
    /// Show a recorded run (-o FILE) as it was shown live
    Report(ReportFile),
    /// Run a command with one value after the other, and show how its throughput depends on them
    Sweep(Sweep),
    /// Compare two recorded runs: how much longer a unit of work takes, and where that time goes
    Compare(CompareFiles),
    /// Print the completions for a shell
    Completions {
        /// The shell they are for
        shell: clap_complete::Shell,
    },
    /// Print the man page
    Man,
}

/// How a recorded run is to be shown.
#[derive(Debug, Args)]
pub(super) struct ReportFile {
    /// What `tracer -o FILE` wrote
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
    /// A table for each thread: only of what was recorded with --threads
    #[arg(long)]
    pub(super) threads: bool,
    /// A table for each process, for those of one name together, or for all together; without this
    /// as in the live run
    #[arg(long, value_name = "BY")]
    pub(super) fold: Option<Fold>,
    /// Show the distribution of each call's time
    #[arg(long)]
    pub(super) histograms: bool,
    /// Name so many of the functions that most time was spent in; without this as in the live run
    #[arg(long, value_name = "N")]
    pub(super) top: Option<usize>,
    /// Form of the report
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(super) format: Format,
    /// Exit with status 3, and say why, if this holds: `p99(brk) > 3ms and runnable > 20%`, say
    #[arg(long, value_name = "EXPR")]
    pub(super) fail_if: Vec<String>,
}

/// What is to be compared.
#[derive(Debug, Args)]
pub(super) struct CompareFiles {
    /// The run to compare with, as `tracer -o FILE` wrote it
    #[arg(value_name = "BASE", value_hint = ValueHint::FilePath)]
    pub(super) base: PathBuf,
    /// The run in question
    #[arg(value_name = "NEW", value_hint = ValueHint::FilePath)]
    pub(super) new: PathBuf,
    /// The unit of work: a system call that is made once for each, or `iterations` that the program
    /// reports; without this, what the recordings suggest
    #[arg(long, value_name = "UNIT")]
    pub(super) per: Option<Per>,
    /// Form of the comparison
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(super) format: Format,
    /// Exit with status 3, and say why, if this holds of NEW: `p99(brk) > 2x` (twice that of BASE),
    /// say, or `runnable > 20%`
    #[arg(long, value_name = "EXPR")]
    pub(super) fail_if: Vec<String>,
}

/// A tracing run.
#[derive(Debug, Args)]
pub(super) struct Trace {
    /// Trace these processes, all their threads and their descendants
    #[arg(
        short,
        long,
        value_name = "PID[,PID…]",
        value_parser = values::pids,
        allow_hyphen_values = true,
        help_heading = "Targets"
    )]
    pub(super) pid: Vec<PidList>,
    /// Trace every process
    #[arg(
        short,
        long,
        conflicts_with_all = ["pid", "comm", "cgroup", "command"],
        help_heading = "Targets"
    )]
    pub(super) all: bool,
    /// Trace programs whose name matches, those that start later too (a name is what `ps -o comm`
    /// shows: at most 15 bytes)
    #[arg(long, value_name = "RE", value_parser = values::comm, help_heading = "Targets")]
    pub(super) comm: Option<Regex>,
    /// Trace the processes of a control group; a path below /sys/fs/cgroup, or as /proc/PID/cgroup
    /// shows it
    #[arg(
        long,
        value_name = "PATH",
        value_hint = ValueHint::DirPath,
        help_heading = "Targets"
    )]
    pub(super) cgroup: Vec<PathBuf>,
    /// Start this command, and trace it to its end
    #[arg(
        last = true,
        value_name = "CMD",
        value_hint = ValueHint::CommandWithArguments,
        conflicts_with_all = ["pid", "comm", "cgroup"],
        help_heading = "Targets"
    )]
    pub(super) command: Vec<OsString>,
    /// Leave descendants out
    #[arg(long, help_heading = "Targets")]
    pub(super) no_follow: bool,

    /// Run the command as this user, not as the one who called sudo
    #[arg(long, value_hint = ValueHint::Username, help_heading = "Command")]
    pub(super) user: Option<String>,
    /// End the command when tracing ends before it; otherwise it is left running
    #[arg(long, help_heading = "Command")]
    pub(super) kill: bool,

    /// Show these system calls: names, classes (%memory, %file …), /regex, all; with ! all others.
    /// Without this: the calls for memory, the futex ones and sched_yield
    #[arg(short = 'e', long = "trace", value_name = "CALLS", help_heading = "Window and calls")]
    pub(super) calls: Vec<String>,
    /// Stop after this time: seconds, or with a unit as in 500ms, 10s, 2m
    #[arg(
        short,
        long,
        value_name = "TIME",
        value_parser = values::duration,
        allow_hyphen_values = true,
        help_heading = "Window and calls"
    )]
    pub(super) duration: Option<Duration>,
    /// Report every so often, and the whole at the end
    #[arg(
        short,
        long,
        value_name = "TIME",
        value_parser = values::duration,
        allow_hyphen_values = true,
        help_heading = "Window and calls"
    )]
    pub(super) interval: Option<Duration>,
    /// List waits for a CPU, and calls, that are at least this long
    #[arg(
        long,
        value_name = "TIME",
        default_value = "200ms",
        value_parser = values::duration,
        help_heading = "Report"
    )]
    pub(super) pauses_over: Duration,

    /// Look so many times a second where each CPU's thread is: 0 (never) to 10000
    #[arg(
        long,
        value_name = "HZ",
        default_value_t = 199,
        value_parser = RangedU64ValueParser::<u32>::new().range(..=10_000),
        help_heading = "Report"
    )]
    pub(super) sample_hz: u32,
    /// Name so many of the functions that most time was spent in, of programs and of the kernel
    #[arg(long, value_name = "N", default_value_t = 5, help_heading = "Report")]
    pub(super) top: usize,

    /// A table for each thread
    #[arg(long, help_heading = "Report")]
    pub(super) threads: bool,
    /// A table for each process, for those of one name together, or for all together; without this
    /// it depends on how many there are
    #[arg(long, value_name = "BY", help_heading = "Report")]
    pub(super) fold: Option<Fold>,
    /// Show the distribution of each call's time
    #[arg(long, help_heading = "Report")]
    pub(super) histograms: bool,
    /// Print the page on a verdict, or without a name list all verdicts
    #[arg(
        long,
        value_name = "VERDICT",
        num_args = 0..=1,
        default_missing_value = "list",
        value_parser = Topic::parse,
        exclusive = true,
        help_heading = "Report"
    )]
    pub(super) explain: Option<Topic>,
    /// Form of the report
    #[arg(long, value_name = "FORM", default_value = "text", help_heading = "Report")]
    pub(super) format: Format,
    /// Write the report to this file; otherwise it goes to standard output, or with a command to
    /// standard error
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Report")]
    pub(super) report: Option<PathBuf>,
    /// Exit with status 3, and say why, if this holds of the whole window: `p99(brk) > 3ms and
    /// runnable > 20%`, say
    #[arg(long, value_name = "EXPR", help_heading = "Report")]
    pub(super) fail_if: Vec<String>,
    /// Record the run to this file, for `tracer report` and `tracer compare`
    #[arg(
        short = 'o',
        long = "record",
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        help_heading = "Report"
    )]
    pub(super) record: Option<PathBuf>,
    /// Measure what tracing costs in the kernel too, not in the tracer's own process alone: the
    /// kernel then reads its clock twice more for each run of each eBPF program
    #[arg(long, help_heading = "Cost")]
    pub(super) own_cost: bool,
    /// Tell less in detail while tracing costs more than this share of the targets' CPU time: first
    /// sum stays on a CPU in the kernel, then calls, then leave percentiles out
    #[arg(
        long,
        value_name = "PERCENT",
        value_parser = values::percent,
        allow_hyphen_values = true,
        help_heading = "Cost"
    )]
    pub(super) budget: Option<f64>,
    /// Buffer between kernel and tracer, for each CPU, at most: a power of two, such as 64K or 2M
    #[arg(
        long,
        value_name = "BYTES",
        value_parser = values::ring_bytes,
        default_value = DEFAULT_RING_BYTES,
        allow_hyphen_values = true,
        help_heading = "Cost"
    )]
    pub(super) ring_size: u32,
}

/// How processes are put together.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Fold {
    /// Each by itself
    Process,
    /// Those of one name together
    Comm,
    /// All together
    All,
}

impl From<Fold> for report::Fold {
    fn from(fold: Fold) -> Self {
        match fold {
            Fold::Process => Self::Process,
            Fold::Comm => Self::Comm,
            Fold::All => Self::All,
        }
    }
}

/// The form of a report.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Format {
    /// Tables for people
    Text,
    /// For programs: one object, or with -i one object a line
    Json,
}

impl From<Format> for config::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Json => Self::Json,
        }
    }
}
