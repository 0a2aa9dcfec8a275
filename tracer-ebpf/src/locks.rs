//! How long targets wait for the kernel's own locks.
//!
//! These programs run wherever the kernel waits for a lock: inside the scheduler, the allocator, an
//! interrupt. So they look up what is there already, and add; they make nothing and send nothing.
//!
//! A thread can wait for two locks at once: a sleeping lock has a spinlock around its queue, and
//! interrupts come at any time. A spinlock in the middle of another spinlock's wait is part of that.

use core::ffi::c_void;

use aya_ebpf::{
    btf_maps::PerCpuArray,
    helpers::bpf_ktime_get_ns,
    macros::{btf_map, btf_tracepoint},
    programs::BtfTracePointContext,
};
use tracer_common::{
    locks::{ByCall, Lock, LockWaits, OpenWait, ThreadLocks},
    record::{Call, Slice},
    thread::Thread,
};

use crate::{carried, cpu, current, ring, seed, state, task::Task};

/// `LCB_F_SPIN` and its neighbours of `include/trace/events/lock.h`.
const SPIN: u64 = 1 << 0;
const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 2;
const RT: u64 = 1 << 3;
const PERCPU: u64 = 1 << 4;
const MUTEX: u64 = 1 << 5;

/// By [`Lock`].
#[btf_map]
static LOCKS_BY_CALL: PerCpuArray<ByCall, { Lock::COUNT }> = PerCpuArray::new();

/// `TP_PROTO(void *lock, unsigned int flags)`
#[btf_tracepoint(function = "contention_begin")]
fn contention_begin(ctx: BtfTracePointContext) -> i32 {
    if !current::is_target() {
        return 0;
    }
    let task = Task::current();
    let Some(thread) = state::of(task) else { return 0 };
    if !state::is_watched(thread) {
        return 0;
    }
    let lock = ctx.arg::<u64>(0);
    let flags = ctx.arg::<u64>(1);
    let locks = &mut thread.locks;
    if flags & SPIN != 0 && flags & MUTEX == 0 {
        // One from before the thread came onto this CPU has no end any more: it was missed.
        if locks.spinning.lock != 0 && locks.spinning.begin_ns >= thread.stay.start_ns {
            return 0;
        }
        locks.spinning = begin(lock);
        locks.spinning_for = spinning(flags) as u32;
    } else {
        // A mutex begins again with each change between spinning and sleeping.
        if flags & MUTEX != 0 && locks.asleep.lock == lock {
            return 0;
        }
        locks.asleep = begin(lock);
        locks.asleep_for = sleeping(flags, lock == task.mmap_lock()) as u32;
    }
    0
}

/// `TP_PROTO(void *lock, int ret)`
#[btf_tracepoint(function = "contention_end")]
fn contention_end(ctx: BtfTracePointContext) -> i32 {
    if !current::is_target() {
        return 0;
    }
    let task = Task::current();
    let Some(thread) = state::of(task) else { return 0 };
    let lock = ctx.arg::<u64>(0);
    let ThreadLocks { asleep, spinning, asleep_for, spinning_for, .. } = &mut thread.locks;
    let (wait, kind) = if asleep.lock == lock {
        (asleep, *asleep_for)
    } else if spinning.lock == lock {
        (spinning, *spinning_for)
    } else {
        return 0;
    };
    // SAFETY: has no precondition.
    let ns = unsafe { bpf_ktime_get_ns() }.saturating_sub(wait.begin_ns);
    wait.lock = 0;
    if let Some(waits) = thread.locks.by_lock.get_mut(kind as usize) {
        waits.count += 1;
        waits.ns += ns;
    }
    let place = place(task, thread);
    // SAFETY: nobody else writes here: the kernel lets no program interrupt itself on one CPU.
    if let Some(by_call) = LOCKS_BY_CALL.get_ptr_mut(kind).and_then(|it| unsafe { it.as_mut() })
        && let Some(waits) = by_call.waits.get_mut(place)
    {
        waits.count += 1;
        waits.ns += ns;
    }
    0
}

#[inline(always)]
fn begin(lock: u64) -> OpenWait {
    // SAFETY: has no precondition.
    OpenWait { lock, begin_ns: unsafe { bpf_ktime_get_ns() } }
}

#[inline(always)]
fn spinning(flags: u64) -> Lock {
    match flags & (READ | WRITE) {
        READ => Lock::RwlockRead,
        WRITE => Lock::RwlockWrite,
        _ => Lock::Spin,
    }
}

#[inline(always)]
fn sleeping(flags: u64, is_own_memory: bool) -> Lock {
    match flags & (READ | WRITE | RT | PERCPU | MUTEX) {
        READ if is_own_memory => Lock::MmapRead,
        READ => Lock::RwsemRead,
        WRITE if is_own_memory => Lock::MmapWrite,
        WRITE => Lock::RwsemWrite,
        flags if flags & MUTEX != 0 => Lock::Mutex,
        flags if flags & PERCPU != 0 => Lock::PercpuRwsem,
        _ => Lock::Other,
    }
}

/// Where the thread is: an index of [`ByCall::waits`].
#[inline(always)]
fn place(task: Task, thread: &Thread) -> usize {
    if let Some(open) = cpu::here().and_then(|cpu| carried::open(cpu, task)) {
        return if open.flags & Call::COMPAT != 0 { ByCall::COMPAT } else { open.nr.into() };
    }
    match thread.stay.in_call {
        Slice::NO_CALL => ByCall::OUTSIDE,
        _ if thread.open.flags & Call::COMPAT != 0 => ByCall::COMPAT,
        nr => nr.into(),
    }
}

/// What a thread has waited; `None` if it never did.
#[inline(always)]
fn waits(thread: &Thread, last: u32) -> Option<LockWaits> {
    let by_lock = thread.locks.by_lock;
    let count = by_lock.iter().fold(0, |count, waits| count | waits.count);
    (count != 0).then_some(LockWaits { cookie: thread.cookie, tid: thread.tid, last, by_lock })
}

/// A thread, or its program, ends.
#[inline(always)]
pub(crate) fn end(thread: &mut Thread) {
    if let Some(waits) = waits(thread, 1) {
        ring::send_lock_waits(&waits);
        thread.locks = ThreadLocks::default();
    }
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task")]
unsafe extern "C" fn lock_waits(ctx: *mut c_void) -> i32 {
    // SAFETY: the kernel calls this with the context of a task iterator.
    let Some((seq, task)) = (unsafe { seed::step(ctx) }) else { return 0 };
    if let Some(thread) = state::of(task)
        && state::is_watched(thread)
        && let Some(waits) = waits(thread, 0)
    {
        seed::write(seq, &waits);
    }
    0
}
