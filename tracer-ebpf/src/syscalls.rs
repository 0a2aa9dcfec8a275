//! A system call begins and ends.

use core::ffi::c_void;

use aya_ebpf::{helpers::bpf_ktime_get_ns, macros::btf_tracepoint, programs::BtfTracePointContext};
use tracer_common::{
    config::treatment,
    cpu::{Carried, Counter},
    record::{Call, Slice},
    thread::{OpenCall, Thread},
};

use crate::{
    carried, cpu, current, interrupted, ring,
    task::{Regs, Task},
    treatment,
};

/// Largest errno; what lies above is an address.
const MAX_ERRNO: i64 = 4095;
/// The futex operation without its flags (`FUTEX_CMD_MASK`).
const FUTEX_COMMAND: u64 = 0x7f;
/// A mapping of no file, in the flags of `mmap`.
const MAP_ANONYMOUS: u64 = 0x20;

/// `TP_PROTO(struct pt_regs *regs, long id)`
#[btf_tracepoint(function = "sys_enter")]
fn sys_enter(ctx: BtfTracePointContext) -> i32 {
    let Some(cpu) = cpu::here() else { return 0 };
    let regs = Regs::new(ctx.arg::<*const c_void>(0));
    let nr = ctx.arg::<u64>(1);
    if carried::knows(cpu, regs) {
        if cpu.carried.cookie != 0
            && let Some((open, _)) = opened(regs, nr)
        {
            begin(&mut cpu.carried.open, open);
        }
        return 0;
    }
    let Some((task, thread)) = current::target(cpu) else {
        carried::let_pass(cpu, regs);
        return 0;
    };
    let Some((open, treated)) = opened(regs, nr) else { return 0 };
    thread.stay.in_call = nr as u16;
    if thread.flags & Thread::SPECIAL != 0 && interrupted::begin(thread, regs, nr, treated) {
        return 0;
    }
    if carried::pick_up(cpu, regs, task, thread) {
        thread.stay.in_call = Slice::NO_CALL;
        begin(&mut cpu.carried.open, open);
    } else {
        let open = carried::since(&open, thread);
        begin(&mut thread.open, open);
    }
    0
}

/// A call that begins, without the moment, and how it is treated; `None` outside every table.
#[inline(always)]
fn opened(regs: Regs, nr: u64) -> Option<(OpenCall, u8)> {
    let compat = regs.may_be_compat() && Task::current().in_compat_call();
    let Some(treated) = (if compat { Some(treatment::SENT) } else { treatment(nr) }) else {
        cpu::count(Counter::UnknownCalls);
        return None;
    };
    let (kind, amount, sent) = if treated & treatment::SENT != 0 {
        let (kind, amount) = describe(regs, treated & treatment::SHAPE);
        (kind, amount, 0)
    } else {
        (0, 0, Call::OTHER)
    };
    let flags = sent | if compat { Call::COMPAT } else { 0 };
    Some((OpenCall { amount, nr: nr as u16, kind, flags, ..OpenCall::default() }, treated))
}

/// It begins now: what comes before is no part of it.
#[inline(always)]
fn begin(place: &mut OpenCall, open: OpenCall) {
    *place = open;
    // SAFETY: has no precondition.
    place.entered_ns = unsafe { bpf_ktime_get_ns() };
}

/// `TP_PROTO(struct pt_regs *regs, long ret)`
#[btf_tracepoint(function = "sys_exit")]
fn sys_exit(ctx: BtfTracePointContext) -> i32 {
    let Some(cpu) = cpu::here() else { return 0 };
    let regs = Regs::new(ctx.arg::<*const c_void>(0));
    let ret = ctx.arg::<i64>(1);
    if carried::knows(cpu, regs) {
        if cpu.carried.cookie == 0 {
            return 0;
        }
        if cpu.carried.open.entered_ns != 0 && !interrupted::is(ret) {
            end_carried(&mut cpu.carried, regs, ret);
            return 0;
        }
    }
    if let Some((task, thread)) = current::target(cpu) {
        thread.stay.in_call = Slice::NO_CALL;
        if thread.flags & Thread::SPECIAL == 0 || !interrupted::end(thread, regs, ret) {
            end(thread, regs, ret);
        }
        carried::pick_up(cpu, regs, task, thread);
    }
    0
}

/// The call that the CPU carries ends: its thread has not left the CPU since it began.
#[inline(always)]
fn end_carried(carried: &mut Carried, regs: Regs, ret: i64) {
    // SAFETY: has no precondition.
    let end_ns = unsafe { bpf_ktime_get_ns() };
    let open = carried.open;
    carried.open.entered_ns = 0;
    let on_cpu_ns = end_ns.saturating_sub(open.entered_ns);
    if open.flags & Call::OTHER != 0 {
        carried.other_ns += on_cpu_ns;
        carried.other_calls += 1;
        return;
    }
    let (amount, failed) = outcome(&open, regs, ret);
    ring::send_call(Call {
        end_ns,
        cookie: carried.cookie,
        on_cpu_ns,
        runnable_ns: 0,
        blocked_ns: 0,
        ret,
        amount,
        tid: carried.tid,
        nr: open.nr,
        kind: open.kind,
        flags: open.flags | failed,
    });
}

/// The call that a thread is in, if it is in one, ends.
#[inline(always)]
fn end(thread: &mut Thread, regs: Regs, ret: i64) {
    let open = thread.open;
    if open.entered_ns == 0 {
        return;
    }
    thread.open.entered_ns = 0;
    // SAFETY: has no precondition.
    let now = unsafe { bpf_ktime_get_ns() };
    if open.flags & Call::OTHER != 0 {
        return end_other(thread, &open, now);
    }
    if interrupted::is(ret) {
        return interrupted::suspend(thread, open, now, regs.sp());
    }
    let mut call = ended(thread, &open, now, thread.runnable_ns, thread.blocked_ns);
    let (amount, failed) = outcome(&open, regs, ret);
    call.ret = ret;
    call.amount = amount;
    call.flags |= failed;
    ring::send_call(call);
}

/// The amount of a call that ends, and the flag that it failed, if it did.
#[inline(always)]
fn outcome(open: &OpenCall, regs: Regs, ret: i64) -> (u64, u8) {
    if Call::kind_is_brk(open.kind) {
        let (before, wanted) = (open.amount, regs.first());
        // It has no errno: on failure it returns the break as it was.
        let failed = wanted != 0 && ret.cast_unsigned() != wanted;
        let amount = if wanted == 0 { 0 } else { wanted.abs_diff(before) };
        (amount, if failed { Call::FAILED } else { 0 })
    } else {
        let failed = (-MAX_ERRNO..0).contains(&ret) && !is_sigreturn(open.nr);
        (open.amount, if failed { Call::FAILED } else { 0 })
    }
}

/// What `rt_sigreturn` returns is what the interrupted program finds in its register, and may be the
/// errno of another call.
#[inline(always)]
fn is_sigreturn(nr: u16) -> bool {
    treatment(nr.into()).is_some_and(|it| it & treatment::SHAPE == treatment::SIGRETURN)
}

/// A call that is not sent: its time on a CPU goes with the next slice.
#[inline(always)]
fn end_other(thread: &mut Thread, open: &OpenCall, now: u64) {
    let call = ended(thread, open, now, thread.runnable_ns, thread.blocked_ns);
    thread.stay.other_ns += call.on_cpu_ns;
    thread.stay.other_calls += 1;
}

/// The call that makes another program of this one: if it is not sent, what it took so far is the
/// old program's, and what follows the new one's.
#[inline(always)]
pub(crate) fn share_other(thread: &mut Thread, now: u64) {
    let open = thread.open;
    if open.entered_ns != 0 && open.flags & Call::OTHER != 0 {
        let call = ended(thread, &open, now, thread.runnable_ns, thread.blocked_ns);
        thread.stay.other_ns += call.on_cpu_ns;
        thread.open.entered_ns = now;
        thread.open.runnable_before_ns = thread.runnable_ns;
        thread.open.blocked_before_ns = thread.blocked_ns;
    }
}

/// The thread dies in a call: its end, as far as there is one.
#[inline(always)]
pub(crate) fn end_by_exit(thread: &mut Thread, now: u64) {
    interrupted::end_by_exit(thread);
    let open = thread.open;
    if open.entered_ns != 0 {
        thread.open.entered_ns = 0;
        if open.flags & Call::OTHER != 0 {
            return end_other(thread, &open, now);
        }
        let mut call = ended(thread, &open, now, thread.runnable_ns, thread.blocked_ns);
        call.flags |= Call::ENDED_BY_EXIT;
        ring::send_call(call);
    }
}

/// Kind and amount of a call that begins; for `brk` the amount is the break before it.
#[inline(always)]
fn describe(regs: Regs, shape: u8) -> (u8, u64) {
    match shape {
        treatment::BRK => {
            let (before, wanted) = (Task::current().heap_break(), regs.first());
            let kind = if wanted == 0 || wanted == before {
                Call::BRK_QUERY
            } else if wanted > before {
                Call::BRK_GROW
            } else {
                Call::BRK_SHRINK
            };
            (kind, before)
        }
        treatment::BYTES_IN_SECOND => (0, regs.second()),
        treatment::BYTES_IN_THIRD => (0, regs.third()),
        treatment::MAPPING => {
            let is_of_file = regs.fourth() & MAP_ANONYMOUS == 0;
            (if is_of_file { Call::MAPS_FILE } else { 0 }, regs.second())
        }
        treatment::FUTEX => ((regs.second() & FUTEX_COMMAND) as u8, regs.first()),
        treatment::FUTEX_WORD => (0, regs.first()),
        _ => (0, 0),
    }
}

/// The record of a call that ended at `end_ns`, when the thread's sums were as given.
#[inline(always)]
pub(crate) fn ended(
    thread: &Thread,
    open: &OpenCall,
    end_ns: u64,
    runnable: u64,
    blocked: u64,
) -> Call {
    let wall = end_ns.saturating_sub(open.entered_ns);
    let runnable_ns = (runnable - open.runnable_before_ns).min(wall);
    let blocked_ns = (blocked - open.blocked_before_ns).min(wall - runnable_ns);
    Call {
        end_ns,
        cookie: thread.cookie,
        on_cpu_ns: wall - runnable_ns - blocked_ns,
        runnable_ns,
        blocked_ns,
        ret: 0,
        // Of `brk` the exit alone knows how far it got.
        amount: if Call::kind_is_brk(open.kind) { 0 } else { open.amount },
        tid: thread.tid,
        nr: open.nr,
        kind: open.kind,
        flags: open.flags,
    }
}
