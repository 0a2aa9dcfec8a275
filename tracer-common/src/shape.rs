//! The shape of distributions of what is not sent: cells of a table, each a number of times between two
//! values.

use crate::record::{Call, Slice};

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

const _: () = assert!(size_of::<Cell>() == 24);

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
