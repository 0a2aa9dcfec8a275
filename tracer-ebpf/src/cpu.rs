//! The state of this CPU.

use core::ptr;

use aya_ebpf::{
    btf_maps::PerCpuArray,
    helpers::{bpf_get_smp_processor_id, generated::bpf_map_lookup_percpu_elem},
    macros::btf_map,
};
use tracer_common::{
    cpu::{Counter, Cpu},
    thread::Thread,
};

use crate::{carried, sched, state, task::Task};

#[btf_map]
static CPUS: PerCpuArray<Cpu, 1> = PerCpuArray::new();

/// Bits of a cookie that hold the CPU it was given on.
const CPU_BITS: u32 = 16;

/// This CPU's state. Always there; `None` only satisfies the verifier.
#[inline(always)]
pub(crate) fn here() -> Option<&'static mut Cpu> {
    // SAFETY: programs do not migrate, so nobody else writes here but a program that interrupts
    // this one, and an iterator that sets the flag.
    CPUS.get_ptr_mut(0).and_then(|cpu| unsafe { cpu.as_mut() })
}

/// The state of the thread that runs here, if it is a target, with all that the CPU carried of it.
/// Whoever is none pays for no look-up.
///
/// The kernel leaves out a switch now and then, while another program is attached to the tracepoint
/// or detached from it. So what the last one said is believed only as long as it speaks of the
/// thread that runs; otherwise this is the switch.
#[inline(always)]
pub(crate) fn current_target(cpu: &mut Cpu) -> Option<(Task, &'static mut Thread)> {
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
            count(Counter::MissedSwitches);
        }
        thread
    };
    carried::put_down(cpu, task, thread);
    Some((task, thread))
}

/// Whether a target runs here, for a program that may have interrupted the switch itself.
#[inline(always)]
pub(crate) fn runs_target() -> bool {
    here().is_some_and(|cpu| cpu.current_is_target != 0 && cpu.current == Task::current().addr())
}

/// The state of any CPU. Its own programs write to it meanwhile.
#[inline(always)]
pub(crate) fn other(cpu: u32) -> Option<&'static mut Cpu> {
    let key = 0u32;
    // SAFETY: the map and the key are what the helper wants; null for a CPU that is not there.
    unsafe {
        bpf_map_lookup_percpu_elem(
            (&raw const CPUS).cast_mut().cast(),
            ptr::from_ref(&key).cast(),
            cpu,
        )
        .cast::<Cpu>()
        .as_mut()
    }
}

/// Has the CPU look again whether its thread is a target.
#[inline(always)]
pub(crate) fn forget_current_of(cpu: u32) {
    if let Some(cpu) = other(cpu) {
        cpu.current = 0;
    }
}

/// One more of what went wrong.
#[inline(always)]
pub(crate) fn count(counter: Counter) {
    if let Some(cpu) = here() {
        cpu.counters[counter as usize] += 1;
    }
}

/// The number of this CPU.
#[inline(always)]
pub(crate) fn id() -> u32 {
    // SAFETY: has no precondition.
    unsafe { bpf_get_smp_processor_id() }
}

/// A number never given before and never 0.
#[inline(always)]
pub(crate) fn new_cookie() -> u64 {
    here().map_or(0, |cpu| {
        cpu.cookies += 1;
        (cpu.cookies << CPU_BITS) | u64::from(id())
    })
}
