//! The state of this CPU.

use core::ptr;

use aya_ebpf::{
    btf_maps::PerCpuArray,
    helpers::{bpf_get_smp_processor_id, generated::bpf_map_lookup_percpu_elem},
    macros::btf_map,
};
use tracer_common::cpu::{Counter, Cpu};

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
