//! What is traced: programs of the `workloads` crate, whose truth says how much they did.

use std::ffi::OsString;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::contender::Contender;

/// A workload.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Load {
    /// A process that does nothing but ask where its break is
    Brk,
    /// The same, while another process is traced
    Bystander,
    /// A numeric worker that moves its break six times a turn
    BrkLoop,
    /// Two threads on one CPU that wake each other in turn, by futex
    PingPong,
    /// Two such threads on every CPU
    Storm,
    /// A process on every CPU that asks where its break is
    Flood,
}

/// How much of it is done: a tool that is a hundred times slower gets less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// For what adds less than a microsecond.
    Full,
    /// For what stops the program, or wakes a reader, at each call.
    Small,
}

/// Waits for a line, then becomes the program given.
const HOLD: &str = r#"echo "{\"ready\":true,\"pid\":$$}"; read -r go; exec "$0" "$@""#;

impl Load {
    /// As in the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Brk => "tight loop of brk(0), one process",
            Self::Bystander => "tight loop of brk(0), in a process that is not a target",
            Self::BrkLoop => "brk-loop, one worker",
            Self::PingPong => "futex ping-pong, two threads on one CPU",
            Self::Storm => "futex ping-pong on every CPU: a storm of switches",
            Self::Flood => "tight loop of brk(0) on every CPU",
        }
    }

    /// What is done so many times.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Brk | Self::Bystander | Self::Flood => "call",
            Self::BrkLoop => "spectrogram",
            // One switch, one wake and, nearly always, one wait.
            Self::PingPong | Self::Storm => "turn",
        }
    }

    /// The name of its calls in the tables of tools, and in the tracer's.
    pub(crate) fn call(self) -> (&'static str, &'static str) {
        match self {
            Self::Brk | Self::Bystander | Self::Flood | Self::BrkLoop => ("brk", "brk query"),
            Self::PingPong | Self::Storm => ("futex", "futex"),
        }
    }

    /// Whether it fills every CPU, with a process each.
    pub(crate) fn is_everywhere(self) -> bool {
        matches!(self, Self::Storm | Self::Flood)
    }

    /// Whether its time is that of one thread, of which its waits for a CPU can be taken off.
    pub(crate) fn has_one_thread(self) -> bool {
        !matches!(self, Self::PingPong | Self::Storm)
    }

    /// How often each of its processes does its unit.
    pub(crate) fn units(self, size: Size, quick: bool) -> u64 {
        let full = match self {
            Self::Brk | Self::Bystander | Self::Flood => 1_000_000,
            Self::BrkLoop => return if quick { 20 } else { 60 },
            Self::PingPong | Self::Storm => 200_000,
        };
        let full = if quick { full / 4 } else { full };
        match size {
            Size::Full => full,
            Size::Small => full / 40,
        }
    }

    /// The program and its arguments. It prints that it is ready, and waits for a line.
    pub(crate) fn command(self, workloads: &OsString, units: u64) -> Vec<OsString> {
        let held = "--start-after-stdin";
        let words = match self {
            Self::Brk | Self::Bystander | Self::Flood => {
                vec!["syscalls".to_owned(), held.to_owned(), format!("brk-query={units}")]
            }
            Self::PingPong | Self::Storm => {
                ["scene", "ping-pong", held, "--iterations", &(units / 2).to_string()]
                    .map(str::to_owned)
                    .into()
            }
            Self::BrkLoop => {
                ["brk-loop", "worker", "--iterations", &units.to_string()].map(str::to_owned).into()
            }
        };
        let shell: &[&str] = if self == Self::BrkLoop { &["sh", "-c", HOLD] } else { &[] };
        let mut command: Vec<OsString> = shell.iter().map(OsString::from).collect();
        command.push(workloads.clone());
        command.extend(words.into_iter().map(OsString::from));
        command
    }

    /// Who is measured on it.
    pub(crate) fn contenders(self, quick: bool) -> &'static [Contender] {
        use Contender::{
            CallFloor, Floor, Offcputime, PerfTrace, Runqlat, Strace, StraceFilter, SwitchFloor,
            Syscount, Tracer, TracerAllCalls, TracerNoCalls, TracerNoSamples, Untraced,
        };
        if quick {
            return match self {
                Self::Brk => &[Untraced, CallFloor, Tracer, Strace],
                Self::Flood => &[Untraced, Tracer],
                _ => &[],
            };
        }
        match self {
            Self::Brk => &[
                Untraced,
                CallFloor,
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
            ],
            Self::Bystander => {
                &[Untraced, CallFloor, Tracer, TracerAllCalls, Strace, PerfTrace, Syscount]
            }
            Self::BrkLoop => &[
                Untraced,
                CallFloor,
                Tracer,
                TracerAllCalls,
                Strace,
                StraceFilter,
                PerfTrace,
                Syscount,
                Runqlat,
                Offcputime,
            ],
            Self::PingPong => &[
                Untraced,
                Floor,
                SwitchFloor,
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
            ],
            Self::Storm => &[
                Untraced,
                Floor,
                SwitchFloor,
                Tracer,
                TracerNoCalls,
                Syscount,
                Runqlat,
                Offcputime,
            ],
            Self::Flood => &[Untraced, CallFloor, Tracer, TracerAllCalls, Syscount],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(load: Load, units: u64) -> String {
        let words = load.command(&"W".into(), units);
        words.join(" ".as_ref()).into_string().unwrap()
    }

    #[test]
    fn each_turn_is_one_of_two_threads() {
        assert_eq!(
            line(Load::PingPong, 1000),
            "W scene ping-pong --start-after-stdin --iterations 500"
        );
        assert_eq!(line(Load::Flood, 7), "W syscalls --start-after-stdin brk-query=7");
    }

    #[test]
    fn a_program_that_cannot_wait_is_held_by_a_shell() {
        let line = line(Load::BrkLoop, 3);
        assert!(line.ends_with(r#"exec "$0" "$@" W brk-loop worker --iterations 3"#), "{line}");
    }

    #[test]
    fn everything_is_compared_with_the_untraced_run_first() {
        for &load in Load::value_variants() {
            assert_eq!(load.contenders(false).first(), Some(&Contender::Untraced), "{load:?}");
        }
    }
}
