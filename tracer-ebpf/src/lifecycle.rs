//! Birth, change of program, death.

use core::ffi::c_void;

use aya_ebpf::{helpers::bpf_ktime_get_ns, macros::btf_tracepoint, programs::BtfTracePointContext};
use aya_log_ebpf::debug;
use tracer_common::{
    record::{Life, Slice},
    thread::{Stay, Thread},
};

use crate::{config, cpu, current, fold, locks, ring, sched, seed, state, syscalls, task::Task};

/// A record about `task`, with what all events have.
#[inline(always)]
pub(crate) fn life(event: u32, task: Task, cookie: u64, now: u64) -> Life {
    let (leader, level) = (task.leader(), seed::tracer().level);
    Life {
        ns: now,
        cookie,
        start_ns: leader.start_ns(),
        tid: task.tid(),
        shown_tgid: leader.tid_at(level),
        shown_tid: task.tid_at(level),
        shown_ppid: task.parent().leader().tid_at(level),
        utime_ns: task.utime_ns(),
        stime_ns: task.stime_ns(),
        minor_faults: task.minor_faults(),
        major_faults: task.major_faults(),
        event,
        comm: task.comm(),
        ..Life::default()
    }
}

/// `TP_PROTO(struct task_struct *parent, struct task_struct *child)`, in the parent's context,
/// before the child runs: its state is there before its first event.
#[btf_tracepoint(function = "sched_process_fork")]
fn sched_process_fork(ctx: BtfTracePointContext) -> i32 {
    let Some((_, parent)) = cpu::here().and_then(current::target) else { return 0 };
    if parent.flags & Thread::ADOPTED == 0 {
        return 0;
    }
    let child = Task::new(ctx.arg::<*const c_void>(1));
    let is_thread = child.tgid() == parent.tgid;
    if !is_thread && config!(follow) == 0 {
        return 0;
    }
    let Some(thread) = state::of_or_new(child) else { return 0 };
    if thread.flags & Thread::ADOPTED != 0 {
        return 0; // An iterator was faster.
    }
    // SAFETY: has no precondition.
    let now = unsafe { bpf_ktime_get_ns() };
    thread.cookie = if is_thread { parent.cookie } else { cpu::new_cookie() };
    thread.tgid = child.tgid();
    thread.tid = child.tid();
    // It stands in a run queue as soon as it is there.
    thread.off_ns = now;
    thread.woken_ns = now;
    thread.stay = Stay {
        start_ns: now,
        cpu: child.cpu(),
        slept_in: Slice::NO_CALL,
        in_call: Slice::NO_CALL,
        ..Stay::default()
    };
    thread.flags = Thread::ADOPTED | Thread::NEWBORN | (parent.flags & Thread::HELD);
    if parent.flags & Thread::HELD == 0 {
        let event = if is_thread { Life::THREAD_BORN } else { Life::BORN };
        let mut life = life(event, child, thread.cookie, now);
        life.origin = parent.cookie;
        ring::send_life(&life);
        debug!(&ctx, "thread {} was born to process {}", thread.tid, parent.tgid);
    }
    0
}

/// `TP_PROTO(struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm)`, after the point of
/// no return: the name is the new one, the other threads are gone, the thread is the leader.
#[btf_tracepoint(function = "sched_process_exec")]
fn sched_process_exec(ctx: BtfTracePointContext) -> i32 {
    let task = Task::new(ctx.arg::<*const c_void>(0));
    let Some((_, thread)) = cpu::here().and_then(current::target) else {
        if config!(foreign_execs) != 0 && task.tgid() != seed::tracer().tgid {
            // SAFETY: has no precondition.
            let now = unsafe { bpf_ktime_get_ns() };
            ring::send_life(&life(Life::FOREIGN_EXEC, task, 0, now));
        }
        return 0;
    };
    if thread.flags & Thread::ADOPTED == 0 {
        return 0;
    }
    // SAFETY: has no precondition.
    let now = unsafe { bpf_ktime_get_ns() };
    if thread.flags & Thread::HELD == 0 {
        syscalls::share_other(thread, now);
        ring::send_slice(thread, sched::slice(thread, now, Slice::LAST));
        locks::end(thread);
        fold::flush(thread);
    }
    let before = thread.cookie;
    thread.cookie = cpu::new_cookie();
    thread.tid = task.tid();
    let begun = begin_program(thread, now);
    thread.flags &= !(Thread::HELD | Thread::FRESH | Thread::NEWBORN | Thread::SUSPENDED);
    let mut life = life(Life::EXEC, task, thread.cookie, begun);
    life.origin = before;
    ring::send_life(&life);
    debug!(&ctx, "process {} became another program", thread.tid);
    0
}

/// The slices of another program begin. Returns when: a program that was held before its exec begins
/// with that call, which is counted; any other where the one before has ended.
#[inline(always)]
fn begin_program(thread: &mut Thread, now: u64) -> u64 {
    let Stay { cpu, in_call, exec_runtime_ns, .. } = thread.stay;
    let mut stay = Stay {
        start_ns: now,
        exec_runtime_ns,
        cpu,
        in_call,
        slept_in: in_call,
        slept_state: 0,
        ..Stay::default()
    };
    let open = thread.open;
    let mut begun = now;
    if thread.flags & Thread::HELD != 0 && open.entered_ns != 0 {
        begun = open.entered_ns;
        stay.waited_ns = thread.runnable_ns - open.runnable_before_ns;
        stay.slept_ns = thread.blocked_ns - open.blocked_before_ns;
        stay.start_ns = begun + stay.waited_ns + stay.slept_ns;
    }
    thread.stay = stay;
    begun
}

/// `TP_PROTO(struct task_struct *p, …)`, in the context of the dying thread. It makes no more
/// calls; the one it is in has no other end.
#[btf_tracepoint(function = "sched_process_exit")]
fn sched_process_exit(_ctx: BtfTracePointContext) -> i32 {
    let Some((task, thread)) = cpu::here().and_then(current::target) else { return 0 };
    if thread.flags & Thread::ADOPTED == 0 {
        return 0;
    }
    // SAFETY: has no precondition.
    let now = unsafe { bpf_ktime_get_ns() };
    if thread.flags & Thread::HELD == 0 {
        syscalls::end_by_exit(thread, now);
        ring::send_slice(thread, sched::slice(thread, now, Slice::LAST));
        locks::end(thread);
        fold::flush(thread);
        let mut life = life(Life::THREAD_EXIT, task, thread.cookie, now);
        life.exit_code = task.exit_code();
        life.last = u32::from(task.process_is_dead());
        ring::send_life(&life);
    }
    thread.flags |= Thread::DEAD;
    0
}
