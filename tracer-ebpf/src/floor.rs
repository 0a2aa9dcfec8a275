//! The least that tracing by typed tracepoints can cost: programs that read the clock once and do
//! nothing else. `cargo xtask bench` measures the tracer against them; nothing of this is in it.
#![no_std]
#![no_main]

mod object;

use aya_ebpf::{helpers::bpf_ktime_get_ns, macros::btf_tracepoint, programs::BtfTracePointContext};

/// What is read is of no use; that the compiler keeps the call is.
#[inline(always)]
fn read_the_clock() -> i32 {
    // SAFETY: has no precondition.
    core::hint::black_box(unsafe { bpf_ktime_get_ns() });
    0
}

#[btf_tracepoint(function = "sys_enter")]
fn sys_enter(_: BtfTracePointContext) -> i32 {
    read_the_clock()
}

#[btf_tracepoint(function = "sys_exit")]
fn sys_exit(_: BtfTracePointContext) -> i32 {
    read_the_clock()
}

#[btf_tracepoint(function = "sched_switch")]
fn sched_switch(_: BtfTracePointContext) -> i32 {
    read_the_clock()
}
