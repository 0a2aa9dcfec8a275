//! What is kept for each CPU: whether its current thread is a target, and what went wrong on it.

/// One way to lose or miss something. The numbers index [`Cpu::counters`].
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// A call that cannot be folded found no room anywhere.
    LostCalls,
    /// A call was not sent, but added to the sums of its thread.
    FoldedCalls,
    /// A stay on a CPU was.
    FoldedSlices,
    /// A call was added to the sums of all, for its thread had no room left.
    HomelessCalls,
    /// A stay on a CPU was.
    HomelessSlices,
    /// A sample did not fit into its ring.
    LostSamples,
    /// A turning point of a process did not fit into its ring.
    LostLives,
    /// No memory for the state of a thread: the thread is not traced.
    NoState,
    /// A switch of threads that `sched_switch` did not tell of.
    MissedSwitches,
    /// What a thread had waited for locks did not fit into the ring.
    LostLockWaits,
    /// A call whose number lies outside every table.
    UnknownCalls,
}

impl Counter {
    /// How many there are.
    pub const COUNT: usize = Self::UnknownCalls as usize + 1;
}

/// The state of one CPU.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    /// The task that runs here, as `sched_switch` said last: an address, or 0 if it is not known.
    pub current: u64,
    /// 1 if it is a target. All others are let through on these two words alone.
    pub current_is_target: u32,
    /// Calls sent since start, modulo 2³²; paces the look at how full the ring is.
    pub sent: u32,
    /// Makes cookies: how many this CPU has given.
    pub cookies: u64,
    /// By [`Counter`].
    pub counters: [u64; Counter::COUNT],
}

const _: () = assert!(size_of::<Cpu>() == 24 + 8 * Counter::COUNT);

#[cfg(not(target_arch = "bpf"))]
// SAFETY: `repr(C)`, integers only, and the assertion above shows that there is no padding.
unsafe impl aya::Pod for Cpu {}
