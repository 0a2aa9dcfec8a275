//! The thread that runs on this CPU.

use tracer_common::{
    cpu::{Counter, Cpu},
    thread::Thread,
};

use crate::{carried, cpu, sched, state, task::Task};

/// The state of the thread that runs here, if it is a target, with all that the CPU carried of it.
/// Whoever is none pays for no look-up.
///
/// The kernel leaves out a switch now and then, while another program is attached to the tracepoint
/// or detached from it. So what the last one said is believed only as long as it speaks of the
/// thread that runs; otherwise this is the switch.
#[inline(always)]
pub(crate) fn target(cpu: &mut Cpu) -> Option<(Task, &'static mut Thread)> {
    let task = Task::current();
    let thread = if cpu.current == task.addr() {
        if cpu.current_is_target == 0 {
            return None;
        }
        state::of(task)?
    } else {
        let was_known = cpu.current != 0;
        let thread = sched::switched_unseen(cpu, task)?;
        if was_known {
            cpu::count(Counter::MissedSwitches);
        }
        thread
    };
    carried::put_down(cpu, task, thread);
    Some((task, thread))
}

/// Whether a target runs here, for a program that may have interrupted the switch itself.
#[inline(always)]
pub(crate) fn is_target() -> bool {
    cpu::here()
        .is_some_and(|cpu| cpu.current_is_target != 0 && cpu.current == Task::current().addr())
}
