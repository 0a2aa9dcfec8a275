//! What user space freezes into the programs before they are loaded. The verifier sees constants,
//! and drops the branches that are off.

/// Entries of [`Config::treatment`]: more than any architecture has calls.
pub const SYSCALLS: usize = 512;

/// How the programs treat one system call.
pub mod treatment {
    /// Its calls are sent to user space.
    pub const SENT: u8 = 1 << 7;
    /// The bits that say what is special about the call.
    pub const SHAPE: u8 = SENT - 1;
    /// Nothing but its times.
    pub const PLAIN: u8 = 0;
    /// `brk`: told apart by the break before the call.
    pub const BRK: u8 = 1;
    /// The second argument is a number of bytes.
    pub const BYTES_IN_SECOND: u8 = 2;
    /// The third argument is a number of bytes.
    pub const BYTES_IN_THIRD: u8 = 3;
    /// First argument: address of the word, second: operation.
    pub const FUTEX: u8 = 4;
    /// First argument: address of the word; no operation.
    pub const FUTEX_WORD: u8 = 5;
    /// The return from a signal handler.
    pub const SIGRETURN: u8 = 6;
    /// The kernel's own way to continue an interrupted call.
    pub const RESTART: u8 = 7;
    /// Makes a child, which comes out of the call too, with 0.
    pub const FORK: u8 = 8;
    /// `mmap`: the second argument is a number of bytes, the fourth says what is mapped.
    pub const MAPPING: u8 = 9;
}

/// A field that this kernel's structures lack.
pub const ABSENT: u32 = u32::MAX;

/// Frozen configuration; the offsets are bytes, from the running kernel's BTF.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// `task_struct.pid`
    pub task_pid: u32,
    /// `task_struct.tgid`
    pub task_tgid: u32,
    /// `task_struct.comm`
    pub task_comm: u32,
    /// `task_struct.start_boottime`
    pub task_start: u32,
    /// `task_struct.mm`
    pub task_mm: u32,
    /// `task_struct.group_leader`
    pub task_leader: u32,
    /// `task_struct.real_parent`
    pub task_parent: u32,
    /// `task_struct.signal`
    pub task_signal: u32,
    /// `task_struct.exit_code`
    pub task_exit_code: u32,
    /// `task_struct.utime`
    pub task_utime: u32,
    /// `task_struct.stime`
    pub task_stime: u32,
    /// `task_struct.min_flt`
    pub task_min_flt: u32,
    /// `task_struct.maj_flt`
    pub task_maj_flt: u32,
    /// `task_struct.__state`
    pub task_state: u32,
    /// `task_struct.throttled`; [`ABSENT`] where quotas do not mark tasks
    pub task_throttled: u32,
    /// `task_struct.on_cpu`
    pub task_on_cpu: u32,
    /// `task_struct.thread_info.cpu`, or `task_struct.cpu`
    pub task_cpu: u32,
    /// `task_struct.thread_info.status`; [`ABSENT`] where no 32-bit calls are marked in it
    pub task_status: u32,
    /// `task_struct.thread_pid`
    pub task_thread_pid: u32,
    /// `pid.level`
    pub pid_level: u32,
    /// `pid.numbers`
    pub pid_numbers: u32,
    /// Size of `upid`, an entry of `pid.numbers`; its number comes first.
    pub upid_size: u32,
    /// `signal_struct.live`
    pub signal_live: u32,
    /// `mm_struct.brk`
    pub mm_brk: u32,
    /// `mm_struct.mmap_lock`; [`ABSENT`] where it has another name
    pub mm_mmap_lock: u32,
    /// `pt_regs`: first argument of a system call
    pub regs_arg0: u32,
    /// `pt_regs`: second argument
    pub regs_arg1: u32,
    /// `pt_regs`: third argument
    pub regs_arg2: u32,
    /// `pt_regs`: fourth argument
    pub regs_arg3: u32,
    /// `pt_regs`: number of the call, at its exit
    pub regs_nr: u32,
    /// `pt_regs`: user stack pointer
    pub regs_sp: u32,
    /// `pt_regs`: where the program goes on
    pub regs_ip: u32,
    /// `pt_regs.cx`; [`ABSENT`] where no 32-bit calls are marked in `task_status`
    pub regs_cx: u32,
    /// Places in one CPU's [ring](crate::ring), a power of two; at half of them the reader is woken.
    pub ring_slots: u32,
    /// `task_struct.se.sum_exec_runtime`
    pub task_exec_runtime: u32,
    /// 1: descendants of targets are targets.
    pub follow: u32,
    /// 1: every user process is a target.
    pub all: u32,
    /// 1: tell of every exec, of targets or not.
    pub foreign_execs: u32,
    /// 1: accounts are kept by thread.
    pub by_thread: u32,
    /// 1: what is sent may change, as [`Control::detail`](crate::control::Control::detail) says.
    pub sheds: u32,
    /// Waits and calls from this length on are sent whole whenever there is room, in microseconds.
    pub pauses_over_us: u32,
    /// How each system call is treated, by number.
    pub treatment: [u8; SYSCALLS],
}

const _: () = assert!(size_of::<Config>() == 41 * 4 + SYSCALLS);

#[cfg(not(target_arch = "bpf"))]
// SAFETY: `repr(C)`, integers only, and the assertion above shows that there is no padding.
unsafe impl aya::Pod for Config {}
