//! A step: which calls to make, how many, how long each.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, bail};

/// What a step does once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    BrkGrow,
    BrkShrink,
    BrkQuery,
    BrkFail,
    Mmap,
    Populate,
    Madvise,
    Mprotect,
    Mremap,
    FutexWait,
    FutexWake,
    FutexEagain,
    SchedYield,
    Getppid,
    Nanosleep,
    Fail,
    Compat,
    CompatChdir,
    Spin,
}

/// How a step is written after its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `=N`
    Times,
    /// `=N:DURATION`
    TimesLasting,
    /// `=DURATION`
    Lasting,
}

/// Every step there is.
const ACTS: &[(&str, Act, Form)] = &[
    ("brk-grow", Act::BrkGrow, Form::Times),
    ("brk-shrink", Act::BrkShrink, Form::Times),
    ("brk-query", Act::BrkQuery, Form::Times),
    ("brk-fail", Act::BrkFail, Form::Times),
    ("mmap", Act::Mmap, Form::Times),
    ("populate", Act::Populate, Form::Times),
    ("madvise", Act::Madvise, Form::Times),
    ("mprotect", Act::Mprotect, Form::Times),
    ("mremap", Act::Mremap, Form::Times),
    ("futex-wait", Act::FutexWait, Form::TimesLasting),
    ("futex-wake", Act::FutexWake, Form::Times),
    ("futex-eagain", Act::FutexEagain, Form::Times),
    ("sched-yield", Act::SchedYield, Form::Times),
    ("getppid", Act::Getppid, Form::Times),
    ("nanosleep", Act::Nanosleep, Form::TimesLasting),
    ("fail", Act::Fail, Form::Times),
    ("compat", Act::Compat, Form::Times),
    ("compat-chdir", Act::CompatChdir, Form::Times),
    ("spin", Act::Spin, Form::Lasting),
];

/// What `--help` says of the steps.
pub(super) const HELP: &str = "\
Steps, done in the order given (N times each):
  brk-grow=N            brk, 64 KiB up                       \"brk grow\"
  brk-shrink=N          brk, 64 KiB down                     \"brk shrink\"
  brk-query=N           brk(0)                               \"brk query\"
  brk-fail=N            brk to an impossible address         \"brk grow\", an error
  mmap=N                mmap and munmap of 64 KiB            mmap, munmap
  populate=N            mmap of 4 MiB with its pages, munmap mmap, munmap
  madvise=N             MADV_DONTNEED on a mapping           madvise
  mprotect=N            read-only, then writable again …     mprotect
  mremap=N              64 to 128 KiB, then back …           mremap
  futex-wait=N:DURATION FUTEX_WAIT_BITSET until its timeout  futex, error ETIMEDOUT
  futex-wake=N          FUTEX_WAKE where nobody waits        futex
  futex-eagain=N        a wait for a value that is not there futex, error EAGAIN
  sched-yield=N                                              sched_yield
  getppid=N                                                  getppid
  nanosleep=N:DURATION                                       nanosleep
  fail=N                munmap of an unaligned address       munmap, error EINVAL
  compat=N              32-bit getpid, int 0x80 (x86-64)     \"compat getpid\"
  compat-chdir=N        32-bit chdir(NULL), int 0x80: its    \"compat chdir\", error EFAULT
                        number is brk's among 64-bit calls
  spin=DURATION         user mode, no call

Example: workloads syscalls brk-grow=1000 brk-shrink=1000 futex-wait=20:10ms";

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// What to do.
    pub(super) act: Act,
    /// How often.
    pub(super) times: u64,
    /// How long each is to take, for those that last.
    pub(super) lasting: Duration,
}

impl FromStr for Step {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, value) =
            text.split_once('=').with_context(|| format!("a step is NAME=N, not '{text}'"))?;
        let &(_, act, form) =
            ACTS.iter().find(|(known, ..)| *known == name).ok_or_else(|| unknown(name))?;
        let (times, lasting) = match (form, value.split_once(':')) {
            (Form::Times, None) => (count(value)?, Duration::ZERO),
            (Form::TimesLasting, Some((times, lasting))) => (count(times)?, duration(lasting)?),
            (Form::Lasting, None) => (1, duration(value)?),
            (Form::Times, Some(_)) => bail!("'{name}' is written {name}=N, without a duration"),
            (Form::TimesLasting, None) => bail!("'{name}' is written {name}=N:10ms"),
            (Form::Lasting, Some(_)) => bail!("'{name}' is written {name}=10ms"),
        };
        if matches!(act, Act::Compat | Act::CompatChdir) && !cfg!(target_arch = "x86_64") {
            bail!("'{name}' makes 32-bit calls of x86-64, which this machine is not");
        }
        Ok(Self { act, times, lasting })
    }
}

fn unknown(name: &str) -> Error {
    let known: Vec<_> = ACTS.iter().map(|(known, ..)| *known).collect();
    anyhow!("there is no step '{name}'; there are {}", known.join(", "))
}

fn count(text: &str) -> Result<u64> {
    text.parse().with_context(|| format!("'{text}' is not a number of calls"))
}

fn duration(text: &str) -> Result<Duration> {
    humantime::parse_duration(text)
        .with_context(|| format!("'{text}' is not a duration such as 10ms or 2s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Step {
        text.parse().unwrap()
    }

    #[test]
    fn a_step_is_a_name_with_a_count_and_perhaps_a_duration() {
        let grow = Step { act: Act::BrkGrow, times: 1000, lasting: Duration::ZERO };
        assert_eq!(parsed("brk-grow=1000"), grow);
        let ten = Duration::from_millis(10);
        assert_eq!(
            parsed("futex-wait=20:10ms"),
            Step { act: Act::FutexWait, times: 20, lasting: ten }
        );
        assert_eq!(parsed("spin=10ms"), Step { act: Act::Spin, times: 1, lasting: ten });
    }

    #[test]
    fn every_step_is_in_the_help() {
        for (name, _, form) in ACTS {
            let written = match form {
                Form::Times => format!("\n  {name}=N "),
                Form::TimesLasting => format!("\n  {name}=N:DURATION "),
                Form::Lasting => format!("\n  {name}=DURATION "),
            };
            assert!(HELP.contains(&written), "{name} is missing in the help");
        }
    }

    #[test]
    fn a_step_written_wrongly_says_how_it_is_written() {
        let message = |text: &str| format!("{:#}", text.parse::<Step>().unwrap_err());
        assert_eq!(message("mmap"), "a step is NAME=N, not 'mmap'");
        assert!(message("brk=1").starts_with("there is no step 'brk'; there are brk-grow, brk-"));
        assert_eq!(message("mmap=1:1s"), "'mmap' is written mmap=N, without a duration");
        assert_eq!(message("futex-wait=1"), "'futex-wait' is written futex-wait=N:10ms");
        assert_eq!(message("spin=1:1s"), "'spin' is written spin=10ms");
        assert!(message("mmap=-1").starts_with("'-1' is not a number of calls"));
        assert!(message("spin=fast").starts_with("'fast' is not a duration such as"));
        assert!(message("mmap=99999999999999999999").contains("too large"));
    }
}
