//! The kernel side of `tracer`: typed tracepoint programs and task iterators.
//!
//! | file | subject |
//! |---|---|
//! | `syscalls` | a call begins and ends |
//! | `interrupted` | a call is interrupted and restarted, or its border was never seen |
//! | `sched` | which thread runs on this CPU, and how long threads wait and sleep |
//! | `sample` | where a target is when the sampling clock ticks |
//! | `locks` | waits for the kernel's own locks |
//! | `lifecycle` | fork, exec, exit |
//! | `seed` | iterators: adopt threads that are alive, look at calls that are open |
//! | `state` | the state of a thread, in task-local storage |
//! | `fold` | sums of what is not sent |
//! | `shape` | distributions of what is not sent |
//! | `control` | what the reader says while the programs run |
//! | `cpu` | the state of a CPU: its flag, its counters |
//! | `current` | the thread that runs here |
//! | `carried` | what a CPU remembers of its thread, lest each call look it up |
//! | `ring` | the rings that records leave by |
//! | `task` | fields of the kernel's own structures |
//! | `object` | what each object needs beside its programs |
//!
//! Only a thread that is a target pays for more than one look at a per-CPU word.
#![no_std]
#![no_main]
#![feature(asm_experimental_arch)] // For the barrier in `ring`.
#![expect(clippy::needless_pass_by_value, reason = "the signature that aya's macros ask for")]
#![expect(
    clippy::cast_possible_truncation,
    reason = "numbers of calls and task states are cut to the width of their fields; eBPF has 64 bits"
)]

mod carried;
mod control;
mod cpu;
mod current;
mod fold;
mod interrupted;
mod lifecycle;
mod locks;
mod object;
mod ring;
mod sample;
mod sched;
mod seed;
mod shape;
mod state;
mod syscalls;
mod task;

use core::arch::asm;

use aya_ebpf::Global;
use tracer_common::config::{Config, SYSCALLS};

/// Set by user space before the programs are loaded, constant from then on.
#[unsafe(no_mangle)]
static CONFIG: Global<Config> = Global::new(Config {
    task_pid: 0,
    task_tgid: 0,
    task_comm: 0,
    task_start: 0,
    task_mm: 0,
    task_leader: 0,
    task_parent: 0,
    task_signal: 0,
    task_exit_code: 0,
    task_utime: 0,
    task_stime: 0,
    task_min_flt: 0,
    task_maj_flt: 0,
    task_state: 0,
    task_throttled: 0,
    task_on_cpu: 0,
    task_cpu: 0,
    task_status: 0,
    task_thread_pid: 0,
    pid_level: 0,
    pid_numbers: 0,
    upid_size: 0,
    signal_live: 0,
    mm_brk: 0,
    mm_mmap_lock: 0,
    regs_arg0: 0,
    regs_arg1: 0,
    regs_arg2: 0,
    regs_arg3: 0,
    regs_nr: 0,
    regs_sp: 0,
    regs_ip: 0,
    regs_cx: 0,
    ring_slots: 0,
    task_exec_runtime: 0,
    follow: 0,
    all: 0,
    foreign_execs: 0,
    by_thread: 0,
    sheds: 0,
    pauses_over_us: 0,
    treatment: [0; SYSCALLS],
});

/// The frozen configuration. Its fields are read by [`config!`] only.
#[inline(always)]
fn frozen() -> &'static Config {
    // SAFETY: `Global` is a transparent wrapper of an initialised `Config`.
    unsafe { &*(&raw const CONFIG).cast() }
}

/// Reads what user space has put in the place of the value compiled in.
#[inline(always)]
fn read<T: Copy>(field: &T) -> T {
    // SAFETY: a reference is readable. Volatile, or else the compiler would take its own value.
    unsafe { core::ptr::read_volatile(field) }
}

/// Reads one field of [`CONFIG`]: a direct load, which the verifier knows as a constant.
macro_rules! config {
    ($field:ident) => {
        $crate::read(&$crate::frozen().$field)
    };
}
pub(crate) use config;

/// How the system call `nr` is treated; `None` outside the table.
#[inline(always)]
fn treatment(nr: u64) -> Option<u8> {
    let table = &frozen().treatment;
    if nr < SYSCALLS as u64 { table.get(bounded::<SYSCALLS>(nr)).map(read) } else { None }
}

/// A number that is below `N`, a power of two, and that the verifier sees to be.
///
/// The compiler may test one copy of a number and use another, from the stack: verifiers before Linux
/// 6.4 do not know that these are the same.
#[inline(always)]
fn bounded<const N: usize>(number: u64) -> usize {
    const { assert!(N.is_power_of_two()) };
    let mut index = number;
    // SAFETY: one instruction, on a register.
    unsafe { asm!("{index} &= {mask}", index = inout(reg) index, mask = const N - 1) };
    index as usize
}
