//! The rings that records leave by.
//!
//! Calls and slices go into the ring of their CPU, so that no producer waits for another. Turning points of
//! processes are rare and precious, and have one ring of their own. A record never wakes the
//! reader, which comes by on a timer; the exception is a ring that is more than half full.

use core::{ffi::c_void, ptr};

use aya_ebpf::{
    bindings::{BPF_RB_AVAIL_DATA, BPF_RB_FORCE_WAKEUP, BPF_RB_NO_WAKEUP},
    btf_maps::{ArrayOfMaps, RingBuf},
    helpers::{bpf_ringbuf_query, generated::bpf_ringbuf_output},
    macros::btf_map,
};
use tracer_common::{
    cpu::Counter,
    fold::Control,
    locks::LockWaits,
    record::{Call, Life, Sample, Slice},
    thread::Thread,
};

use crate::{config, control, cpu, fold};

/// One ring per CPU. User space makes them, with the number and the size it wants.
#[btf_map]
static RECORDS: ArrayOfMaps<RingBuf<Call, 4096>, 1> = ArrayOfMaps::new();

/// The rings of the samples, one per CPU too. They come from an interrupt, which may fall into any
/// other program: it must never find the lock of its ring held.
#[btf_map]
static SAMPLES: ArrayOfMaps<RingBuf<Sample, 4096>, 1> = ArrayOfMaps::new();

#[btf_map]
static LIVES: RingBuf<Life, { 2 << 20 }> = RingBuf::new();

/// What a full ring of records must not cost: last words of threads, and what reaches over the edge
/// between two reports. The kinds are those of [`RECORDS`].
#[btf_map]
static SAVED: RingBuf<Call, { 2 << 20 }> = RingBuf::new();

/// A look at how full the ring is costs a helper call, and a wake-up much more: there is one look
/// for so many bytes of the ring's size in records, some tens of looks while it fills once.
const RING_BYTES_PER_LOOK: u32 = 4096;

/// Sends a call of the running thread, or folds it.
#[inline(always)]
pub(crate) fn send_call(thread: &mut Thread, call: Call) {
    if control::sheds(Control::SHAPES) || !send(call) {
        fold::call(thread, &call);
    }
}

/// Sends a slice, or folds it.
#[inline(always)]
pub(crate) fn send_slice(thread: &mut Thread, slice: Slice) {
    if control::sheds(Control::CALLS) || !send(slice) {
        fold::slice(thread, &slice);
    }
}

/// Sends what a thread has waited for locks, or counts that it was lost.
#[inline(always)]
pub(crate) fn send_lock_waits(waits: LockWaits) {
    if !send(waits) && !save(ptr::from_ref(&waits).cast(), size_of::<LockWaits>() as u64) {
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
fn send<T: 'static>(record: T) -> bool {
    let Some(ring) = RECORDS.get(cpu::id()) else { return false };
    let Some(mut entry) = ring.reserve_untyped::<T>(0) else { return false };
    entry.write(record);
    let mut flags = BPF_RB_NO_WAKEUP;
    if let Some(cpu) = cpu::here() {
        cpu.sent = cpu.sent.wrapping_add(1);
        // A ring's size is a power of two, and at least a page.
        if cpu.sent & (config!(ring_bytes) / RING_BYTES_PER_LOOK - 1) == 0 {
            // SAFETY: the ring is a ring.
            let waiting = unsafe {
                bpf_ringbuf_query(ptr::from_ref(ring).cast_mut().cast(), BPF_RB_AVAIL_DATA.into())
            };
            if waiting > u64::from(config!(ring_bytes) / 2) {
                flags = BPF_RB_FORCE_WAKEUP;
            }
        }
    }
    entry.submit(flags.into());
    true
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
