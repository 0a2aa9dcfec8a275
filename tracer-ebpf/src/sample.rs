//! Where a target is when the sampling clock of its CPU ticks.
//!
//! The clock is an interrupt, which may fall into any other program here: nothing of theirs is
//! written to. What tells a page fault from an interrupt is the root of the kernel stack; what
//! tells one hot spot from another is its leaf. The frames between are left out.

use core::{ffi::c_void, hint::black_box, ptr};

use aya_ebpf::{
    EbpfContext as _,
    bindings::BPF_F_USER_STACK,
    btf_maps::PerCpuArray,
    helpers::{bpf_ktime_get_ns, generated::bpf_get_stack},
    macros::{btf_map, perf_event},
    programs::PerfEventContext,
};
use tracer_common::{
    record::{Call, Sample},
    thread::{OpenCall, Thread},
};

use crate::{carried, cpu, current, ring, state, task::Task};

/// The deepest stack that kernels give (`kernel.perf_event_max_stack` by default).
const DEEPEST: usize = 127;
/// A power of two above, so that an index can be masked.
const SLOTS: usize = DEEPEST + 1;

/// Room for the kernel stack of the thread that the clock found on this CPU.
#[btf_map]
static STACKS: PerCpuArray<[u64; SLOTS], 1> = PerCpuArray::new();

#[perf_event]
fn sample(ctx: PerfEventContext) -> u32 {
    if !current::is_target() {
        return 0;
    }
    let task = Task::current();
    if let Some(thread) = state::of(task)
        && state::is_watched(thread)
    {
        let carried = cpu::here().and_then(|cpu| carried::open(cpu, task));
        ring::send_sample(look(ctx.as_ptr(), thread, carried));
    }
    0
}

/// Where the thread is, which the clock has interrupted.
#[inline(always)]
fn look(ctx: *mut c_void, thread: &Thread, carried: Option<&OpenCall>) -> Sample {
    let mut sample = Sample {
        // SAFETY: has no precondition.
        ns: unsafe { bpf_ktime_get_ns() },
        cookie: thread.cookie,
        tid: thread.tid,
        nr: carried.map_or(thread.stay.in_call, |open| open.nr),
        ..Sample::default()
    };
    let open = carried.unwrap_or(&thread.open);
    if open.entered_ns != 0 && open.nr == sample.nr {
        sample.kind = if Call::kind_is_brk(open.kind) { open.kind } else { 0 };
        sample.flags = if open.flags & Call::COMPAT != 0 { Sample::COMPAT } else { 0 };
    }
    let Some(stack) = STACKS.get_ptr_mut(0) else { return sample };
    // SAFETY: the context is the one that the kernel gave, the room is as large as is said.
    let length = unsafe { bpf_get_stack(ctx, stack.cast(), (DEEPEST * 8) as u32, 0) };
    if length == 0 {
        // No frame in the kernel. The first one of the program is where it is; its callers would
        // have to be read from its memory.
        sample.flags |= Sample::USER;
        let ip = ptr::from_mut(&mut sample.ip);
        // SAFETY: as above.
        unsafe { bpf_get_stack(ctx, ip.cast(), 8, BPF_F_USER_STACK.into()) };
    } else if length > 0 {
        // SAFETY: a slot of the map, which only this program uses.
        roots(unsafe { &*stack }, length.cast_unsigned() as usize / 8, &mut sample);
    }
    sample
}

/// Takes leaf and roots from a stack of so many frames, which has the leaf first.
#[inline(always)]
fn roots(stack: &[u64; SLOTS], frames: usize, sample: &mut Sample) {
    sample.ip = stack[0];
    for (n, root) in sample.roots.iter_mut().enumerate() {
        if n < frames {
            // The verifier wants to see the mask, which the compiler would leave out.
            let frame = black_box(frames - 1 - n) & (SLOTS - 1);
            // All but the leaf are return addresses, and may lie behind the end of their function.
            *root = stack[frame] - u64::from(frame > 0);
        }
    }
}
