//! The records that leave the kernel. Each is a complete fact: user space never pairs.

/// One system call of a target thread that has ended, one way or another.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// When it ended.
    pub end_ns: u64,
    /// The process (see [`Life::cookie`]).
    pub cookie: u64,
    /// Part of its wall time spent running in the kernel.
    pub on_cpu_ns: u64,
    /// Part of its wall time spent waiting for a CPU.
    pub runnable_ns: u64,
    /// Part of its wall time spent sleeping.
    pub blocked_ns: u64,
    /// What the call returned: a negative errno on failure, except for `brk`.
    pub ret: i64,
    /// Bytes asked for, or the address of the futex word; 0 where neither applies.
    pub amount: u64,
    /// The thread.
    pub tid: u32,
    /// The number of the call, in the table of the architecture (of ia32 with [`Call::COMPAT`]).
    pub nr: u16,
    /// For `brk` one of the `BRK_*` constants, for `futex` its operation without flags, for `mmap` of a
    /// file [`Call::MAPS_FILE`], else 0.
    pub kind: u8,
    /// A set of [`Call::FAILED`] and its neighbours.
    pub flags: u8,
}

impl Call {
    /// The call failed; `brk` fails without an errno, by returning another break than asked for.
    pub const FAILED: u8 = 1 << 0;
    /// A 32-bit call of a 64-bit kernel: its number means another call.
    pub const COMPAT: u8 = 1 << 1;
    /// The thread died in the call; there is no return value.
    pub const ENDED_BY_EXIT: u8 = 1 << 2;
    /// The end of a call whose beginning was not seen; its times are 0 because they are unknown.
    pub const UNPAIRED: u8 = 1 << 3;
    /// Inside the kernel only: the call is not sent, its time goes into [`Slice::other_ns`].
    pub const OTHER: u8 = 1 << 5;
    /// From a look at open calls only: the call is still open, and `end_ns` is when it was looked at.
    /// With [`Call::UNPAIRED`] it has been since before its thread was adopted.
    pub const IN_FLIGHT: u8 = 1 << 4;

    /// `brk` asked for a higher break.
    pub const BRK_GROW: u8 = 0x81;
    /// `brk` asked for a lower break.
    pub const BRK_SHRINK: u8 = 0x82;
    /// `brk` asked where the break is, or for the break that already is.
    pub const BRK_QUERY: u8 = 0x83;

    /// `mmap` maps a file, not memory of the process's own.
    pub const MAPS_FILE: u8 = 0x84;

    /// Whether [`Call::kind`] is one of the `BRK_*` constants; futex operations are small numbers.
    #[must_use]
    pub const fn kind_is_brk(kind: u8) -> bool {
        matches!(kind, Self::BRK_GROW..=Self::BRK_QUERY)
    }

    /// Elapsed time from entry to exit.
    #[must_use]
    pub const fn wall_ns(&self) -> u64 {
        self.on_cpu_ns.saturating_add(self.runnable_ns).saturating_add(self.blocked_ns)
    }
}

/// One stay of a target thread on a CPU, and the time off the CPUs that came before it.
///
/// The slices of a thread tile its life: it slept, it waited, it ran, and the next one begins.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// When it came onto the CPU.
    pub start_ns: u64,
    /// The process (see [`Life::cookie`]).
    pub cookie: u64,
    /// How long it stayed.
    pub ran_ns: u64,
    /// How long it had waited for a CPU, right before.
    pub waited_ns: u64,
    /// How long it had slept, before it waited.
    pub slept_ns: u64,
    /// The process of the thread that woke it; 0 if that was no target inside a system call.
    pub waker_cookie: u64,
    /// Time on a CPU in system calls that are not sent, ended since the slice before.
    pub other_ns: u64,
    /// How many such calls there were.
    pub other_calls: u32,
    /// The thread.
    pub tid: u32,
    /// The thread that woke it; 0 as for `waker_cookie`.
    pub waker_tid: u32,
    /// The CPU.
    pub cpu: u32,
    /// The system call that it slept, or was preempted, in; [`Slice::NO_CALL`] outside of any.
    pub slept_in: u16,
    /// The task state that it slept in, as `sched_switch` gives it; 0 if it never slept.
    pub slept_state: u16,
    /// A set of [`Slice::PREEMPTED`] and its neighbours.
    pub flags: u32,
}

impl Slice {
    /// Stands for user mode, and for the kernel outside of system calls.
    pub const NO_CALL: u16 = u16::MAX;

    /// It left the CPU able to run: preempted, or by `sched_yield`. Else it went to sleep.
    pub const PREEMPTED: u32 = 1 << 0;
    /// It ended with the thread's life.
    pub const LAST: u32 = 1 << 1;
    /// Its wait was ordered by a CPU quota.
    pub const THROTTLED: u32 = 1 << 2;
    /// It came from another CPU.
    pub const MIGRATED: u32 = 1 << 3;
    /// It is still going on: in a [`Standing`] only.
    pub const GOES_ON: u32 = 1 << 4;
    /// It has not come onto a CPU yet: in a [`Standing`] only.
    pub const OFF: u32 = 1 << 5;

    /// When what it tells of begins: the end of the stay before.
    #[must_use]
    pub const fn begin_ns(&self) -> u64 {
        self.start_ns.saturating_sub(self.waited_ns).saturating_sub(self.slept_ns)
    }

    /// When it ends.
    #[must_use]
    pub const fn end_ns(&self) -> u64 {
        self.start_ns.saturating_add(self.ran_ns)
    }
}

/// Where a target thread was when the sampling clock of its CPU ticked.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// When that was.
    pub ns: u64,
    /// The process (see [`Life::cookie`]).
    pub cookie: u64,
    /// The instruction that it was at: of the program with [`Sample::USER`], else of the kernel.
    pub ip: u64,
    /// Where the kernel was entered, and its next steps: the outermost frames of the kernel stack,
    /// the outermost first, each an address inside of its instruction. 0 where there is none.
    pub roots: [u64; Sample::ROOTS],
    /// The thread.
    pub tid: u32,
    /// The system call that it was in; [`Slice::NO_CALL`] outside of any.
    pub nr: u16,
    /// As in [`Call::kind`], for `brk` only.
    pub kind: u8,
    /// A set of [`Sample::USER`] and its neighbour.
    pub flags: u8,
}

impl Sample {
    /// The length of [`Sample::roots`].
    pub const ROOTS: usize = 4;

    /// It was in user mode.
    pub const USER: u8 = 1 << 0;
    /// As [`Call::COMPAT`], of the call that it was in.
    pub const COMPAT: u8 = 1 << 1;
}

/// How a thread stands at the moment it is looked at: what it has not sent yet.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The slice under way, with [`Slice::GOES_ON`].
    pub slice: Slice,
    /// User time of the thread since its birth, as the kernel's ticks have it.
    pub utime_ns: u64,
    /// System time, likewise.
    pub stime_ns: u64,
    /// Page faults without I/O since its birth.
    pub minor_faults: u64,
    /// Page faults with I/O since its birth.
    pub major_faults: u64,
}

/// A turning point in the life of a process or thread.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// When it happened.
    pub ns: u64,
    /// Which process this is about: a number given once to each process and changed by exec, so
    /// that neither a reused pid nor the program before an exec is ever taken for another.
    pub cookie: u64,
    /// The cookie of the parent for [`Life::BORN`], of the program before for [`Life::EXEC`].
    pub origin: u64,
    /// Start of the process, nanoseconds of `CLOCK_BOOTTIME`, as in field 22 of `/proc/PID/stat`.
    pub start_ns: u64,
    /// User time of the thread since its birth, as the kernel's ticks have it.
    pub utime_ns: u64,
    /// System time, likewise.
    pub stime_ns: u64,
    /// Page faults without I/O since its birth.
    pub minor_faults: u64,
    /// Page faults with I/O since its birth.
    pub major_faults: u64,
    /// The thread.
    pub tid: u32,
    /// The process, as the tracer's own pid namespace has it; 0 if it is not there.
    pub shown_tgid: u32,
    /// The thread, likewise.
    pub shown_tid: u32,
    /// The parent process, likewise.
    pub shown_ppid: u32,
    /// What happened: [`Life::SEEDED`] or one of its neighbours.
    pub event: u32,
    /// The status as `wait` gives it, for [`Life::THREAD_EXIT`].
    pub exit_code: i32,
    /// Whether the process is gone with this thread (1) or lives on (0).
    pub last: u32,
    /// Never read; there so that no byte is left unset.
    pub pad: u32,
    /// The name of the thread; for [`Life::SEEDED`] that of the process's leader.
    pub comm: [u8; 16],
}

impl Life {
    /// A thread that was alive when its process was named as a target.
    pub const SEEDED: u32 = 1;
    /// A process was born to a target.
    pub const BORN: u32 = 2;
    /// A thread was born in a target.
    pub const THREAD_BORN: u32 = 3;
    /// A target became another program.
    pub const EXEC: u32 = 4;
    /// A thread of a target died.
    pub const THREAD_EXIT: u32 = 5;
    /// A process that is no target became another program; sent only when asked for.
    pub const FOREIGN_EXEC: u32 = 6;
}

const _: () = assert!(size_of::<Call>() == 64 && align_of::<Call>() == 8);
const _: () =
    assert!(size_of::<Standing>() == 112 && size_of::<Slice>() == 80 && align_of::<Slice>() == 8);
const _: () = assert!(size_of::<Sample>() == 64 && align_of::<Sample>() == 8);
const _: () = assert!(size_of::<Life>() == 112 && align_of::<Life>() == 8);
