//! What is kept for each CPU: whether its current thread is a target, what it carries of it, and what
//! went wrong there.

use crate::thread::OpenCall;

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

/// What a CPU carries of its current thread, from one system call to the next, so that most calls need
/// no look at the thread's own state. When that is looked at, all of it is put back there.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Carried {
    /// Where the thread's user registers are, which no other thread shares; by them a system call knows
    /// whose it is. 0 if the thread has to be looked up.
    pub regs: u64,
    /// The task that the rest is of, an address; 0 if of none.
    pub task: u64,
    /// The process, as in [`Thread::cookie`](crate::thread::Thread::cookie); 0 if the thread is no
    /// target, and may pass.
    pub cookie: u64,
    /// The call that it is in; without the sums at its beginning, which are still those of now.
    pub open: OpenCall,
    /// To be added to [`Stay::other_ns`](crate::thread::Stay::other_ns).
    pub other_ns: u64,
    /// To be added to [`Stay::other_calls`](crate::thread::Stay::other_calls).
    pub other_calls: u32,
    /// The thread.
    pub tid: u32,
}

/// The state of one CPU.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    /// The task that runs here, as `sched_switch` said last: an address, or 0 if it is not known.
    pub current: u64,
    /// 1 if it is a target. All others are let through on these two words alone.
    pub current_is_target: u32,
    /// Never read; there so that no byte is left unset.
    pub pad: u32,
    /// Calls and slices sent since start: the next position in the [ring](crate::ring).
    pub sent: u64,
    /// Makes cookies: how many this CPU has given.
    pub cookies: u64,
    /// What need not be looked up of the thread that runs here.
    pub carried: Carried,
    /// By [`Counter`].
    pub counters: [u64; Counter::COUNT],
}

const _: () = assert!(size_of::<Carried>() == 80 && size_of::<Cpu>() == 112 + 8 * Counter::COUNT);

#[cfg(not(target_arch = "bpf"))]
// SAFETY: `repr(C)`, integers only, and the assertion above shows that there is no padding.
unsafe impl aya::Pod for Cpu {}
