//! Fields of the kernel's own structures, read at the offsets that its BTF gave.
//!
//! Typed tracepoint programs read through these pointers directly; the verifier checks each load
//! against the BTF, and a bad pointer reads as 0.

use core::{ffi::c_void, ptr};

use aya_ebpf::{
    bindings::task_struct,
    helpers::generated::{bpf_get_current_task_btf, bpf_probe_read_kernel, bpf_task_pt_regs},
};
use tracer_common::config::{ABSENT, SYSCALLS};

use crate::config;

/// A 32-bit call is under way, in `thread_info.status` on x86 (`TS_COMPAT`).
const TS_COMPAT: u32 = 2;

/// A kernel task, as the programs are given it.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Task(*mut c_void);

/// Reads the field of type `T` at `offset` bytes into what `base` points to.
#[inline(always)]
unsafe fn load<T>(base: *const c_void, offset: u32) -> T {
    // SAFETY: by the caller, `base` is a kernel pointer that the verifier knows the type of, and
    // `offset` one of its members; the verifier refuses the program otherwise.
    unsafe { ptr::read_volatile(base.byte_add(offset as usize).cast::<T>()) }
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $offset:ident;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub(crate) fn $name(self) -> $type {
            // SAFETY: a `Task` wraps a typed `task_struct` pointer, the offset is one of its.
            unsafe { load(self.0, config!($offset)) }
        }
    )*};
}

impl Task {
    /// The task that a tracepoint or iterator handed over; it may be null for an iterator.
    #[inline(always)]
    pub(crate) const fn new(task: *const c_void) -> Self {
        Self(task.cast_mut())
    }

    /// The running thread.
    #[inline(always)]
    pub(crate) fn current() -> Self {
        // SAFETY: has no precondition.
        Self(unsafe { bpf_get_current_task_btf() }.cast())
    }

    /// Tells it from other tasks that exist at the same time.
    #[inline(always)]
    pub(crate) fn addr(self) -> u64 {
        self.0.addr() as u64
    }

    #[inline(always)]
    pub(crate) fn is_null(self) -> bool {
        self.0.is_null()
    }

    #[inline(always)]
    pub(crate) fn as_ptr(self) -> *mut task_struct {
        self.0.cast()
    }

    fields! {
        /// Thread id in the initial pid namespace.
        tid: u32 = task_pid;
        /// Process id in the initial pid namespace.
        tgid: u32 = task_tgid;
        /// Start, nanoseconds of `CLOCK_BOOTTIME`.
        start_ns: u64 = task_start;
        utime_ns: u64 = task_utime;
        stime_ns: u64 = task_stime;
        minor_faults: u64 = task_min_flt;
        major_faults: u64 = task_maj_flt;
        exit_code: i32 = task_exit_code;
        cpu: u32 = task_cpu;
        /// Time on a CPU since birth, as of the last tick or switch; without what a hypervisor stole.
        exec_runtime_ns: u64 = task_exec_runtime;
    }

    /// How deep the pid namespace lies that it was born into; 0 is the initial one.
    #[inline(always)]
    pub(crate) fn namespace_level(self) -> u32 {
        // SAFETY: as for the fields above; `thread_pid` is typed too.
        unsafe {
            let pid: *const c_void = load(self.0, config!(task_thread_pid));
            if pid.is_null() { 0 } else { load(pid, config!(pid_level)) }
        }
    }

    /// Its thread id as the namespaces `level` deep have it; 0 if it is not in one.
    #[inline(always)]
    pub(crate) fn tid_at(self, level: u32) -> u32 {
        let mut tid = 0u32;
        // SAFETY: the destination has the size given; a bad source is an error, not a fault.
        unsafe {
            let pid: *const c_void = load(self.0, config!(task_thread_pid));
            if !pid.is_null() && load::<u32>(pid, config!(pid_level)) >= level {
                let entry = config!(pid_numbers) + level * config!(upid_size);
                bpf_probe_read_kernel(
                    (&raw mut tid).cast(),
                    size_of::<u32>() as u32,
                    pid.byte_add(entry as usize),
                );
            }
        }
        tid
    }

    /// The leader of the process.
    #[inline(always)]
    pub(crate) fn leader(self) -> Self {
        // SAFETY: as for the fields above.
        Self(unsafe { load(self.0, config!(task_leader)) })
    }

    /// The process that gets its exit status.
    #[inline(always)]
    pub(crate) fn parent(self) -> Self {
        // SAFETY: as for the fields above.
        Self(unsafe { load(self.0, config!(task_parent)) })
    }

    /// Whether it has user memory: kernel threads have none.
    #[inline(always)]
    pub(crate) fn has_memory(self) -> bool {
        // SAFETY: as for the fields above.
        let mm: *const c_void = unsafe { load(self.0, config!(task_mm)) };
        !mm.is_null()
    }

    /// Its state, as `sched_switch` would give it. Only of use for a thread that is not current.
    #[inline(always)]
    pub(crate) fn state(self) -> u32 {
        // SAFETY: as for the fields above.
        unsafe { load(self.0, config!(task_state)) }
    }

    /// The system call that it is in; `None` outside of any. Only of use for a thread that is not on
    /// a CPU: one in user mode has left the registers of an earlier call behind.
    #[inline(always)]
    pub(crate) fn in_call(self) -> Option<u16> {
        // SAFETY: a typed task; what comes back is typed too.
        let nr = Regs::new(unsafe { bpf_task_pt_regs(self.as_ptr()) } as *const c_void).nr();
        // Interrupts and faults put −1 there.
        if nr < SYSCALLS as u64 { Some(nr as u16) } else { None }
    }

    /// Whether a CPU quota has stopped it.
    #[inline(always)]
    pub(crate) fn throttled(self) -> bool {
        let offset = config!(task_throttled);
        // SAFETY: as for the fields above.
        offset != ABSENT && unsafe { load::<u8>(self.0, offset) } != 0
    }

    /// Whether it is on a CPU now.
    #[inline(always)]
    pub(crate) fn on_cpu(self) -> bool {
        // SAFETY: as for the fields above.
        unsafe { load::<u32>(self.0, config!(task_on_cpu)) != 0 }
    }

    /// The break of its heap; 0 without user memory.
    #[inline(always)]
    pub(crate) fn heap_break(self) -> u64 {
        // SAFETY: as for the fields above; `mm` is typed too, and null reads as 0.
        unsafe {
            let mm: *const c_void = load(self.0, config!(task_mm));
            if mm.is_null() { 0 } else { load(mm, config!(mm_brk)) }
        }
    }

    /// The address of the lock of its memory; 0 without user memory.
    #[inline(always)]
    pub(crate) fn mmap_lock(self) -> u64 {
        let offset = config!(mm_mmap_lock);
        // SAFETY: as for the fields above.
        let mm: u64 = unsafe { load(self.0, config!(task_mm)) };
        if offset == ABSENT || mm == 0 { 0 } else { mm + u64::from(offset) }
    }

    /// Whether the call under way came in by the 32-bit entry.
    #[inline(always)]
    pub(crate) fn in_compat_call(self) -> bool {
        let offset = config!(task_status);
        // SAFETY: as for the fields above.
        offset != ABSENT && unsafe { load::<u32>(self.0, offset) } & TS_COMPAT != 0
    }

    /// Whether no thread of the process is alive any more.
    #[inline(always)]
    pub(crate) fn process_is_dead(self) -> bool {
        // SAFETY: as for the fields above; `signal` is typed too.
        unsafe {
            let signal: *const c_void = load(self.0, config!(task_signal));
            !signal.is_null() && load::<u32>(signal, config!(signal_live)) == 0
        }
    }

    /// The name of the thread.
    #[inline(always)]
    pub(crate) fn comm(self) -> [u8; 16] {
        let mut comm = [0u8; 16];
        // SAFETY: the destination has the size given; a bad source is an error, not a fault.
        unsafe {
            bpf_probe_read_kernel(
                comm.as_mut_ptr().cast(),
                16,
                self.0.byte_add(config!(task_comm) as usize),
            );
        }
        comm
    }
}

/// The user registers at the border of a system call. They are at the root of the kernel stack of their
/// thread: while it lives, no other thread has the same.
#[derive(Clone, Copy)]
pub(crate) struct Regs(*const c_void);

impl Regs {
    /// The `pt_regs` that a system call tracepoint handed over.
    #[inline(always)]
    pub(crate) const fn new(regs: *const c_void) -> Self {
        Self(regs)
    }

    /// Tells them from those of other threads.
    #[inline(always)]
    pub(crate) fn addr(self) -> u64 {
        self.0.addr() as u64
    }

    /// Whether the call may have come in by another way than the instruction `syscall`, which leaves
    /// the place to return to in `rcx`. Only then has the task to be asked whether it is a 32-bit call.
    #[inline(always)]
    pub(crate) fn may_be_compat(self) -> bool {
        let cx = config!(regs_cx);
        // SAFETY: as below.
        cx != ABSENT && unsafe { load::<u64>(self.0, cx) != load::<u64>(self.0, config!(regs_ip)) }
    }

    /// First argument; still there at the exit.
    #[inline(always)]
    pub(crate) fn first(self) -> u64 {
        // SAFETY: a typed `pt_regs` pointer and offsets of its members, here and below.
        unsafe { load(self.0, config!(regs_arg0)) }
    }

    #[inline(always)]
    pub(crate) fn second(self) -> u64 {
        // SAFETY: as above.
        unsafe { load(self.0, config!(regs_arg1)) }
    }

    #[inline(always)]
    pub(crate) fn third(self) -> u64 {
        // SAFETY: as above.
        unsafe { load(self.0, config!(regs_arg2)) }
    }

    #[inline(always)]
    pub(crate) fn fourth(self) -> u64 {
        // SAFETY: as above.
        unsafe { load(self.0, config!(regs_arg3)) }
    }

    /// Number of the call; −1 at the exit of `rt_sigreturn`.
    #[inline(always)]
    pub(crate) fn nr(self) -> u64 {
        // SAFETY: as above.
        unsafe { load(self.0, config!(regs_nr)) }
    }

    /// User stack pointer.
    #[inline(always)]
    pub(crate) fn sp(self) -> u64 {
        // SAFETY: as above.
        unsafe { load(self.0, config!(regs_sp)) }
    }
}
