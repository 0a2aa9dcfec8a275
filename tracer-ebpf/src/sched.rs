//! Which thread runs on this CPU, and how long a target waits and sleeps between its stays.

use core::ffi::c_void;

use aya_ebpf::{helpers::bpf_ktime_get_ns, macros::btf_tracepoint, programs::BtfTracePointContext};
use tracer_common::{
    cpu::{Counter, Cpu},
    record::Slice,
    thread::{Stay, Thread},
};

use crate::{carried, cpu, current, ring, state, task::Task};

/// The task state of a sleep that nobody knows anything of: none of the kernel's.
const UNKNOWN: u16 = 0x8000;

/// `TP_PROTO(bool preempt, struct task_struct *prev, struct task_struct *next,
/// unsigned int prev_state)`
///
/// `prev_state` is the argument and not the field: the field may have changed under a waker.
#[btf_tracepoint(function = "sched_switch")]
fn sched_switch(ctx: BtfTracePointContext) -> i32 {
    let Some(cpu) = cpu::here() else { return 0 };
    let prev = Task::new(ctx.arg::<*const c_void>(1));
    // Read once, if at all: where one target follows another, the one leaves when the other comes.
    let mut now = 0;
    if (cpu.current_is_target != 0 || cpu.current != prev.addr())
        && let Some(thread) = state::of(prev)
        && thread.flags & Thread::ADOPTED != 0
    {
        carried::put_down(cpu, prev, thread);
        arrived_unseen(prev, thread);
        let preempted = ctx.arg::<u64>(0) & 1 != 0;
        let state = if preempted { 0 } else { ctx.arg::<u64>(3) as u16 };
        // SAFETY: has no precondition.
        now = unsafe { bpf_ktime_get_ns() };
        leave(prev, thread, state, now);
    }
    let next = Task::new(ctx.arg::<*const c_void>(2));
    if let Some(thread) = note(cpu, next)
        && thread.flags & Thread::ADOPTED != 0
    {
        if thread.off_ns == 0 {
            left_unseen(next, thread);
        }
        if now == 0 {
            // SAFETY: has no precondition.
            now = unsafe { bpf_ktime_get_ns() };
        }
        arrive(thread, now);
    }
    0
}

/// This CPU runs another thread from now on. Its state, if it is a target.
#[inline(always)]
fn note(cpu: &mut Cpu, task: Task) -> Option<&'static mut Thread> {
    cpu.current = task.addr();
    carried::leave_behind(cpu, task);
    let thread = state::of(task);
    cpu.current_is_target = u32::from(thread.is_some());
    thread
}

/// The running thread turns out to be another one than was known: the switch to it was left out.
#[inline(always)]
pub(crate) fn switched_unseen(cpu: &mut Cpu, task: Task) -> Option<&'static mut Thread> {
    let thread = note(cpu, task)?;
    arrived_unseen(task, thread);
    carried::take_along(task, thread);
    Some(thread)
}

/// Its arrival was left out: it came when the kernel began to count its time.
#[inline(always)]
fn arrived_unseen(task: Task, thread: &mut Thread) {
    if thread.off_ns != 0 {
        // SAFETY: has no precondition.
        let now = unsafe { bpf_ktime_get_ns() };
        arrive(thread, now.saturating_sub(ran_since_left(task, thread)));
    }
}

/// It comes, and yet it was never seen to leave: it left when the kernel ended to count its time.
/// What it has done since, nobody knows.
#[inline(always)]
fn left_unseen(task: Task, thread: &mut Thread) {
    cpu::count(Counter::MissedSwitches);
    carried::take_along(task, thread);
    let left = thread.stay.start_ns + ran_since_left(task, thread);
    leave(task, thread, UNKNOWN, left);
}

/// Time on a CPU since it was seen leaving one.
#[inline(always)]
fn ran_since_left(task: Task, thread: &Thread) -> u64 {
    task.exec_runtime_ns().saturating_sub(thread.stay.exec_runtime_ns)
}

/// A target leaves its CPU: what came before, and the stay, is a fact now.
#[inline(always)]
fn leave(task: Task, thread: &mut Thread, state: u16, now: u64) {
    let able = state == 0;
    if thread.flags & (Thread::HELD | Thread::DEAD) == 0 {
        let slice = slice(thread, now, if able { Slice::PREEMPTED } else { 0 });
        ring::send_slice(thread, slice);
    }
    thread.off_ns = now;
    thread.woken_ns = if able { now } else { 0 };
    let stay = &mut thread.stay;
    stay.exec_runtime_ns = task.exec_runtime_ns();
    stay.other_ns = 0;
    stay.other_calls = 0;
    stay.slept_in = stay.in_call;
    stay.slept_state = state;
    stay.flags = if able && task.throttled() { Slice::THROTTLED } else { 0 };
}

/// A target comes onto this CPU.
#[inline(always)]
fn arrive(thread: &mut Thread, now: u64) {
    let off = thread.off_ns;
    let now = if now < off { off } else { now };
    let woken = if thread.woken_ns < off || thread.woken_ns > now { now } else { thread.woken_ns };
    thread.blocked_ns += woken - off;
    thread.runnable_ns += now - woken;
    thread.off_ns = 0;
    thread.woken_ns = 0;
    let cpu = cpu::id();
    let stay = &mut thread.stay;
    stay.start_ns = now;
    stay.waited_ns = now - woken;
    stay.slept_ns = woken - off;
    if stay.cpu != cpu {
        stay.cpu = cpu;
        stay.flags |= Slice::MIGRATED;
    }
}

/// The slice that ends now.
#[inline(always)]
pub(crate) fn slice(thread: &Thread, now: u64, flags: u32) -> Slice {
    let Stay {
        start_ns,
        waited_ns,
        slept_ns,
        waker_cookie,
        other_ns,
        other_calls,
        waker_tid,
        cpu,
        flags: before,
        slept_in,
        slept_state,
        exec_runtime_ns: _,
        in_call: _,
        pad: _,
    } = thread.stay;
    let slept = slept_ns > 0;
    Slice {
        start_ns,
        cookie: thread.cookie,
        ran_ns: now.saturating_sub(start_ns),
        waited_ns,
        slept_ns,
        waker_cookie: if slept { waker_cookie } else { 0 },
        other_ns,
        other_calls,
        tid: thread.tid,
        waker_tid: if slept { waker_tid } else { 0 },
        cpu,
        slept_in,
        slept_state,
        flags: before | flags,
    }
}

/// `TP_PROTO(struct task_struct *p)`, in the context of whoever wakes `p`; it may come before `p`
/// has left its CPU.
#[btf_tracepoint(function = "sched_waking")]
fn sched_waking(ctx: BtfTracePointContext) -> i32 {
    let Some(thread) = state::of(Task::new(ctx.arg::<*const c_void>(0))) else { return 0 };
    // Outside of a system call it is a timer or an interrupt that only borrows the current thread.
    let (cookie, tid) = cpu::here().and_then(waker).unwrap_or((0, 0));
    thread.stay.waker_cookie = cookie;
    thread.stay.waker_tid = tid;
    0
}

/// The process and thread in whose system call this is.
#[inline(always)]
fn waker(cpu: &mut Cpu) -> Option<(u64, u32)> {
    let current = Task::current();
    if cpu.carried.task == current.addr() {
        return carried::open(cpu, current).map(|_| (cpu.carried.cookie, cpu.carried.tid));
    }
    let (_, waker) = current::target(cpu)?;
    (waker.stay.in_call != Slice::NO_CALL).then_some((waker.cookie, waker.tid))
}

/// `TP_PROTO(struct task_struct *p)`: it stands in a run queue from now on.
#[btf_tracepoint(function = "sched_wakeup")]
fn sched_wakeup(ctx: BtfTracePointContext) -> i32 {
    if let Some(thread) = state::of(Task::new(ctx.arg::<*const c_void>(0)))
        // A thread woken before it has left the CPU never slept.
        && thread.off_ns != 0
        && thread.woken_ns == 0
    {
        // SAFETY: has no precondition.
        thread.woken_ns = unsafe { bpf_ktime_get_ns() };
    }
    0
}

/// The state of a thread that is adopted now: on a CPU, in a run queue, or asleep. What it did
/// before is unknown, and counts for nothing.
#[inline(always)]
pub(crate) fn begin(task: Task, thread: &mut Thread, now: u64) {
    let asleep = task.state() as u16;
    thread.stay = Stay {
        start_ns: now,
        exec_runtime_ns: task.exec_runtime_ns(),
        cpu: task.cpu(),
        slept_in: Slice::NO_CALL,
        slept_state: asleep,
        in_call: Slice::NO_CALL,
        ..Stay::default()
    };
    if !task.on_cpu() {
        thread.stay.in_call = task.in_call().unwrap_or(Slice::NO_CALL);
        thread.stay.slept_in = thread.stay.in_call;
        thread.off_ns = now;
        thread.woken_ns = if asleep == 0 { now } else { 0 };
    }
}
