//! What a thread spent between two moments, as the kernel accounts it.

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::time::{ClockId, clock_gettime};
use serde::Serialize;

/// The kernel's accounts of the calling thread at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    at: Duration,
    usage: Usage,
    schedstat: Option<Schedstat>,
}

impl Moment {
    /// Reads the accounts of the calling thread.
    ///
    /// Calls made: `getrusage`, one `clock_gettime` of the thread's CPU clock, and `openat`, `read`
    /// and `close` of one file; nothing is allocated, so no memory call can be among them.
    pub(crate) fn now() -> Result<Self> {
        // Reading this clock brings the running thread's accounts up to date, which are otherwise
        // stale by up to a scheduler tick.
        clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
            .context("cannot read the CPU clock of this thread")?;
        let usage = getrusage(UsageWho::RUSAGE_THREAD)
            .context("cannot read the resource usage of this thread")?;
        Ok(Self { at: monotonic()?, usage, schedstat: Schedstat::of_this_thread() })
    }

    /// What was spent from `start` to this moment.
    pub(crate) fn since(&self, start: &Self) -> Span {
        let spent = |of: fn(&Usage) -> u64| of(&self.usage).saturating_sub(of(&start.usage));
        Span {
            start_ns: nanoseconds(start.at),
            end_ns: nanoseconds(self.at),
            wall_ns: nanoseconds(self.at.saturating_sub(start.at)),
            utime_ns: spent(|usage| timeval_ns(usage.user_time())),
            stime_ns: spent(|usage| timeval_ns(usage.system_time())),
            minflt: spent(|usage| counted(usage.minor_page_faults())),
            majflt: spent(|usage| counted(usage.major_page_faults())),
            voluntary: spent(|usage| counted(usage.voluntary_context_switches())),
            involuntary: spent(|usage| counted(usage.involuntary_context_switches())),
            schedstat: self.schedstat.zip(start.schedstat).map(|(end, start)| end.since(start)),
        }
    }
}

/// What one thread, or several together, spent in a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Span {
    /// `CLOCK_MONOTONIC` at the start.
    start_ns: u64,
    /// `CLOCK_MONOTONIC` at the end.
    end_ns: u64,
    /// From start to end.
    wall_ns: u64,
    /// CPU time in user mode; the split against `stime_ns` is sampled by the tick on most kernels.
    utime_ns: u64,
    /// CPU time in the kernel.
    stime_ns: u64,
    /// Page faults served without I/O.
    minflt: u64,
    /// Page faults that waited for I/O.
    majflt: u64,
    /// Context switches because the thread slept.
    voluntary: u64,
    /// Context switches because another thread was put in its place.
    involuntary: u64,
    /// `/proc/thread-self/schedstat`; null where the kernel keeps none (`CONFIG_SCHED_INFO`).
    schedstat: Option<Schedstat>,
}

impl Span {
    /// Both spans as one: from the earlier start to the later end, everything else summed.
    pub(crate) fn and(self, other: Self) -> Self {
        let start_ns = self.start_ns.min(other.start_ns);
        let end_ns = self.end_ns.max(other.end_ns);
        Self {
            start_ns,
            end_ns,
            wall_ns: end_ns - start_ns,
            utime_ns: self.utime_ns + other.utime_ns,
            stime_ns: self.stime_ns + other.stime_ns,
            minflt: self.minflt + other.minflt,
            majflt: self.majflt + other.majflt,
            voluntary: self.voluntary + other.voluntary,
            involuntary: self.involuntary + other.involuntary,
            schedstat: self.schedstat.zip(other.schedstat).map(|(one, two)| one.and(two)),
        }
    }
}

/// The three fields of a thread's `schedstat` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Schedstat {
    /// Time on a CPU.
    on_cpu_ns: u64,
    /// Time runnable and waiting for a CPU.
    wait_ns: u64,
    /// Stays on a CPU begun.
    slices: u64,
}

impl Schedstat {
    /// Reads into a buffer of its own, as `procfs` would allocate one.
    fn of_this_thread() -> Option<Self> {
        let mut text = [0; 96];
        let length = File::open("/proc/thread-self/schedstat").ok()?.read(&mut text).ok()?;
        Self::parse(std::str::from_utf8(text.get(..length)?).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split_ascii_whitespace().map(str::parse);
        let mut next = || fields.next()?.ok();
        Some(Self { on_cpu_ns: next()?, wait_ns: next()?, slices: next()? })
    }

    fn since(self, start: Self) -> Self {
        Self {
            on_cpu_ns: self.on_cpu_ns.saturating_sub(start.on_cpu_ns),
            wait_ns: self.wait_ns.saturating_sub(start.wait_ns),
            slices: self.slices.saturating_sub(start.slices),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            on_cpu_ns: self.on_cpu_ns + other.on_cpu_ns,
            wait_ns: self.wait_ns + other.wait_ns,
            slices: self.slices + other.slices,
        }
    }
}

/// `CLOCK_MONOTONIC` now, since an arbitrary moment. No call where the vDSO serves the clock.
pub(crate) fn monotonic() -> Result<Duration> {
    clock_gettime(ClockId::CLOCK_MONOTONIC)
        .map(Duration::from)
        .context("cannot read the monotonic clock")
}

/// A duration in whole nanoseconds; 585 years and more become the largest number.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn timeval_ns(time: TimeVal) -> u64 {
    counted(time.tv_sec()) * 1_000_000_000 + counted(time.tv_usec()) * 1_000
}

/// A count that the C interface gives as a signed number.
fn counted(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedstat_is_three_numbers_and_anything_else_is_unknown() {
        let read = Schedstat::parse("2003512345 2000600001 651\n");
        let expected = Schedstat { on_cpu_ns: 2_003_512_345, wait_ns: 2_000_600_001, slices: 651 };
        assert_eq!(read, Some(expected));
        assert_eq!(Schedstat::parse("1 2"), None);
        assert_eq!(Schedstat::parse("1 2 x"), None);
        assert_eq!(Schedstat::parse(""), None);
    }

    #[test]
    fn a_spinning_thread_is_on_its_cpu_for_most_of_the_span() {
        let start = Moment::now().unwrap();
        let begun = monotonic().unwrap();
        while monotonic().unwrap() - begun < Duration::from_millis(30) {}
        let span = Moment::now().unwrap().since(&start);
        assert!(span.wall_ns >= 30_000_000, "{span:?}");
        assert_eq!(span.wall_ns, span.end_ns - span.start_ns);
        let schedstat = span.schedstat.expect("this kernel keeps schedstat");
        let accounted = schedstat.on_cpu_ns + schedstat.wait_ns;
        assert!(accounted.abs_diff(span.wall_ns) < span.wall_ns / 4, "{span:?}");
    }

    #[test]
    fn two_spans_together_reach_from_the_first_start_to_the_last_end() {
        let one = Span {
            start_ns: 100,
            end_ns: 200,
            wall_ns: 100,
            utime_ns: 1,
            stime_ns: 2,
            minflt: 3,
            majflt: 4,
            voluntary: 5,
            involuntary: 6,
            schedstat: Some(Schedstat { on_cpu_ns: 7, wait_ns: 8, slices: 9 }),
        };
        let both = one.and(Span { start_ns: 150, end_ns: 260, wall_ns: 110, ..one });
        assert_eq!((both.start_ns, both.end_ns, both.wall_ns), (100, 260, 160));
        assert_eq!((both.utime_ns, both.minflt, both.involuntary), (2, 6, 12));
        let summed = Schedstat { on_cpu_ns: 14, wait_ns: 16, slices: 18 };
        assert_eq!(both.schedstat, Some(summed));
        assert_eq!(one.and(Span { schedstat: None, ..one }).schedstat, None);
    }
}
