//! Calls counted as they are made.

mod futex;

use std::fmt::Display;
use std::time::Duration;

use anyhow::{Result, anyhow, bail, ensure};
use nix::errno::Errno;
use serde::ser::{Serialize, SerializeMap, Serializer};

pub(crate) use self::futex::WaitEnd;
use self::futex::{Durations, Ends};

macro_rules! calls {
    ($($call:ident = $name:literal,)*) => {
        /// A call that is counted, under the name the truth gives it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Call {
            $($call,)*
        }

        const NAMES: &[&str] = &[$($name,)*];
    };
}

calls! {
    BrkGrow = "brk grow",
    BrkShrink = "brk shrink",
    BrkQuery = "brk query",
    Mmap = "mmap",
    Munmap = "munmap",
    Madvise = "madvise",
    Mprotect = "mprotect",
    Mremap = "mremap",
    Futex = "futex",
    SchedYield = "sched_yield",
    Getppid = "getppid",
    Nanosleep = "nanosleep",
    Read = "read",
    Write = "write",
    // A call made through the 32-bit entry is none of the 64-bit calls.
    CompatGetpid = "compat getpid",
    CompatChdir = "compat chdir",
}

/// The number of different calls.
const KINDS: usize = NAMES.len();

/// One number per call; as JSON a map of those that are not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counts([u64; KINDS]);

impl Counts {
    fn add(&mut self, call: Call) {
        self.0[call as usize] += 1;
    }
}

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, count) in NAMES.iter().zip(self.0).filter(|(_, count)| *count > 0) {
            map.serialize_entry(name, &count)?;
        }
        map.end()
    }
}

/// Bytes by which the break was moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
struct Bytes {
    grown: u64,
    shrunk: u64,
}

/// What a thread, or several together, have called. Counting allocates nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Tally {
    calls: Counts,
    errors: Counts,
    bytes: Bytes,
    futex_wait_ns: Option<Durations>,
    /// Of those workloads alone that do not know beforehand how their futex calls end.
    #[serde(skip_serializing_if = "Option::is_none")]
    futex: Option<Ends>,
}

impl Tally {
    /// Nothing counted.
    pub(crate) fn new() -> Self {
        Self {
            calls: Counts([0; KINDS]),
            errors: Counts([0; KINDS]),
            bytes: Bytes::default(),
            futex_wait_ns: None,
            futex: None,
        }
    }

    /// Counts a call that has to succeed.
    ///
    /// # Errors
    /// If it failed: the arithmetic of the workload would be wrong.
    pub(crate) fn succeeds<T, E: Display>(
        &mut self,
        call: Call,
        result: Result<T, E>,
    ) -> Result<T> {
        self.calls.add(call);
        result.map_err(|error| anyhow!("{} failed: {error}", NAMES[call as usize]))
    }

    /// Counts a call that has to fail with `expected`.
    ///
    /// # Errors
    /// If it succeeded or failed with something else.
    pub(crate) fn fails(
        &mut self,
        call: Call,
        expected: Errno,
        result: Result<(), Errno>,
    ) -> Result<()> {
        self.calls.add(call);
        self.errors.add(call);
        let name = NAMES[call as usize];
        match result {
            Err(error) if error == expected => Ok(()),
            Err(error) => bail!("{name} failed with {error} where {expected} was to be expected"),
            Ok(()) => bail!("{name} succeeded where {expected} was to be expected"),
        }
    }

    /// Counts a `brk` that has to move the break by `bytes`.
    ///
    /// # Errors
    /// If the kernel did not grant it.
    pub(crate) fn moves_break(&mut self, call: Call, bytes: u64, granted: bool) -> Result<()> {
        self.calls.add(call);
        ensure!(
            granted,
            "{} of {bytes} bytes was refused; is memory limited (ulimit -d, ulimit -v)?",
            NAMES[call as usize]
        );
        match call {
            Call::BrkShrink => self.bytes.shrunk += bytes,
            _ => self.bytes.grown += bytes,
        }
        Ok(())
    }

    /// Counts a `brk` that has to be refused. It is an attempt to grow, and an error although
    /// `brk` has no errno: the break that came back is not the one asked for.
    ///
    /// # Errors
    /// If the kernel granted it.
    pub(crate) fn refuses_break(&mut self, refused: bool) -> Result<()> {
        self.calls.add(Call::BrkGrow);
        self.errors.add(Call::BrkGrow);
        ensure!(refused, "the kernel granted a break that cannot be");
        Ok(())
    }

    /// Notes how long a futex wait took, by the program's own clock.
    pub(crate) fn futex_waited(&mut self, lasted: Duration) {
        let one = Durations::one(lasted);
        self.futex_wait_ns = Some(self.futex_wait_ns.map_or(one, |all| all.and(one)));
    }

    /// Counts a futex wait that may end in any of three ways, and how long it took.
    ///
    /// # Errors
    /// If it ended in a fourth way.
    pub(crate) fn futex_wait_ended(
        &mut self,
        lasted: Duration,
        result: Result<(), Errno>,
    ) -> Result<WaitEnd> {
        self.futex_waited(lasted);
        self.calls.add(Call::Futex);
        let ends = self.futex.get_or_insert_default();
        let end = ends.note_wait(result)?;
        if end != WaitEnd::Woken {
            self.errors.add(Call::Futex);
        }
        Ok(end)
    }

    /// Counts a futex wake, given how many it woke.
    ///
    /// # Errors
    /// If it failed.
    pub(crate) fn futex_woke(&mut self, result: Result<u64, Errno>) -> Result<()> {
        let woken = self.succeeds(Call::Futex, result)?;
        self.futex.get_or_insert_default().note_wake(woken);
        Ok(())
    }

    /// Both together.
    pub(crate) fn and(mut self, other: Self) -> Self {
        for index in 0..KINDS {
            self.calls.0[index] += other.calls.0[index];
            self.errors.0[index] += other.errors.0[index];
        }
        self.bytes.grown += other.bytes.grown;
        self.bytes.shrunk += other.bytes.shrunk;
        self.futex_wait_ns = match (self.futex_wait_ns, other.futex_wait_ns) {
            (Some(one), Some(two)) => Some(one.and(two)),
            (one, two) => one.or(two),
        };
        self.futex = match (self.futex, other.futex) {
            (Some(one), Some(two)) => Some(one.and(two)),
            (one, two) => one.or(two),
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn as_json(tally: &Tally) -> serde_json::Value {
        serde_json::to_value(tally).unwrap()
    }

    #[test]
    fn an_empty_tally_names_no_call_and_knows_no_wait() {
        let empty = json!({
            "calls": {}, "errors": {}, "bytes": {"grown": 0, "shrunk": 0}, "futex_wait_ns": null,
        });
        assert_eq!(as_json(&Tally::new()), empty);
    }

    #[test]
    fn calls_and_errors_are_counted_by_name_and_summed_over_threads() {
        let mut one = Tally::new();
        one.moves_break(Call::BrkGrow, 65_536, true).unwrap();
        one.refuses_break(true).unwrap();
        one.moves_break(Call::BrkShrink, 65_536, true).unwrap();
        one.fails(Call::Futex, Errno::ETIMEDOUT, Err(Errno::ETIMEDOUT)).unwrap();
        one.futex_waited(Duration::from_nanos(30));
        let mut two = Tally::new();
        two.futex_waited(Duration::from_nanos(50));
        two.succeeds(Call::CompatGetpid, Ok::<_, Errno>(1)).unwrap();
        let expected = json!({
            "calls": {"brk grow": 2, "brk shrink": 1, "futex": 1, "compat getpid": 1},
            "errors": {"brk grow": 1, "futex": 1},
            "bytes": {"grown": 65_536, "shrunk": 65_536},
            "futex_wait_ns": {"count": 2, "total": 80, "min": 30, "max": 50},
        });
        assert_eq!(as_json(&one.and(two)), expected);
        assert_eq!(two.and(one), one.and(two));
    }

    #[test]
    fn futex_waits_are_counted_by_their_end_and_wakes_by_whom_they_met() {
        let mut one = Tally::new();
        let lasted = Duration::from_nanos(10);
        let ends = [Ok(()), Err(Errno::EAGAIN), Err(Errno::ETIMEDOUT), Err(Errno::EAGAIN)]
            .map(|end| one.futex_wait_ended(lasted, end).unwrap());
        let expected =
            [WaitEnd::Woken, WaitEnd::OtherValue, WaitEnd::TimedOut, WaitEnd::OtherValue];
        assert_eq!(ends, expected);
        assert!(one.futex_wait_ended(lasted, Err(Errno::EFAULT)).is_err());
        let mut two = Tally::new();
        two.futex_woke(Ok(0)).unwrap();
        two.futex_woke(Ok(1)).unwrap();
        let both = as_json(&one.and(two));
        let expected = json!({
            "waits": 5, "woken": 1, "eagain": 2, "timed_out": 1, "wakes": 2, "woke": 1,
        });
        assert_eq!(both["futex"], expected);
        assert_eq!((&both["calls"], &both["errors"]), (&json!({"futex": 7}), &json!({"futex": 3})));
    }

    #[test]
    fn a_call_that_ends_otherwise_than_stated_is_an_error() {
        let mut tally = Tally::new();
        let refused = tally.moves_break(Call::BrkGrow, 4096, false).unwrap_err();
        assert!(refused.to_string().starts_with("brk grow of 4096 bytes was refused"));
        assert!(tally.refuses_break(false).is_err());
        assert!(tally.fails(Call::Munmap, Errno::EINVAL, Ok(())).is_err());
        let other = tally.fails(Call::Munmap, Errno::EINVAL, Err(Errno::ENOMEM));
        assert!(other.unwrap_err().to_string().contains("ENOMEM"));
        let failed = tally.succeeds(Call::Mmap, Err::<(), _>(Errno::ENOMEM)).unwrap_err();
        assert!(failed.to_string().starts_with("mmap failed: ENOMEM"));
    }
}
