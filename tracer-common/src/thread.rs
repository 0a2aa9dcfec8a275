//! The state of one target thread, kept by the kernel with the thread itself (task-local storage):
//! it is born and dies with the thread, so that no reused id ever meets another's state.

use crate::{fold::FoldedStays, locks::ThreadLocks};

/// A call that has begun.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenCall {
    /// When it began; 0 says that no recorded call is open.
    pub entered_ns: u64,
    /// As in [`Call::amount`](crate::record::Call::amount).
    pub amount: u64,
    /// [`Thread::runnable_ns`] at the beginning.
    pub runnable_before_ns: u64,
    /// [`Thread::blocked_ns`] at the beginning.
    pub blocked_before_ns: u64,
    /// The number of the call.
    pub nr: u16,
    /// As in [`Call::kind`](crate::record::Call::kind).
    pub kind: u8,
    /// As in [`Call::flags`](crate::record::Call::flags).
    pub flags: u8,
    /// Never read; there so that no byte is left unset.
    pub pad: u32,
}

/// A call that a signal interrupted and that the kernel may restart.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Suspended {
    /// The call as it was.
    pub call: OpenCall,
    /// When it was interrupted.
    pub ended_ns: u64,
    /// [`Thread::runnable_ns`] when it was interrupted.
    pub runnable_ns: u64,
    /// [`Thread::blocked_ns`] when it was interrupted.
    pub blocked_ns: u64,
    /// User stack pointer of the call, which tells its restart from a call in a signal handler.
    pub sp: u64,
}

/// What the next [`Slice`](crate::record::Slice) is made of.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stay {
    /// When the thread came onto its CPU.
    pub start_ns: u64,
    /// How long it had waited for it.
    pub waited_ns: u64,
    /// How long it had slept before.
    pub slept_ns: u64,
    /// Who woke it last: the process.
    pub waker_cookie: u64,
    /// What the kernel said of its time on a CPU when it left one last.
    pub exec_runtime_ns: u64,
    /// On-CPU time of calls that are not sent.
    pub other_ns: u64,
    /// Their number.
    pub other_calls: u32,
    /// Who woke it last: the thread.
    pub waker_tid: u32,
    /// The CPU it is or was on.
    pub cpu: u32,
    /// As in [`Slice::flags`](crate::record::Slice::flags).
    pub flags: u32,
    /// As in [`Slice::slept_in`](crate::record::Slice::slept_in).
    pub slept_in: u16,
    /// As in [`Slice::slept_state`](crate::record::Slice::slept_state).
    pub slept_state: u16,
    /// The call that it is in now, sent or not; `Slice::NO_CALL` outside of any.
    pub in_call: u16,
    /// Never read; there so that no byte is left unset.
    pub pad: u16,
}

/// All that is kept for a thread.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// The process, as in [`Life::cookie`](crate::record::Life::cookie); 0 before adoption.
    pub cookie: u64,
    /// The process.
    pub tgid: u32,
    /// The thread.
    pub tid: u32,
    /// A set of [`Thread::ADOPTED`] and its neighbours.
    pub flags: u32,
    /// Never read; there so that no byte is left unset.
    pub pad: u32,
    /// Time spent waiting for a CPU since adoption.
    pub runnable_ns: u64,
    /// Time spent sleeping since adoption.
    pub blocked_ns: u64,
    /// When the thread last left a CPU; 0 while it is on one.
    pub off_ns: u64,
    /// When it became runnable after leaving the CPU; 0 while it sleeps or runs.
    pub woken_ns: u64,
    /// The stay on a CPU under way, or the way to the next one.
    pub stay: Stay,
    /// The call it is in.
    pub open: OpenCall,
    /// The call it was interrupted in, under [`Thread::SUSPENDED`].
    pub suspended: Suspended,
    /// Its waits for the kernel's locks.
    pub locks: ThreadLocks,
    /// Its stays that were not sent, by [`Control::place`](crate::control::Control::place).
    pub folded: [FoldedStays; 2],
}

impl Thread {
    /// The user named this process: its leader's state is made by user space, with this alone.
    pub const WANTED: u32 = 1 << 0;
    /// The thread is traced.
    pub const ADOPTED: u32 = 1 << 1;
    /// Waits for its exec; nothing counts before.
    pub const HELD: u32 = 1 << 2;
    /// Adopted alive, and no event seen yet: the next exit may lack its entry.
    pub const FRESH: u32 = 1 << 3;
    /// Born as a target: its first exit is the return from its parent's fork, and no call of its.
    pub const NEWBORN: u32 = 1 << 4;
    /// [`Thread::suspended`] holds a call.
    pub const SUSPENDED: u32 = 1 << 5;
    /// The call now open is the return from a signal handler.
    pub const IN_SIGRETURN: u32 = 1 << 6;
    /// A signal handler has run since the call was suspended.
    pub const IN_HANDLER: u32 = 1 << 7;
    /// The handler is over, and the suspended call will be restarted.
    pub const RESTARTING: u32 = 1 << 8;
    /// The thread has passed its exit.
    pub const DEAD: u32 = 1 << 9;
    /// The rare cases which the system call programs look at before anything else.
    pub const SPECIAL: u32 =
        Self::HELD | Self::FRESH | Self::NEWBORN | Self::SUSPENDED | Self::IN_SIGRETURN;
}

const _: () = assert!(size_of::<OpenCall>() == 40 && size_of::<Thread>() == 440 + 2 * 256);
