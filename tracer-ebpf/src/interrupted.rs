//! A system call is interrupted and restarted, or has a border that was never seen.
//!
//! A call that a signal interrupts leaves with one of the kernel's restart codes, which no program
//! ever sees. What follows decides what it was:
//!
//! * no handler runs (a stop and continue, say): the same call comes back at once, or
//!   `restart_syscall` in its place. It is one call, from its first entry to its last exit;
//! * a handler runs and its return restarts the call (`SA_RESTART`): also one call;
//! * a handler runs and its return gives `EINTR`: the call ended when it was interrupted.

use aya_ebpf::helpers::bpf_ktime_get_ns;
use tracer_common::{
    config::treatment,
    record::Call,
    thread::{OpenCall, Suspended, Thread},
};

use crate::{ring, syscalls, task::Regs, treatment};

const EINTR: i64 = 4;
const ERESTARTSYS: i64 = 512;
/// `ERESTARTNOINTR` lies between.
const ERESTARTNOHAND: i64 = 514;
const ERESTART_RESTARTBLOCK: i64 = 516;

/// Whether a signal has interrupted the call, which may go on.
#[inline(always)]
pub(crate) fn is(ret: i64) -> bool {
    matches!(-ret, ERESTARTSYS..=ERESTARTNOHAND | ERESTART_RESTARTBLOCK)
}

/// The rare cases at the beginning of a call. True if the call is a restart, and so has begun
/// before.
#[inline(always)]
pub(crate) fn begin(thread: &mut Thread, regs: Regs, nr: u64, treated: u8) -> bool {
    thread.flags &= !(Thread::FRESH | Thread::NEWBORN | Thread::IN_SIGRETURN);
    if thread.flags & Thread::SUSPENDED == 0 {
        return false;
    }
    let shape = treated & treatment::SHAPE;
    let flags = thread.flags;
    if shape == treatment::SIGRETURN {
        thread.flags |= Thread::IN_SIGRETURN | Thread::IN_HANDLER;
        return false;
    }
    let same_place = nr == u64::from(thread.suspended.call.nr) && regs.sp() == thread.suspended.sp;
    if shape != treatment::RESTART && !same_place {
        // A handler's own call. (The stack pointer of a handler is never that of the call.)
        thread.flags |= Thread::IN_HANDLER;
        return false;
    }
    if flags & Thread::IN_HANDLER != 0 && flags & Thread::RESTARTING == 0 {
        // The handler never came back, by `longjmp` say: a call of its own after all.
        end_suspended(thread);
        return false;
    }
    thread.flags &= !(Thread::SUSPENDED | Thread::IN_HANDLER | Thread::RESTARTING);
    thread.open = thread.suspended.call;
    true
}

/// The rare cases at the end of a call. True if there is nothing more to do.
#[inline(always)]
pub(crate) fn end(thread: &mut Thread, regs: Regs, ret: i64) -> bool {
    let flags = thread.flags;
    thread.flags &= !(Thread::FRESH | Thread::NEWBORN | Thread::IN_SIGRETURN);
    if flags & Thread::HELD != 0 {
        thread.open.entered_ns = 0;
        return true;
    }
    if thread.open.entered_ns == 0 {
        if flags & Thread::FRESH != 0 {
            send_unpaired(thread, regs.nr(), ret);
            return true;
        }
        if flags & Thread::NEWBORN != 0 {
            return true;
        }
    }
    if flags & Thread::IN_SIGRETURN != 0 && flags & Thread::SUSPENDED != 0 {
        if ret == -EINTR {
            end_suspended(thread);
        } else {
            thread.flags |= Thread::RESTARTING;
        }
    }
    false
}

/// The thread was in a call when it was adopted.
#[inline(always)]
fn send_unpaired(thread: &mut Thread, nr: u64, ret: i64) {
    // `rt_sigreturn` leaves with the number −1, and a child comes out of its parent's fork with 0.
    let Some(treated) = treatment(nr) else { return };
    if treated & treatment::SENT == 0 || (ret == 0 && treated & treatment::SHAPE == treatment::FORK)
    {
        return;
    }
    let call = Call {
        // SAFETY: has no precondition.
        end_ns: unsafe { bpf_ktime_get_ns() },
        cookie: thread.cookie,
        tid: thread.tid,
        nr: nr as u16,
        flags: Call::UNPAIRED,
        ..Call::default()
    };
    ring::send_call(call);
}

/// Puts an interrupted call aside until it shows whether it goes on.
#[inline(always)]
pub(crate) fn suspend(thread: &mut Thread, call: OpenCall, now: u64, sp: u64) {
    if thread.flags & Thread::SUSPENDED != 0 {
        // A call in a handler, interrupted too. There is room for one.
        end_suspended(thread);
    }
    thread.suspended = Suspended {
        call,
        ended_ns: now,
        runnable_ns: thread.runnable_ns,
        blocked_ns: thread.blocked_ns,
        sp,
    };
    thread.flags |= Thread::SUSPENDED;
}

/// The suspended call is over: it ended with `EINTR` when it was interrupted.
#[inline(always)]
fn end_suspended(thread: &mut Thread) {
    thread.flags &= !(Thread::SUSPENDED | Thread::IN_HANDLER | Thread::RESTARTING);
    let Suspended { call, ended_ns, runnable_ns, blocked_ns, sp: _ } = thread.suspended;
    let mut call = syscalls::ended(thread, &call, ended_ns, runnable_ns, blocked_ns);
    call.ret = -EINTR;
    call.flags |= Call::FAILED;
    ring::send_call(call);
}

/// The thread dies: what becomes of the call that was interrupted.
#[inline(always)]
pub(crate) fn end_by_exit(thread: &mut Thread) {
    if thread.flags & Thread::SUSPENDED != 0 {
        if thread.flags & Thread::IN_HANDLER == 0 {
            // Killed: the signal that interrupted the call was the last.
            let Suspended { call, .. } = thread.suspended;
            thread.flags &= !Thread::SUSPENDED;
            thread.open = call;
        } else {
            end_suspended(thread);
        }
    }
}
