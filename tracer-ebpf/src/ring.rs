//! The rings that records leave by.
//!
//! Calls and slices go into the ring of their CPU ([`tracer_common::ring`]), so that no producer waits
//! for another. Turning points of processes are rare and precious, and have a ring of their own. A
//! record never wakes the reader, which comes by on a timer; the exception is the one that makes a
//! ring half full.

use core::{
    arch::asm,
    ffi::c_void,
    ptr,
    sync::atomic::{Ordering, compiler_fence},
};

use aya_ebpf::{
    bindings::{BPF_F_MMAPABLE, BPF_RB_FORCE_WAKEUP, BPF_RB_NO_WAKEUP},
    btf_maps::{Array, ArrayOfMaps, RingBuf},
    helpers::generated::bpf_ringbuf_output,
    macros::btf_map,
};
use tracer_common::{
    control::Control,
    cpu::Counter,
    locks::LockWaits,
    record::{Call, Life, Sample, Slice},
    ring::{ReadTo, Slot},
    thread::Thread,
};

use crate::{config, control, cpu, fold};

/// The places of one CPU's ring after those of another. User space sets the number.
#[btf_map]
static RECORDS: Array<Slot, 1, { BPF_F_MMAPABLE as usize }> = Array::new();

/// How far each of them has been read: user space writes here.
#[btf_map]
static READ_TO: Array<ReadTo, 1, { BPF_F_MMAPABLE as usize }> = Array::new();

/// The rings of the samples, one per CPU too. They come from an interrupt, which may fall into any
/// other program: it must never find the lock of its ring held.
#[btf_map]
static SAMPLES: ArrayOfMaps<RingBuf<Sample, 4096>, 1> = ArrayOfMaps::new();

#[btf_map]
static LIVES: RingBuf<Life, { 2 << 20 }> = RingBuf::new();

/// What a full ring of records must not cost: last words of threads, and what reaches over the edge
/// between two reports. A wake-up of the reader goes by here too.
#[btf_map]
static SAVED: RingBuf<Call, { 2 << 20 }> = RingBuf::new();

/// Sends a call of the running thread, or folds it.
#[inline(always)]
pub(crate) fn send_call(call: Call) {
    if control::sheds(Control::SHAPES) || !send(Slot::CALL, call) {
        fold::call(&call);
    }
}

/// Sends a slice, or folds it.
#[inline(always)]
pub(crate) fn send_slice(thread: &mut Thread, slice: Slice) {
    if control::sheds(Control::CALLS) || !send(Slot::SLICE, slice) {
        fold::slice(thread, &slice);
    }
}

/// Sends what a thread has waited for locks, or counts that it was lost.
#[inline(always)]
pub(crate) fn send_lock_waits(waits: &LockWaits) {
    if !save(ptr::from_ref(waits).cast(), size_of::<LockWaits>() as u64) {
        cpu::count(Counter::LostLockWaits);
    }
}

/// Puts what must stay whole into the ring that is kept for it. False if there is no room.
#[inline(always)]
pub(crate) fn save(record: *const c_void, size: u64) -> bool {
    let ring = (&raw const SAVED).cast_mut().cast();
    // SAFETY: the ring is a ring, and the verifier checks the record against the size.
    unsafe { bpf_ringbuf_output(ring, record.cast_mut(), size, BPF_RB_NO_WAKEUP.into()) == 0 }
}

/// Puts a record into the ring of this CPU. False if there is no room.
#[inline(always)]
fn send<T>(kind: u64, record: T) -> bool {
    let (id, slots) = (cpu::id(), config!(ring_slots));
    let (Some(cpu), Some(read)) = (cpu::here(), READ_TO.get_ptr(id)) else { return false };
    // SAFETY: a value of the map. Volatile, for the reader writes to it.
    let read_to = unsafe { ptr::read_volatile(&raw const (*read).position) };
    let waiting = cpu.sent.wrapping_sub(read_to);
    if waiting >= slots.into() {
        return false;
    }
    let position = cpu.sent;
    let Some(slot) = RECORDS.get_ptr_mut(id * slots + (position as u32 & (slots - 1))) else {
        return false;
    };
    // SAFETY: a value of the map, at the place that is this record's alone; its body has room for
    // the largest record.
    unsafe {
        (&raw mut (*slot).body).cast::<T>().write(record);
        publish(&raw mut (*slot).stamp, Slot::stamp(position, kind));
    }
    cpu.sent = position + 1;
    if waiting == u64::from(slots / 2) {
        wake_reader();
    }
    true
}

/// Stamps a record, after all of it was written: whoever sees the stamp sees the record.
#[inline(always)]
unsafe fn publish(stamp: *mut u64, value: u64) {
    compiler_fence(Ordering::Release);
    // An exchange is the one barrier that eBPF has on every machine. Rust offers no atomics for it.
    // SAFETY: by the caller, a stamp of the map.
    unsafe {
        asm!(
            "{value} = xchg_64({stamp} + 0, {value})",
            stamp = in(reg) stamp,
            value = inout(reg) value => _,
        );
    }
}

/// A record that is withdrawn wakes whoever waits for the ring, like any other.
#[inline(always)]
fn wake_reader() {
    if let Some(entry) = SAVED.reserve(0) {
        entry.discard(BPF_RB_FORCE_WAKEUP.into());
    }
}

/// Sends a sample, or counts that it was lost.
#[inline(always)]
pub(crate) fn send_sample(sample: Sample) {
    if let Some(ring) = SAMPLES.get(cpu::id())
        && let Some(mut entry) = ring.reserve_untyped::<Sample>(0)
    {
        entry.write(sample);
        entry.submit(BPF_RB_NO_WAKEUP.into());
    } else {
        cpu::count(Counter::LostSamples);
    }
}

/// Sends a turning point, or counts that it was lost.
#[inline(always)]
pub(crate) fn send_life(life: &Life) {
    match LIVES.reserve(0) {
        Some(mut entry) => {
            entry.write(*life);
            entry.submit(BPF_RB_NO_WAKEUP.into());
        }
        None => cpu::count(Counter::LostLives),
    }
}
