//! What happens to calls and stays that the ring of their CPU has no room for.
//!
//! Sums are kept with the thread: count, total and maximum of each kind stay exact, whatever
//! happens. The shapes of the distributions go into the table of the CPU ([`crate::shape`]). What
//! has to stay whole goes into a ring of its own: ends of threads, and what reaches over the edge
//! between two reports. A thread that ends, or becomes another program, sends its sums the same way.
//!
//! None of this is on the way of a record that finds room.

use core::{ffi::c_void, ptr};

use aya_ebpf::{btf_maps::PerCpuArray, macros::btf_map};
use tracer_common::{
    config::SYSCALLS,
    control::Control,
    cpu::Counter,
    fold::{CallsOfEpoch, FoldedCalls, FoldedStays, ThreadCalls, Times},
    record::{Call, Slice},
    shape::What,
    thread::Thread,
};

use crate::{config, control, cpu, read, ring, shape, state, task::Task};

/// Places of [`ALL_CALLS`] behind those for each number: three kinds of `brk`, then 32-bit calls.
const PLACES: usize = SYSCALLS + 4;

/// Calls of threads that had no place for them: sums of this CPU, by number, since the start.
#[btf_map]
static ALL_CALLS: PerCpuArray<FoldedCalls, PLACES> = PerCpuArray::new();

/// Stays of threads that could not get rid of their sums before they ended.
#[btf_map]
static ALL_STAYS: PerCpuArray<FoldedStays, 1> = PerCpuArray::new();

/// Folds a call of the running thread.
#[inline(always)]
pub(crate) fn call(call: &Call) {
    fold_call(call);
}

// Global functions: the verifier looks at each once, and not once more for each path to it.

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn fold_call(call: *const Call) -> u32 {
    // SAFETY: from a reference; the verifier wants to see that it is not null.
    if let Some(call) = unsafe { call.as_ref() } {
        take_call(call);
    }
    0
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn fold_slice(thread: *mut Thread, slice: *const Slice) -> u32 {
    // SAFETY: from references, as above.
    let (thread, slice) = unsafe { (thread.as_mut(), slice.as_ref()) };
    if let Some(thread) = thread
        && let Some(slice) = slice
    {
        take_slice(thread, slice);
    }
    0
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn fold_flush(thread: *mut Thread) -> u32 {
    // SAFETY: as above.
    if let Some(thread) = unsafe { thread.as_mut() } {
        send_sums(thread);
    }
    0
}

#[inline(always)]
fn take_call(call: &Call) {
    let Some(control) = control::get() else { return };
    if call.end_ns < control.window_ns {
        return;
    }
    let completed = call.flags & (Call::UNPAIRED | Call::ENDED_BY_EXIT) == 0;
    let wall = call.on_cpu_ns + call.runnable_ns + call.blocked_ns;
    let whole = !completed || call.end_ns - wall <= control.cut_ns || is_pause(wall);
    if whole && ring::save(ptr::from_ref(call).cast(), size_of::<Call>() as u64) {
        return;
    }
    if !completed {
        return cpu::count(Counter::LostCalls);
    }
    cpu::count(Counter::FoldedCalls);
    let what = What::of_call(call);
    let epoch_ns = epoch_of(control, call.end_ns);
    if control.detail < Control::SUMS {
        shape::call(call, what, epoch_ns);
    }
    match row(call, what, epoch_ns) {
        Some(row) => row.add(call),
        None => call_of_all(call, what),
    }
}

/// The epoch that something ended in.
#[inline(always)]
fn epoch_of(control: &Control, end_ns: u64) -> u64 {
    if end_ns > control.epoch_ns { control.epoch_ns } else { control.previous_ns }
}

/// Whether it is long enough to be listed by itself.
#[inline(always)]
fn is_pause(ns: u64) -> bool {
    ns >= 1000 * u64::from(config!(pauses_over_us))
}

/// The sums of a kind of call; `None` if the thread has no memory, or no place, for them.
#[inline(always)]
fn row(call: &Call, what: u64, epoch_ns: u64) -> Option<&'static mut FoldedCalls> {
    let calls = state::folded_calls_or_new(Task::current())?;
    let epoch = epoch(calls, epoch_ns);
    if epoch.epoch_ns != epoch_ns {
        for row in &mut epoch.rows {
            row.count = 0;
        }
        epoch.epoch_ns = epoch_ns;
    }
    epoch.found = CallsOfEpoch::KINDS as u64;
    for (index, row) in epoch.rows.iter().enumerate() {
        if row.count == 0 || row.what == what {
            epoch.found = index as u64;
            break;
        }
    }
    let found = read(&epoch.found) as usize;
    let row = epoch.rows.get_mut(found)?;
    if row.count == 0 {
        let (cookie, tid) = (call.cookie, call.tid);
        *row = FoldedCalls { cookie, tid, epoch_ns, what, ..FoldedCalls::default() };
    }
    Some(row)
}

#[inline(always)]
fn epoch(calls: &mut ThreadCalls, epoch_ns: u64) -> &mut CallsOfEpoch {
    let [even, odd] = &mut calls.epochs;
    if Control::place(epoch_ns) == 0 { even } else { odd }
}

/// The place of a kind of call among [`ALL_CALLS`].
#[inline(always)]
fn place_of(what: u64) -> u32 {
    let nr = what as u32 & 0xffff;
    let brk = (what >> 16) as u8;
    if what >> 24 & 1 != 0 {
        SYSCALLS as u32 + 3
    } else if Call::kind_is_brk(brk) {
        SYSCALLS as u32 + u32::from(brk - Call::BRK_GROW)
    } else {
        nr
    }
}

/// The sums of all for a kind of call.
#[inline(always)]
fn all_calls(what: u64) -> Option<&'static mut FoldedCalls> {
    // SAFETY: a value of the map, which only programs on this CPU write to.
    let row = unsafe { ALL_CALLS.get_ptr_mut(place_of(what))?.as_mut()? };
    row.what = what;
    Some(row)
}

#[inline(always)]
fn call_of_all(call: &Call, what: u64) {
    cpu::count(Counter::HomelessCalls);
    match all_calls(what) {
        Some(row) => row.add(call),
        None => cpu::count(Counter::LostCalls),
    }
}

/// Folds a stay of a thread that leaves this CPU.
#[inline(always)]
pub(crate) fn slice(thread: &mut Thread, slice: &Slice) {
    fold_slice(thread, slice);
}

#[inline(always)]
fn take_slice(thread: &mut Thread, slice: &Slice) {
    let Some(control) = control::get() else { return };
    let end_ns = slice.start_ns + slice.ran_ns;
    if end_ns < control.window_ns {
        return;
    }
    let begin_ns = slice.start_ns - slice.waited_ns - slice.slept_ns;
    let epoch_ns = epoch_of(control, end_ns);
    let [even, odd] = &mut thread.folded;
    let sums = if Control::place(epoch_ns) == 0 { even } else { odd };
    if sums.epoch_ns != epoch_ns {
        let (cookie, tid) = (thread.cookie, thread.tid);
        *sums = FoldedStays { cookie, tid, epoch_ns, ..FoldedStays::default() };
    }
    let place = if slice.slept_ns == 0 { Some(None) } else { sleeps(sums, slice).map(Some) };
    let whole = slice.flags & Slice::LAST != 0
        || begin_ns <= control.cut_ns
        || is_pause(slice.waited_ns)
        || place.is_none();
    if whole && ring::save(ptr::from_ref(slice).cast(), size_of::<Slice>() as u64) {
        return;
    }
    cpu::count(Counter::FoldedSlices);
    if control.detail < Control::SUMS {
        shape::slice(slice, epoch_ns);
    }
    match place {
        Some(place) => {
            if let Some(times) = place {
                times.add(slice.slept_ns);
            }
            sums.add(slice);
        }
        None => slice_of_all(slice),
    }
}

/// The place for the sleep before a slice; `None` if there is none left.
#[inline(always)]
fn sleeps<'a>(sums: &mut FoldedStays, slice: &Slice) -> Option<&'a mut Times> {
    let state = slice.slept_state & What::STATES;
    sums.found = FoldedStays::REASONS as u64;
    for (index, sleeps) in sums.sleeps.iter().enumerate() {
        let same = sleeps.slept_in == slice.slept_in && sleeps.slept_state == state;
        if sleeps.times.count == 0 || same {
            sums.found = index as u64;
            break;
        }
    }
    let found = read(&sums.found) as usize;
    let sleeps = sums.sleeps.get_mut(found)?;
    sleeps.slept_in = slice.slept_in;
    sleeps.slept_state = state;
    // SAFETY: part of a value of a map, which stays until the program ends. It is apart from the
    // sums that are written to beside it.
    unsafe { ptr::from_mut(&mut sleeps.times).as_mut() }
}

#[inline(always)]
fn slice_of_all(slice: &Slice) {
    cpu::count(Counter::HomelessSlices);
    // SAFETY: a value of the map, which only programs on this CPU write to.
    if let Some(sums) = ALL_STAYS.get_ptr_mut(0).and_then(|sums| unsafe { sums.as_mut() }) {
        sums.add(slice);
        if slice.slept_ns > 0 {
            // What it slept in is lost with the place for it.
            let [unknown, ..] = &mut sums.sleeps;
            unknown.slept_in = Slice::NO_CALL;
            unknown.times.add(slice.slept_ns);
        }
    }
}

/// The running thread ends, or becomes another program: sends what was folded of it.
#[inline(always)]
pub(crate) fn flush(thread: &mut Thread) {
    fold_flush(thread);
}

#[inline(always)]
fn send_sums(thread: &mut Thread) {
    let Some(control) = control::get() else { return };
    for sums in &mut thread.folded {
        if is_uncollected(control, sums.epoch_ns) && sums.count != 0 {
            let size = size_of::<FoldedStays>() as u64;
            if !ring::save(ptr::from_ref(sums).cast(), size) {
                stays_of_all(sums);
            }
        }
        sums.epoch_ns = 0;
    }
    let Some(calls) = state::folded_calls(Task::current()) else { return };
    for epoch in &mut calls.epochs {
        if is_uncollected(control, epoch.epoch_ns) {
            for row in &mut epoch.rows {
                if row.count == 0 {
                    break;
                }
                let size = size_of::<FoldedCalls>() as u64;
                if !ring::save(ptr::from_ref(row).cast::<c_void>(), size) {
                    calls_of_all(row);
                }
            }
        }
        epoch.epoch_ns = 0;
    }
}

/// Whether sums of this epoch may not have been collected yet.
#[inline(always)]
fn is_uncollected(control: &Control, epoch_ns: u64) -> bool {
    epoch_ns != 0 && (epoch_ns == control.epoch_ns || epoch_ns == control.previous_ns)
}

#[inline(never)]
fn calls_of_all(theirs: &FoldedCalls) {
    if let Some(row) = all_calls(theirs.what) {
        row.count += theirs.count;
        row.errors += theirs.errors;
        row.amount += theirs.amount;
        row.wall_max_ns = larger(row.wall_max_ns, theirs.wall_max_ns);
        for (part, their) in [
            (&mut row.on_cpu, &theirs.on_cpu),
            (&mut row.runnable, &theirs.runnable),
            (&mut row.blocked, &theirs.blocked),
        ] {
            part.ns += their.ns;
            part.max_ns = larger(part.max_ns, their.max_ns);
        }
        add(Counter::HomelessCalls, theirs.count);
    }
}

#[inline(never)]
fn stays_of_all(theirs: &FoldedStays) {
    // SAFETY: a value of the map, which only programs on this CPU write to.
    let Some(sums) = ALL_STAYS.get_ptr_mut(0).and_then(|sums| unsafe { sums.as_mut() }) else {
        return;
    };
    sums.count += theirs.count;
    add_times(&mut sums.stays, &theirs.stays);
    add_times(&mut sums.waits, &theirs.waits);
    sums.last_ns += theirs.last_ns;
    sums.throttled_ns += theirs.throttled_ns;
    sums.voluntary += theirs.voluntary;
    sums.migrations += theirs.migrations;
    sums.other_calls += theirs.other_calls;
    sums.other_ns += theirs.other_ns;
    let [unknown, ..] = &mut sums.sleeps;
    unknown.slept_in = Slice::NO_CALL;
    for sleeps in &theirs.sleeps {
        if sleeps.times.count > 0 {
            add_times(&mut unknown.times, &sleeps.times);
        }
    }
    add(Counter::HomelessSlices, theirs.count.into());
}

#[inline(always)]
fn add_times(times: &mut Times, theirs: &Times) {
    times.count += theirs.count;
    times.part.ns += theirs.part.ns;
    times.part.max_ns = larger(times.part.max_ns, theirs.part.max_ns);
}

#[inline(always)]
fn larger(a: u64, b: u64) -> u64 {
    if a > b { a } else { b }
}

#[inline(always)]
fn add(counter: Counter, n: u64) {
    if let Some(cpu) = cpu::here() {
        cpu.counters[counter as usize] += n;
    }
}
