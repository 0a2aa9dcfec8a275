//! What the programs keep of calls and stays that are not sent: exact sums with each thread, and
//! the shape of distributions in a table for each CPU.
//!
//! Sums are kept by *epoch*, a stretch of time that ends when the reader collects them. Each thread
//! has room for two: one that is written to, and the one before, which is being read. Whatever an
//! epoch's beginning is, its lowest bit differs from that of the epoch before and says which of two
//! places belongs to it.

use crate::record::{Call, Slice};

/// What the reader tells the programs while they run.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// Nothing that ends before this counts.
    pub window_ns: u64,
    /// The last edge between two reports: what reaches over it is sent whole.
    pub cut_ns: u64,
    /// When the epoch before began. Written before `epoch_ns`.
    pub previous_ns: u64,
    /// When the epoch under way began.
    pub epoch_ns: u64,
    /// One of [`Control::ALL`] and its neighbours; looked at only with
    /// [`Config::sheds`](crate::config::Config::sheds).
    pub detail: u32,
    /// Never read; there so that no byte is left unset.
    pub pad: u32,
}

impl Control {
    /// Every call and every stay is sent.
    pub const ALL: u32 = 0;
    /// Stays are folded.
    pub const CALLS: u32 = 1;
    /// Calls are folded too.
    pub const SHAPES: u32 = 2;
    /// And nothing is kept of their distributions.
    pub const SUMS: u32 = 3;

    /// Before the window opens nothing counts.
    pub const CLOSED: Self = Self {
        window_ns: u64::MAX,
        cut_ns: u64::MAX,
        previous_ns: 0,
        epoch_ns: u64::MAX,
        detail: Self::ALL,
        pad: 0,
    };

    /// Which of two places belongs to the epoch that began then.
    #[must_use]
    pub const fn place(epoch_ns: u64) -> u32 {
        (epoch_ns & 1) as u32
    }
}

/// A part of the time of folded calls.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Sum.
    pub ns: u64,
    /// Maximum.
    pub max_ns: u64,
}

impl Part {
    /// Adds one call's.
    #[inline(always)]
    pub fn add(&mut self, ns: u64) {
        self.ns += ns;
        if ns > self.max_ns {
            self.max_ns = ns;
        }
    }
}

/// Times of one kind: how many, how long together, and the longest.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// How many.
    pub count: u64,
    /// Sum and maximum.
    pub part: Part,
}

impl Times {
    /// Adds one.
    #[inline(always)]
    pub fn add(&mut self, ns: u64) {
        self.count += 1;
        self.part.add(ns);
    }
}

/// All folded calls of one kind: completed ones, since every other call is sent whole.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FoldedCalls {
    /// The process (see [`Life::cookie`](crate::record::Life::cookie)).
    pub cookie: u64,
    /// The thread.
    pub tid: u32,
    /// Never read; there so that no byte is left unset.
    pub pad: u32,
    /// When the epoch began.
    pub epoch_ns: u64,
    /// Which kind: [`What::of_call`].
    pub what: u64,
    /// How many; 0 says that this place is free.
    pub count: u64,
    /// How many of them failed.
    pub errors: u64,
    /// [`Call::amount`] of the others, summed.
    pub amount: u64,
    /// The longest of them.
    pub wall_max_ns: u64,
    /// The parts running in the kernel.
    pub on_cpu: Part,
    /// The parts waiting for a CPU.
    pub runnable: Part,
    /// The parts sleeping.
    pub blocked: Part,
}

impl FoldedCalls {
    /// Adds a call.
    #[inline(always)]
    pub fn add(&mut self, call: &Call) {
        self.count += 1;
        if call.flags & Call::FAILED != 0 {
            self.errors += 1;
        } else {
            self.amount += call.amount;
        }
        let wall = call.on_cpu_ns + call.runnable_ns + call.blocked_ns;
        if wall > self.wall_max_ns {
            self.wall_max_ns = wall;
        }
        self.on_cpu.add(call.on_cpu_ns);
        self.runnable.add(call.runnable_ns);
        self.blocked.add(call.blocked_ns);
    }
}

/// Folded sleeps for one reason.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FoldedSleeps {
    /// [`Slice::slept_in`]
    pub slept_in: u16,
    /// [`Slice::slept_state`], as far as it decides what the sleep is called.
    pub slept_state: u16,
    /// Never read; there so that no byte is left unset.
    pub pad: u32,
    /// The sleeps; a count of 0 says that this place is free.
    pub times: Times,
}

/// All folded stays of a thread, and the time off the CPUs before each.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FoldedStays {
    /// The process (see [`Life::cookie`](crate::record::Life::cookie)).
    pub cookie: u64,
    /// The thread.
    pub tid: u32,
    /// How many; 0 says that there is nothing here.
    pub count: u32,
    /// When the epoch began.
    pub epoch_ns: u64,
    /// The stays that ended with a switch.
    pub stays: Times,
    /// Time on a CPU in those that ended with the thread's life.
    pub last_ns: u64,
    /// The waits for a CPU.
    pub waits: Times,
    /// The part of them that a CPU quota ordered.
    pub throttled_ns: u64,
    /// Stays that ended with going to sleep.
    pub voluntary: u64,
    /// Stays on another CPU than the one before.
    pub migrations: u64,
    /// Calls that are not sent.
    pub other_calls: u64,
    /// Their time on a CPU.
    pub other_ns: u64,
    /// The sleeps.
    pub sleeps: [FoldedSleeps; Self::REASONS],
}

impl FoldedStays {
    /// For so many reasons at once; further ones are sent whole.
    pub const REASONS: usize = 4;

    /// Adds all of a stay but its sleep.
    #[inline(always)]
    pub fn add(&mut self, slice: &Slice) {
        self.count += 1;
        if slice.flags & Slice::LAST == 0 {
            self.stays.add(slice.ran_ns);
            self.voluntary += u64::from(slice.flags & Slice::PREEMPTED == 0);
        } else {
            self.last_ns += slice.ran_ns;
        }
        if slice.waited_ns > 0 {
            self.waits.add(slice.waited_ns);
            if slice.flags & Slice::THROTTLED != 0 {
                self.throttled_ns += slice.waited_ns;
            }
        }
        self.migrations += u64::from(slice.flags & Slice::MIGRATED != 0);
        self.other_calls += u64::from(slice.other_calls);
        self.other_ns += slice.other_ns;
    }
}

/// The folded calls of a thread in one epoch.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct CallsOfEpoch {
    /// When it began; 0 if there was none.
    pub epoch_ns: u64,
    /// By kind, in the order in which they came.
    pub rows: [FoldedCalls; Self::KINDS],
}

impl CallsOfEpoch {
    /// So many kinds of call have a place with each thread: more than are selected by default.
    pub const KINDS: usize = 16;
}

/// The folded calls of a thread.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ThreadCalls {
    /// By [`Control::place`].
    pub epochs: [CallsOfEpoch; 2],
}

/// Part of the shape of a distribution: how many times fell between two values.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The process; 0 stands for all that found no place of their own.
    pub cookie: u64,
    /// What was measured: a [`What`] with its metric and bucket.
    pub what: u64,
    /// The thread, if accounts are kept by thread; else 0.
    pub tid: u32,
    /// How many times; 0 says that the cell is free.
    pub count: u32,
}

impl Cell {
    /// Cells of one CPU and epoch that processes share. A power of two.
    pub const OF_PROCESSES: u32 = 4096;
    /// Cells beside them for what finds no place there. A power of two.
    pub const OF_ALL: u32 = 512;
    /// All cells of one CPU and epoch.
    pub const PER_EPOCH: u32 = Self::OF_PROCESSES + Self::OF_ALL;
    /// So many cells are tried for each time.
    pub const TRIES: u32 = 8;
}

/// What a time is the time of, packed into a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct What {
    /// The number of a system call; of a sleep, the call that it was in.
    pub nr: u16,
    /// For `brk` one of the `BRK_*` constants of [`Call`].
    pub brk: u8,
    /// A 32-bit call.
    pub compat: bool,
    /// One of [`What::CALL`] and its neighbours.
    pub metric: u8,
    /// Of a sleep: the task state, as far as it decides what the sleep is called.
    pub state: u8,
    /// Which [`bucket`].
    pub bucket: u16,
}

impl What {
    /// A whole call that was on a CPU from its beginning to its end.
    pub const CALL: u8 = 0;
    /// Any other call: its elapsed time.
    pub const WALL: u8 = 1;
    /// Its part on a CPU.
    pub const ON_CPU: u8 = 2;
    /// Its part waiting for one.
    pub const RUNNABLE: u8 = 3;
    /// Its part asleep.
    pub const BLOCKED: u8 = 4;
    /// A stay on a CPU.
    pub const STAY: u8 = 5;
    /// A wait for one.
    pub const WAIT: u8 = 6;
    /// A sleep.
    pub const SLEEP: u8 = 7;

    /// The task states that decide what a sleep is called, as in `sched.h`: uninterruptible,
    /// stopped, traced.
    pub const STATES: u16 = 0x2 | 0x4 | 0x8;

    /// The kind of a call, packed.
    #[inline(always)]
    #[must_use]
    pub const fn of_call(call: &Call) -> u64 {
        let brk = if Call::kind_is_brk(call.kind) { call.kind } else { 0 };
        let compat = call.flags & Call::COMPAT != 0;
        call.nr as u64 | (brk as u64) << 16 | (compat as u64) << 24
    }

    /// The reason of the sleep before a slice, packed.
    #[inline(always)]
    #[must_use]
    pub const fn of_sleep(slice: &Slice) -> u64 {
        slice.slept_in as u64 | ((slice.slept_state & Self::STATES) as u64) << 40
    }

    /// The same with a metric, and the bucket of a time.
    #[inline(always)]
    #[must_use]
    pub const fn timed(what: u64, metric: u8, ns: u64) -> u64 {
        what | (metric as u64) << 32 | (bucket(ns) as u64) << 48
    }

    /// Unpacks it.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "each field is cut out by its width")]
    pub const fn unpack(packed: u64) -> Self {
        Self {
            nr: packed as u16,
            brk: (packed >> 16) as u8,
            compat: (packed >> 24) & 1 != 0,
            metric: (packed >> 32) as u8,
            state: (packed >> 40) as u8,
            bucket: (packed >> 48) as u16,
        }
    }
}

/// Times below this have a bucket each.
const EXACT: u64 = 16;
/// Each power of two above is divided into 2 to the power of this.
const DIVISION: u32 = 3;

/// The bucket that a time falls into.
#[inline(always)]
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "no more than 496")]
pub const fn bucket(ns: u64) -> u16 {
    if ns < EXACT {
        return ns as u16;
    }
    let octave = 63 - ns.leading_zeros();
    let part = (ns >> (octave - DIVISION)) & ((1 << DIVISION) - 1);
    (EXACT + (((octave - EXACT.ilog2()) as u64) << DIVISION) + part) as u16
}

/// The middle of a bucket. No time in it differs from it by more than a sixteenth (6.25 %).
#[must_use]
pub const fn middle(bucket: u16) -> u64 {
    let bucket = bucket as u64;
    if bucket < EXACT {
        return bucket;
    }
    let (above, part) = ((bucket - EXACT) >> DIVISION, (bucket - EXACT) & ((1 << DIVISION) - 1));
    // One width of a bucket is 2 to the power of this.
    let width = above + (EXACT.ilog2() - DIVISION) as u64;
    if width > 60 {
        return u64::MAX;
    }
    (((1 << DIVISION) + part) << width) + (1 << width >> 1)
}

const _: () = assert!(size_of::<Control>() == 40);
const _: () = assert!(size_of::<FoldedCalls>() == 112);
const _: () = assert!(size_of::<FoldedStays>() == 248);
const _: () = assert!(size_of::<CallsOfEpoch>() == 8 + 112 * CallsOfEpoch::KINDS);
const _: () = assert!(size_of::<Cell>() == 24);

#[cfg(not(target_arch = "bpf"))]
// SAFETY: `repr(C)`, integers only, and the assertion above shows that there is no padding.
unsafe impl aya::Pod for Control {}
#[cfg(not(target_arch = "bpf"))]
// SAFETY: as above.
unsafe impl aya::Pod for FoldedCalls {}
#[cfg(not(target_arch = "bpf"))]
// SAFETY: as above.
unsafe impl aya::Pod for FoldedStays {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_bucket_is_within_a_sixteenth_of_every_time_in_it() {
        let times = (0..62).flat_map(|n| [0u64, 1, 2, 3].map(|k| (1 << n) + k * ((1 << n) / 4)));
        for ns in times.chain(0..100_000) {
            let middle = middle(bucket(ns));
            assert!(middle.abs_diff(ns) * 16 <= ns, "{ns} is shown as {middle}");
        }
    }

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        let mut last = 0;
        for ns in 0..1_000_000 {
            let bucket = bucket(ns);
            assert!(bucket == last || bucket == last + 1, "{bucket} after {last}");
            last = bucket;
        }
        assert!(bucket(u64::MAX) < 512);
        assert!(middle(bucket(u64::MAX)) > 1 << 62);
    }

    #[test]
    fn what_was_packed_is_what_is_unpacked() {
        let call = Call { nr: 12, kind: Call::BRK_SHRINK, flags: Call::COMPAT, ..Call::default() };
        let what = What::unpack(What::timed(What::of_call(&call), What::BLOCKED, 5));
        let expected = What {
            nr: 12,
            brk: Call::BRK_SHRINK,
            compat: true,
            metric: What::BLOCKED,
            state: 0,
            bucket: 5,
        };
        assert_eq!(what, expected);
        let slice = Slice { slept_in: 202, slept_state: 0x4 | 0x100, ..Slice::default() };
        let what = What::unpack(What::timed(What::of_sleep(&slice), What::SLEEP, 1 << 40));
        assert_eq!((what.nr, what.state, what.metric), (202, 0x4, What::SLEEP));
        assert_eq!(what.bucket, bucket(1 << 40));
    }
}
