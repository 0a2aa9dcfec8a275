//! What the programs keep of calls and stays that are not sent: exact sums with each thread. (The shape
//! of their distributions is in a table for each CPU: [`crate::shape`].)
//!
//! Sums are kept by *epoch*, a stretch of time that ends when the reader collects them. Each thread
//! has room for two: one that is written to, and the one before, which is being read. Whatever an
//! epoch's beginning is, its lowest bit differs from that of the epoch before and says which of two
//! places belongs to it.

use crate::record::{Call, Slice};

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
    /// Which kind: [`What::of_call`](crate::shape::What::of_call).
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
    /// As [`CallsOfEpoch::found`], of `sleeps`.
    pub found: u64,
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
    /// Which row was found last. Kept here to be read back as a number that the verifier knows
    /// nothing of: it would follow each row on a path of its own.
    pub found: u64,
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
    /// By [`Control::place`](crate::control::Control::place).
    pub epochs: [CallsOfEpoch; 2],
}

const _: () = assert!(size_of::<FoldedCalls>() == 112);
const _: () = assert!(size_of::<FoldedStays>() == 256);
const _: () = assert!(size_of::<CallsOfEpoch>() == 16 + 112 * CallsOfEpoch::KINDS);

#[cfg(not(target_arch = "bpf"))]
// SAFETY: `repr(C)`, integers only, and the assertion above shows that there is no padding.
unsafe impl aya::Pod for FoldedCalls {}
#[cfg(not(target_arch = "bpf"))]
// SAFETY: as above.
unsafe impl aya::Pod for FoldedStays {}
