//! Which thread runs on this CPU, and how long a target waits and sleeps between its stays.

use core::ffi::c_void;

use aya_ebpf::{helpers::bpf_ktime_get_ns, macros::btf_tracepoint, programs::BtfTracePointContext};

use crate::{cpu, state, task::Task};

/// `TP_PROTO(bool preempt, struct task_struct *prev, struct task_struct *next,
/// unsigned int prev_state)`
///
/// `prev_state` is the argument and not the field: the field may have changed under a waker.
#[btf_tracepoint(function = "sched_switch")]
fn sched_switch(ctx: BtfTracePointContext) -> i32 {
    let Some(cpu) = cpu::here() else { return 0 };
    if cpu.current_is_target != 0 {
        if let Some(prev) = state::of(Task::new(ctx.arg::<*const c_void>(1))) {
            // SAFETY: has no precondition.
            let now = unsafe { bpf_ktime_get_ns() };
            let preempted = ctx.arg::<u64>(0) & 1 != 0 || ctx.arg::<u64>(3) & 0xffff_ffff == 0;
            prev.off_ns = now;
            prev.woken_ns = if preempted { now } else { 0 };
        }
    }
    let mut runs_target = 0;
    if let Some(next) = state::of(Task::new(ctx.arg::<*const c_void>(2))) {
        runs_target = 1;
        let off = next.off_ns;
        if off != 0 {
            // SAFETY: has no precondition.
            let now = unsafe { bpf_ktime_get_ns() };
            let woken = if next.woken_ns < off { now } else { next.woken_ns };
            next.blocked_ns += woken - off;
            next.runnable_ns += now - woken;
            next.off_ns = 0;
            next.woken_ns = 0;
        }
    }
    cpu.current_is_target = runs_target;
    0
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
