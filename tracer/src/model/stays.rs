//! What the scheduler did with the threads of one account.

use std::collections::BTreeMap;

use tracer_common::{fold::FoldedStays, record::Slice};

use super::hist::Hist;

/// `TASK_UNINTERRUPTIBLE`
const UNINTERRUPTIBLE: u16 = 0x2;
/// `__TASK_STOPPED | __TASK_TRACED`
const STOPPED: u16 = 0x4 | 0x8;

/// What a thread slept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asleep {
    /// A system call, by its number.
    Call(u16),
    /// The I/O of a page fault.
    Fault,
    /// It was stopped, by a signal or a debugger.
    Stopped,
    /// It is not known.
    Unknown,
}

impl Asleep {
    /// What the thread slept in before a slice.
    #[must_use]
    pub const fn before(slice: &Slice) -> Self {
        Self::folded(slice.slept_in, slice.slept_state)
    }

    /// What it slept in, by the two fields of a [`Slice`] that say so.
    #[must_use]
    pub const fn folded(slept_in: u16, slept_state: u16) -> Self {
        if slept_state & STOPPED != 0 {
            Self::Stopped
        } else if slept_in != Slice::NO_CALL {
            Self::Call(slept_in)
        } else if slept_state & UNINTERRUPTIBLE != 0 {
            Self::Fault
        } else {
            Self::Unknown
        }
    }
}

/// Who ended a sleep: a thread of a target inside a system call, or somebody else (`None`).
pub type Waker = Option<(u64, u32)>;

/// A number of events, and the time they make together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub count: u64,
    /// How long together.
    pub ns: u64,
}

/// A part of a stretch of time: from, to.
pub(super) type Span = (u64, u64);

/// The slices of one account.
#[derive(Clone, Debug, Default)]
pub struct Stays {
    /// Time on a CPU.
    pub on_cpu_ns: u64,
    /// Time waiting for one, without `throttled_ns`.
    pub runnable_ns: u64,
    /// Time waiting because a quota was used up.
    pub throttled_ns: u64,
    /// Time asleep, by what it was spent in.
    pub blocked_ns: BTreeMap<Asleep, u64>,
    /// Stays that ended.
    pub stays: Hist,
    /// Waits that ended.
    pub waits: Hist,
    /// Sleeps that ended.
    pub sleeps: Hist,
    /// The same, by what they were spent in.
    pub sleeps_in: BTreeMap<Asleep, Hist>,
    /// The parts of these that were uninterruptible.
    pub uninterruptible_ns: BTreeMap<Asleep, u64>,
    /// Who ended them.
    pub wakers: BTreeMap<Waker, Sum>,
    /// Stays that ended with going to sleep.
    pub voluntary: u64,
    /// Stays that ended otherwise.
    pub involuntary: u64,
    /// Stays on another CPU than the one before.
    pub migrations: u64,
    /// Calls that have no row, and their time on a CPU.
    pub other_calls: Sum,
    /// User time, by the kernel's ticks.
    pub utime_ns: u64,
    /// System time, likewise.
    pub stime_ns: u64,
    /// Page faults without I/O.
    pub minor_faults: u64,
    /// Page faults with I/O.
    pub major_faults: u64,
    /// How many stays were summed in the kernel: who woke the thread before them is unknown.
    pub folded: u64,
}

impl Stays {
    /// Adds the part of a slice that lies within a stretch of time, and the events in it that ended
    /// there. Returns when it ran.
    pub(super) fn add(&mut self, slice: &Slice, from_ns: u64, to_ns: u64) -> Option<Span> {
        let within = |from: u64, to: u64| {
            let (from, to) = (from.max(from_ns), to.min(to_ns));
            (from < to).then_some((from, to))
        };
        let length = |span: Option<Span>| span.map_or(0, |(from, to)| to - from);
        let wait_begin = slice.start_ns.saturating_sub(slice.waited_ns);
        let slept = length(within(slice.begin_ns(), wait_begin));
        let waited = length(within(wait_begin, slice.start_ns));
        let ran = within(slice.start_ns, slice.end_ns());
        let reason = Asleep::before(slice);
        if slept > 0 {
            *self.blocked_ns.entry(reason).or_default() += slept;
        }
        if slice.flags & Slice::THROTTLED != 0 {
            self.throttled_ns += waited;
        } else {
            self.runnable_ns += waited;
        }
        self.on_cpu_ns += length(ran);

        let here = |ns: u64| from_ns < ns && ns <= to_ns;
        if slice.flags & Slice::OFF == 0 && here(slice.start_ns) {
            self.arrived(slice, reason);
        }
        if slice.flags & Slice::GOES_ON == 0 && here(slice.end_ns()) {
            self.left(slice);
        }
        ran
    }

    /// It came onto a CPU: its wait, and the sleep before, are over.
    fn arrived(&mut self, slice: &Slice, reason: Asleep) {
        if slice.waited_ns > 0 {
            self.waits.record(slice.waited_ns);
        }
        if slice.slept_ns > 0 {
            self.sleeps.record(slice.slept_ns);
            self.sleeps_in.entry(reason).or_default().record(slice.slept_ns);
            if slice.slept_state & UNINTERRUPTIBLE != 0 {
                *self.uninterruptible_ns.entry(reason).or_default() += slice.slept_ns;
            }
            let waker = (slice.waker_cookie != 0).then_some((slice.waker_cookie, slice.waker_tid));
            let sum = self.wakers.entry(waker).or_default();
            sum.count += 1;
            sum.ns += slice.slept_ns;
        }
        self.migrations += u64::from(slice.flags & Slice::MIGRATED != 0);
    }

    /// It left the CPU.
    fn left(&mut self, slice: &Slice) {
        self.add_other(slice);
        if slice.flags & Slice::LAST != 0 {
            return; // By death or exec: no switch.
        }
        self.stays.record(slice.ran_ns);
        if slice.flags & Slice::PREEMPTED != 0 {
            self.involuntary += 1;
        } else {
            self.voluntary += 1;
        }
    }

    /// Adds stays that were summed in the kernel.
    pub(super) fn fold(&mut self, sums: &FoldedStays) {
        self.folded += u64::from(sums.count);
        let (stays, waits) = (sums.stays, sums.waits);
        self.on_cpu_ns += stays.part.ns + sums.last_ns;
        self.stays.fold(stays.count, stays.part.ns, stays.part.max_ns);
        self.runnable_ns += waits.part.ns.saturating_sub(sums.throttled_ns);
        self.throttled_ns += sums.throttled_ns;
        self.waits.fold(waits.count, waits.part.ns, waits.part.max_ns);
        self.voluntary += sums.voluntary;
        self.involuntary += stays.count.saturating_sub(sums.voluntary);
        self.migrations += sums.migrations;
        self.other_calls.count += sums.other_calls;
        self.other_calls.ns += sums.other_ns;
        for sleeps in sums.sleeps.iter().filter(|sleeps| sleeps.times.count > 0) {
            let (count, part) = (sleeps.times.count, sleeps.times.part);
            let reason = Asleep::folded(sleeps.slept_in, sleeps.slept_state);
            *self.blocked_ns.entry(reason).or_default() += part.ns;
            self.sleeps.fold(count, part.ns, part.max_ns);
            self.sleeps_in.entry(reason).or_default().fold(count, part.ns, part.max_ns);
        }
    }

    /// Adds the calls without a row that the slice tells of.
    pub fn add_other(&mut self, slice: &Slice) {
        self.other_calls.count += u64::from(slice.other_calls);
        self.other_calls.ns += slice.other_ns;
    }

    /// Adds what came after, or what others did.
    pub fn absorb(&mut self, other: &Self) {
        let Self {
            on_cpu_ns,
            runnable_ns,
            throttled_ns,
            blocked_ns,
            stays,
            waits,
            sleeps,
            sleeps_in,
            uninterruptible_ns,
            wakers,
            voluntary,
            involuntary,
            migrations,
            other_calls,
            utime_ns,
            stime_ns,
            minor_faults,
            major_faults,
            folded,
        } = other;
        self.folded += folded;
        self.on_cpu_ns += on_cpu_ns;
        self.runnable_ns += runnable_ns;
        self.throttled_ns += throttled_ns;
        for (reason, ns) in blocked_ns {
            *self.blocked_ns.entry(*reason).or_default() += ns;
        }
        self.stays.absorb(stays);
        self.waits.absorb(waits);
        self.sleeps.absorb(sleeps);
        for (reason, hist) in sleeps_in {
            self.sleeps_in.entry(*reason).or_default().absorb(hist);
        }
        for (reason, ns) in uninterruptible_ns {
            *self.uninterruptible_ns.entry(*reason).or_default() += ns;
        }
        for (waker, Sum { count, ns }) in wakers {
            let sum = self.wakers.entry(*waker).or_default();
            sum.count += count;
            sum.ns += ns;
        }
        self.voluntary += voluntary;
        self.involuntary += involuntary;
        self.migrations += migrations;
        self.other_calls.count += other_calls.count;
        self.other_calls.ns += other_calls.ns;
        self.utime_ns += utime_ns;
        self.stime_ns += stime_ns;
        self.minor_faults += minor_faults;
        self.major_faults += major_faults;
    }
}
