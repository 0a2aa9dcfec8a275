//! What a CPU carries of the thread that it runs, from one system call to the next.
//!
//! Looking a thread up takes two helper calls, which is a good part of what a system call costs to trace.
//! Most calls begin and end without a switch between them, and for those all that is needed is with the
//! CPU. It is carried from the first call after a switch on; whoever looks the thread up itself puts it
//! all down into the thread's state first, so that everybody else finds one truth in one place. (Those
//! that only look, from an interrupt or another CPU, look here too.)

use aya_ebpf::{btf_maps::HashMap, macros::btf_map};
use tracer_common::{
    cpu::{Carried, Counter, Cpu},
    thread::{OpenCall, Thread},
};

use crate::{
    cpu,
    task::{Regs, Task},
};

/// What CPUs carried of threads that left them unseen (see [`crate::current::target`]), by task: it waits
/// here until they come again.
#[btf_map]
static LEFT_BEHIND: HashMap<u64, Carried, 1024> = HashMap::new();

/// Whether the thread with these registers is the one that is carried, or let pass.
#[inline(always)]
pub(crate) fn knows(cpu: &Cpu, regs: Regs) -> bool {
    cpu.carried.regs == regs.addr() && cpu.current != 0
}

/// From now on the calls of this thread are carried. It must be the one that runs here. False for a
/// thread that has to be looked at with each call.
#[inline(always)]
pub(crate) fn pick_up(cpu: &mut Cpu, regs: Regs, task: Task, thread: &mut Thread) -> bool {
    if thread.flags & (Thread::ADOPTED | Thread::DEAD | Thread::SPECIAL) != Thread::ADOPTED {
        return false;
    }
    thread.open.entered_ns = 0;
    let carried = &mut cpu.carried;
    carried.task = task.addr();
    carried.cookie = thread.cookie;
    carried.tid = thread.tid;
    carried.open.entered_ns = 0;
    carried.other_ns = 0;
    carried.other_calls = 0;
    carried.regs = regs.addr();
    true
}

/// From now on the calls of this thread, which is no target, are let pass.
#[inline(always)]
pub(crate) fn let_pass(cpu: &mut Cpu, regs: Regs) {
    cpu.carried.cookie = 0;
    cpu.carried.regs = regs.addr();
}

/// Puts what is carried of a thread into its state. From now on it is looked up.
#[inline(always)]
pub(crate) fn put_down(cpu: &mut Cpu, task: Task, thread: &mut Thread) {
    let carried = &mut cpu.carried;
    carried.regs = 0;
    if carried.task == task.addr() {
        carried.task = 0;
        give_back(carried, thread);
    }
}

#[inline(always)]
fn give_back(carried: &Carried, thread: &mut Thread) {
    if carried.open.entered_ns != 0 {
        thread.open = since(&carried.open, thread);
        thread.stay.in_call = carried.open.nr;
    }
    thread.stay.other_ns += carried.other_ns;
    thread.stay.other_calls += carried.other_calls;
}

/// Another thread runs here from now on. What is still carried is of one that left unseen.
#[inline(always)]
pub(crate) fn leave_behind(cpu: &mut Cpu, task: Task) {
    cpu.carried.regs = 0;
    if cpu.carried.task != 0 && cpu.carried.task != task.addr() {
        if LEFT_BEHIND.insert(cpu.carried.task, cpu.carried, 0).is_err() {
            cpu::count(Counter::LostCalls);
        }
        cpu.carried.task = 0;
    }
}

/// A thread comes that was not seen to leave: gives it what it left behind, or what the CPU still
/// carries that it was on.
#[inline(always)]
pub(crate) fn take_along(task: Task, thread: &mut Thread) {
    if let Some(cpu) = cpu::other(thread.stay.cpu)
        && cpu.carried.task == task.addr()
    {
        return put_down(cpu, task, thread);
    }
    // SAFETY: nobody else writes to what is of the thread that comes.
    if let Some(carried) = unsafe { LEFT_BEHIND.get(task.addr()) } {
        // A task may be where another one has been, and the same one may have come before.
        let is_its = carried.cookie == thread.cookie && carried.tid == thread.tid;
        let began_ns = carried.open.entered_ns;
        if is_its && (began_ns == 0 || began_ns >= thread.stay.start_ns) {
            give_back(carried, thread);
        }
        // It is there, and so can be removed.
        let _ = LEFT_BEHIND.remove(task.addr());
    }
}

/// The call that a thread is in, if a CPU carries it.
#[inline(always)]
pub(crate) fn open(cpu: &Cpu, task: Task) -> Option<&OpenCall> {
    let carried = &cpu.carried;
    (carried.task == task.addr() && carried.open.entered_ns != 0).then_some(&carried.open)
}

/// The same for a thread that any CPU ran last; where it left the call behind, too.
#[inline(always)]
pub(crate) fn open_anywhere(task: Task) -> Option<&'static OpenCall> {
    let carried = match of(task) {
        Some(carried) => carried,
        None => {
            // SAFETY: what is read here is read once, and may be of a moment ago.
            let behind = unsafe { LEFT_BEHIND.get(task.addr()) }?;
            if behind.tid != task.tid() {
                return None;
            }
            behind
        }
    };
    (carried.open.entered_ns != 0).then_some(&carried.open)
}

/// What the CPU carries of a thread that any CPU runs, or ran last.
#[inline(always)]
pub(crate) fn of(task: Task) -> Option<&'static Carried> {
    cpu::other(task.cpu()).map(|cpu| &cpu.carried).filter(|carried| carried.task == task.addr())
}

/// An open call with the sums at its beginning: the thread has not left the CPU since.
#[inline(always)]
pub(crate) fn since(open: &OpenCall, thread: &Thread) -> OpenCall {
    OpenCall {
        runnable_before_ns: thread.runnable_ns,
        blocked_before_ns: thread.blocked_ns,
        ..*open
    }
}
