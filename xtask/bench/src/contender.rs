//! Who is measured: the tracer, what a user would take instead, and the least that it could cost.

use std::ffi::OsString;

use serde::{Deserialize, Serialize};

use crate::{
    counted::{self, Counted},
    floor,
    load::{Load, Size},
    places::Programs,
};

/// A tool, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Contender {
    Untraced,
    /// Programs at the entry and the exit of calls, which read the clock.
    CallFloor,
    /// A program at each switch, which reads the clock.
    SwitchFloor,
    /// All three.
    Floor,
    Tracer,
    TracerNoSamples,
    TracerAllCalls,
    TracerNoCalls,
    Strace,
    StraceFilter,
    PerfTrace,
    Syscount,
    Runqlat,
    Offcputime,
}

/// How a tool is started.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// There is none.
    None,
    /// Beside the workload, which it is told the processes of.
    Beside(Vec<OsString>, Ready),
    /// In front of the workload's own command.
    Around(Vec<OsString>),
}

/// How it shows that it traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    /// By these words in a line on standard output.
    Output(&'static str),
    /// On standard error.
    Error(&'static str),
    /// Not at all: its BPF links and perf events are looked for.
    Hooks,
}

impl Contender {
    /// As in the table.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Untraced => "untraced",
            Self::CallFloor => "floor: empty sys_enter, sys_exit",
            Self::SwitchFloor => "floor: empty sched_switch",
            Self::Floor => "floor: all three empty",
            Self::Tracer => "tracer",
            Self::TracerNoSamples => "tracer --sample-hz 0",
            Self::TracerAllCalls => "tracer -e all",
            Self::TracerNoCalls => "tracer, scheduler alone",
            Self::Strace => "strace -c -f",
            Self::StraceFilter => "strace -c -f --seccomp-bpf",
            Self::PerfTrace => "perf trace -s",
            Self::Syscount => "syscount -L",
            Self::Runqlat => "runqlat",
            Self::Offcputime => "offcputime",
        }
    }

    /// Whether it is the tracer, in one of its forms.
    pub(crate) fn is_tracer(self) -> bool {
        matches!(
            self,
            Self::Tracer | Self::TracerNoSamples | Self::TracerAllCalls | Self::TracerNoCalls
        )
    }

    /// The program of others that it is.
    pub(crate) fn foreign_program(self) -> Option<&'static str> {
        match self {
            Self::Strace | Self::StraceFilter => Some("strace"),
            Self::PerfTrace => Some("perf"),
            Self::Syscount => Some("syscount"),
            Self::Runqlat => Some("runqlat"),
            Self::Offcputime => Some("offcputime"),
            _ => None,
        }
    }

    /// How much work is enough to measure it by.
    pub(crate) fn size(self) -> Size {
        match self {
            Self::Strace | Self::StraceFilter | Self::PerfTrace => Size::Small,
            _ => Size::Full,
        }
    }

    /// Its command line for a workload in these processes.
    pub(crate) fn tool(self, programs: &Programs, load: Load, pids: &[u32]) -> Tool {
        let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
        let pids = pids.join(",");
        let (call, _) = load.call();
        // These take one process, or none and so all.
        let one: &[&str] = if load.is_everywhere() { &[] } else { &["-p", &pids] };
        let (program, words, ready): (&OsString, Vec<&str>, Ready) = match self {
            Self::Untraced => return Tool::None,
            Self::CallFloor => return floor_of(programs, &["sys_enter", "sys_exit"]),
            Self::SwitchFloor => return floor_of(programs, &["sched_switch"]),
            Self::Floor => {
                return floor_of(programs, &["sys_enter", "sys_exit", "sched_switch"]);
            }
            Self::StraceFilter => {
                // The filter comes with the program's start, and has to leave something out.
                let calls = format!("trace={call}");
                let words = ["strace", "-c", "-f", "--seccomp-bpf", "-e", &calls];
                return Tool::Around(words.map(OsString::from).into());
            }
            Self::Tracer | Self::TracerNoSamples | Self::TracerAllCalls | Self::TracerNoCalls => {
                let mut words = vec!["-v", "--format", "json", "-p", &pids];
                words.extend_from_slice(match self {
                    Self::TracerNoSamples => &["--sample-hz", "0"],
                    Self::TracerAllCalls => &["-e", "all"],
                    // There is no way to name no call at all; this one is not made.
                    Self::TracerNoCalls => &["--sample-hz", "0", "-e", "reboot"],
                    _ => &[],
                });
                (&programs.tracer, words, Ready::Error("the window is open"))
            }
            Self::Strace => {
                (&programs.strace, vec!["-c", "-f", "-p", &pids], Ready::Error("attached"))
            }
            Self::PerfTrace => (&programs.perf, vec!["trace", "-s", "-p", &pids], Ready::Hooks),
            Self::Syscount => (&programs.syscount, [&["-L"], one].concat(), Ready::Hooks),
            Self::Runqlat => (&programs.runqlat, one.to_vec(), Ready::Hooks),
            Self::Offcputime => (&programs.offcputime, one.to_vec(), Ready::Hooks),
        };
        let words = words.into_iter().map(OsString::from);
        Tool::Beside(std::iter::once(program.clone()).chain(words).collect(), ready)
    }

    /// What it has counted of the workload's calls, by what it printed at its end.
    pub(crate) fn counted(self, load: Load, output: &str) -> Counted {
        let (call, row) = load.call();
        match self {
            // A worker's break is moved by libraries too, whose calls nobody has counted.
            _ if load == Load::BrkLoop || load == Load::Bystander => Counted::default(),
            Self::Tracer | Self::TracerNoSamples | Self::TracerAllCalls => {
                counted::by_tracer(output, row)
            }
            Self::TracerNoCalls => Counted { calls: None, ..counted::by_tracer(output, row) },
            Self::Strace | Self::StraceFilter => counted::by_strace(output, call),
            Self::PerfTrace => counted::by_perf(output, call),
            // System-wide it counts other processes' calls too.
            Self::Syscount if !load.is_everywhere() => counted::by_syscount(output, call),
            _ => Counted::default(),
        }
    }
}

fn floor_of(programs: &Programs, tracepoints: &[&str]) -> Tool {
    let words = [programs.bench.clone(), "floor".into(), programs.floor_object.clone()];
    let names = tracepoints.iter().map(OsString::from);
    Tool::Beside(words.into_iter().chain(names).collect(), Ready::Output(floor::ATTACHED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(contender: Contender, load: Load) -> String {
        match contender.tool(&Programs::named(), load, &[11, 12]) {
            Tool::Beside(words, _) | Tool::Around(words) => {
                words.join(" ".as_ref()).into_string().unwrap()
            }
            Tool::None => String::new(),
        }
    }

    #[test]
    fn who_takes_one_process_alone_watches_all_of_them() {
        assert_eq!(line(Contender::Syscount, Load::Flood), "syscount -L");
        assert_eq!(line(Contender::Runqlat, Load::Storm), "runqlat");
        assert_eq!(line(Contender::Tracer, Load::Flood), "tracer -v --format json -p 11,12");
    }

    #[test]
    fn the_filter_of_strace_is_set_when_the_program_starts() {
        let line = line(Contender::StraceFilter, Load::PingPong);
        assert_eq!(line, "strace -c -f --seccomp-bpf -e trace=futex");
    }

    #[test]
    fn the_floor_is_a_helper_of_our_own() {
        assert_eq!(line(Contender::SwitchFloor, Load::Storm), "bench floor floor.o sched_switch");
    }
}
