//! Task iterators: they walk over every thread that the caller's pid namespace shows.
//!
//! `seed` adopts. User space marks the leaders that it wants; every thread of theirs, and every
//! thread of their children, becomes a target here. One walk may miss a child that is born behind
//! it, so user space walks until nothing new is found.
//!
//! `folded_calls` and `folded_stays` collect the sums of the epoch that is over.
//!
//! `open_calls` and `standings` look at the calls and the slices that are under way, which have sent
//! nothing yet.

use core::{ffi::c_void, mem::size_of, ptr};

use aya_ebpf::{
    bindings::seq_file,
    btf_maps::Array,
    helpers::{bpf_ktime_get_ns, generated::bpf_seq_write},
    macros::btf_map,
};
use tracer_common::{
    config::treatment,
    record::{Call, Life, Slice, Standing},
    thread::Thread,
};

use crate::{
    carried, config, control, cpu, lifecycle, sched, state, syscalls, task::Task, treatment,
};

/// Who the tracer is. Every walk says so, since it is the tracer that walks.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Tracer {
    /// How deep its pid namespace lies: pids are shown as it has them.
    pub(crate) level: u32,
    /// Itself, never a target.
    pub(crate) tgid: u32,
}

#[btf_map]
static TRACER: Array<Tracer, 1> = Array::new();

/// The tracer; before the first walk it is nobody.
#[inline(always)]
pub(crate) fn tracer() -> Tracer {
    TRACER.get(0).copied().unwrap_or(Tracer { level: 0, tgid: 0 })
}

/// `struct bpf_iter_meta`
#[repr(C)]
struct Meta {
    seq: *mut seq_file,
}

/// `struct bpf_iter__task`
#[repr(C)]
struct Step {
    meta: *mut Meta,
    task: *const c_void,
}

/// What a walk came to: the file it writes to, and a task.
#[inline(always)]
pub(crate) unsafe fn step(ctx: *mut c_void) -> Option<(*mut seq_file, Task)> {
    let ctx = ctx.cast::<Step>();
    // SAFETY: by the caller, the context of a task iterator, of which `Step` is the shape.
    let (seq, task) = unsafe {
        (
            ptr::read_volatile(&raw const (*ptr::read_volatile(&raw const (*ctx).meta)).seq),
            Task::new(ptr::read_volatile(&raw const (*ctx).task)),
        )
    };
    // The last step of a walk has no task.
    if task.is_null() { None } else { Some((seq, task)) }
}

/// Hands a record to the reader of the walk.
#[inline(always)]
pub(crate) fn write<T>(seq: *mut seq_file, record: &T) {
    // SAFETY: the verifier checks both pointers. When the buffer is full the kernel takes this
    // step again, with room.
    unsafe { bpf_seq_write(seq, ptr::from_ref(record).cast_mut().cast(), size_of::<T>() as u32) };
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task")]
unsafe extern "C" fn seed(ctx: *mut c_void) -> i32 {
    // SAFETY: the kernel calls this with the context of a task iterator.
    let Some((seq, task)) = (unsafe { step(ctx) }) else { return 0 };
    let current = Task::current();
    let tracer = Tracer { level: current.namespace_level(), tgid: current.tgid() };
    if let Some(slot) = TRACER.get_ptr_mut(0) {
        // SAFETY: a slot of the map; all walks write the same.
        unsafe { *slot = tracer };
    }
    if let Some(thread) = state::of(task)
        && thread.flags & Thread::ADOPTED != 0
    {
        // It may have come onto its CPU while it was being adopted, unseen by `sched_switch`.
        if task.on_cpu() {
            cpu::forget_current_of(task.cpu());
        }
        return 0;
    }
    let leader = task.leader();
    if leader.is_null() || !is_wanted(leader, task, tracer) {
        return 0;
    }
    let Some(process) = state::of_or_new(leader) else { return 0 };
    if process.cookie == 0 {
        process.cookie = cpu::new_cookie();
    }
    let (cookie, held) = (process.cookie, process.flags & Thread::HELD);
    let Some(thread) = state::of_or_new(task) else { return 0 };
    // SAFETY: has no precondition.
    let now = unsafe { bpf_ktime_get_ns() };
    thread.cookie = cookie;
    thread.tgid = task.tgid();
    thread.tid = task.tid();
    sched::begin(task, thread, now);
    thread.flags |= Thread::ADOPTED | Thread::FRESH | held;
    if task.on_cpu() {
        cpu::forget_current_of(task.cpu());
    }
    if held == 0 {
        let mut life = lifecycle::life(Life::SEEDED, task, cookie, now);
        life.comm = leader.comm();
        write(seq, &life);
    }
    0
}

/// Whether a thread that is no target yet has to become one.
#[inline(always)]
fn is_wanted(leader: Task, task: Task, tracer: Tracer) -> bool {
    // One that is dead already, and only waits to be buried, would never be seen to end.
    if !task.has_memory() {
        return false;
    }
    if let Some(process) = state::of(leader)
        && process.flags & (Thread::WANTED | Thread::ADOPTED) != 0
    {
        return true;
    }
    if task.tgid() == tracer.tgid {
        return false;
    }
    if config!(all) != 0 {
        return true;
    }
    if config!(follow) == 0 {
        return false;
    }
    let parent = leader.parent();
    !parent.is_null() && state::of(parent).is_some_and(|parent| parent.flags & Thread::ADOPTED != 0)
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task")]
unsafe extern "C" fn open_calls(ctx: *mut c_void) -> i32 {
    // SAFETY: the kernel calls this with the context of a task iterator.
    let Some((seq, task)) = (unsafe { step(ctx) }) else { return 0 };
    let Some(thread) = state::of(task) else { return 0 };
    if !state::is_watched(thread) {
        return 0;
    }
    // Looked at first: what is put down meanwhile is found with the thread.
    let carried = carried::open_anywhere(task);
    let suspended = thread.flags & Thread::SUSPENDED != 0 && thread.flags & Thread::IN_HANDLER == 0;
    let open = match carried {
        Some(open) => carried::since(open, thread),
        None if suspended => thread.suspended.call,
        None => thread.open,
    };
    if open.entered_ns == 0 {
        if let Some(call) = open_since_before(thread) {
            write(seq, &call);
        }
        return 0;
    }
    if open.flags & Call::OTHER != 0 {
        return 0;
    }
    // SAFETY: has no precondition.
    let now = unsafe { bpf_ktime_get_ns() };
    // Where it is off the CPU now, that is not in the sums yet.
    let (waits, sleeps) = off_cpu(thread, now);
    let (runnable, blocked) = (thread.runnable_ns + waits, thread.blocked_ns + sleeps);
    let mut call = syscalls::ended(thread, &open, now, runnable, blocked);
    call.flags |= Call::IN_FLIGHT;
    write(seq, &call);
    0
}

/// The call that a thread has slept in since before it was adopted: nobody knows since when.
#[inline(always)]
fn open_since_before(thread: &Thread) -> Option<Call> {
    let nr = thread.stay.in_call;
    // One that was adopted on its way out of a call may have been in user mode ever since.
    let sleeps = thread.off_ns != 0 && thread.woken_ns == 0;
    if !sleeps || thread.flags & Thread::FRESH == 0 || nr == Slice::NO_CALL {
        return None;
    }
    let treated = treatment(nr.into())?;
    // Of `brk` the entry alone knows which kind it is.
    if treated & treatment::SENT == 0 || treated & treatment::SHAPE == treatment::BRK {
        return None;
    }
    Some(Call {
        // SAFETY: has no precondition.
        end_ns: unsafe { bpf_ktime_get_ns() },
        cookie: thread.cookie,
        tid: thread.tid,
        nr,
        flags: Call::IN_FLIGHT | Call::UNPAIRED,
        ..Call::default()
    })
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task")]
unsafe extern "C" fn standings(ctx: *mut c_void) -> i32 {
    // SAFETY: the kernel calls this with the context of a task iterator.
    let Some((seq, task)) = (unsafe { step(ctx) }) else { return 0 };
    let Some(thread) = state::of(task) else { return 0 };
    if !state::is_watched(thread) {
        return 0;
    }
    // SAFETY: has no precondition.
    let now = unsafe { bpf_ktime_get_ns() };
    let mut slice = sched::slice(thread, now, Slice::GOES_ON);
    if let Some(carried) = carried::of(task) {
        slice.other_ns += carried.other_ns;
        slice.other_calls += carried.other_calls;
    }
    if thread.off_ns != 0 {
        (slice.waited_ns, slice.slept_ns) = off_cpu(thread, now);
        slice.start_ns = now;
        slice.ran_ns = 0;
        slice.flags |= Slice::OFF;
    }
    let standing = Standing {
        slice,
        utime_ns: task.utime_ns(),
        stime_ns: task.stime_ns(),
        minor_faults: task.minor_faults(),
        major_faults: task.major_faults(),
    };
    write(seq, &standing);
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task")]
unsafe extern "C" fn folded_stays(ctx: *mut c_void) -> i32 {
    // SAFETY: the kernel calls this with the context of a task iterator.
    let Some((seq, task)) = (unsafe { step(ctx) }) else { return 0 };
    let (Some(thread), Some(control)) = (state::of(task), control::get()) else { return 0 };
    if state::is_watched(thread) {
        for sums in &thread.folded {
            if sums.epoch_ns == control.previous_ns && sums.count != 0 {
                write(seq, sums);
            }
        }
    }
    0
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task")]
unsafe extern "C" fn folded_calls(ctx: *mut c_void) -> i32 {
    // SAFETY: the kernel calls this with the context of a task iterator.
    let Some((seq, task)) = (unsafe { step(ctx) }) else { return 0 };
    let (Some(thread), Some(control)) = (state::of(task), control::get()) else { return 0 };
    if !state::is_watched(thread) {
        return 0;
    }
    let Some(calls) = state::folded_calls(task) else { return 0 };
    for epoch in &calls.epochs {
        if epoch.epoch_ns == control.previous_ns {
            for row in &epoch.rows {
                if row.count == 0 {
                    break;
                }
                write(seq, row);
            }
        }
    }
    0
}

/// How long a thread has been waiting for a CPU, and how long it slept before, if it is off the CPUs.
#[inline(always)]
fn off_cpu(thread: &Thread, now: u64) -> (u64, u64) {
    match (thread.off_ns, thread.woken_ns) {
        (0, _) => (0, 0),
        (off, 0) => (0, now.saturating_sub(off)),
        (off, woken) => (now.saturating_sub(woken), woken.saturating_sub(off)),
    }
}
