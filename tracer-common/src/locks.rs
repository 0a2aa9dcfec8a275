//! Waits for the kernel's own locks, summed where they happen: a contended lock is no place to send
//! a record from.

use crate::config::SYSCALLS;

/// What kind of lock was waited for. The numbers index [`LockWaits::by_lock`].
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lock {
    /// A spinlock.
    Spin,
    /// A spinning reader-writer lock, to read.
    RwlockRead,
    /// The same, to write.
    RwlockWrite,
    /// A mutex; its spinning phase is part of the wait.
    Mutex,
    /// A sleeping reader-writer semaphore, to read.
    RwsemRead,
    /// The same, to write.
    RwsemWrite,
    /// A per-CPU reader-writer semaphore.
    PercpuRwsem,
    /// The lock of the waiter's own address space (`mmap_lock`), to read.
    MmapRead,
    /// The same, to write.
    MmapWrite,
    /// Counting semaphores and rt-mutexes; on a `PREEMPT_RT` kernel that is most spinlocks too.
    Other,
}

impl Lock {
    /// How many there are.
    pub const COUNT: usize = 10;
    /// All, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Spin,
        Self::RwlockRead,
        Self::RwlockWrite,
        Self::Mutex,
        Self::RwsemRead,
        Self::RwsemWrite,
        Self::PercpuRwsem,
        Self::MmapRead,
        Self::MmapWrite,
        Self::Other,
    ];
}

/// A number of waits that are over, and how long they were together.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// How many.
    pub count: u64,
    /// How long, elapsed time.
    pub ns: u64,
}

/// A wait that has begun.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenWait {
    /// The address of the lock; 0 says that there is no such wait.
    pub lock: u64,
    /// When it began.
    pub begin_ns: u64,
}

/// What is kept for a thread.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThreadLocks {
    /// A lock that is waited for asleep, or might be.
    pub asleep: OpenWait,
    /// A lock that is waited for spinning, maybe in the middle of the other wait.
    pub spinning: OpenWait,
    /// Which [`Lock`] the first one is.
    pub asleep_for: u32,
    /// Which the second one is.
    pub spinning_for: u32,
    /// What is over, by [`Lock`].
    pub by_lock: [Waits; Lock::COUNT],
}

/// All waits of a thread that are over, since it became a target or another program.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LockWaits {
    /// The process, as in [`Life::cookie`](crate::record::Life::cookie).
    pub cookie: u64,
    /// The thread.
    pub tid: u32,
    /// Whether there will be no more: the thread is gone (1), or lives on (0).
    pub last: u32,
    /// By [`Lock`].
    pub by_lock: [Waits; Lock::COUNT],
}

/// Where targets waited for one kind of lock, on one CPU.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ByCall {
    /// By the number of the system call; then [`ByCall::OUTSIDE`] and [`ByCall::COMPAT`].
    pub waits: [Waits; Self::PLACES],
}

impl ByCall {
    /// Outside of any system call: in page faults and interrupts.
    pub const OUTSIDE: usize = SYSCALLS;
    /// In a 32-bit call, whose number means another call.
    pub const COMPAT: usize = SYSCALLS + 1;
    /// How many places there are.
    pub const PLACES: usize = SYSCALLS + 2;
}

const _: () = assert!(size_of::<ThreadLocks>() == 40 + 16 * Lock::COUNT);
const _: () = assert!(size_of::<LockWaits>() == 16 + 16 * Lock::COUNT);
const _: () = assert!(size_of::<ByCall>() == 16 * ByCall::PLACES);

#[cfg(not(target_arch = "bpf"))]
// SAFETY: `repr(C)`, integers only, and the assertion above shows that there is no padding.
unsafe impl aya::Pod for ByCall {}
