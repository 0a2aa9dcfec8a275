//! The shapes of folded distributions: a table of cells for each CPU, each cell a number of times
//! between two values. It has a fixed size. What finds no cell of its own is counted for all
//! processes together; what finds none there either has sums only.

use aya_ebpf::{bindings::BPF_F_MMAPABLE, btf_maps::Array, macros::btf_map};
use tracer_common::{
    control::Control,
    record::{Call, Slice},
    shape::{Cell, What},
};

use crate::{config, cpu};

/// For each CPU and each of two epochs [`Cell::PER_EPOCH`] cells: user space sets the number. It
/// looks at them directly.
#[btf_map]
static CELLS: Array<Cell, { 2 * Cell::PER_EPOCH as usize }, { BPF_F_MMAPABLE as usize }> =
    Array::new();

/// An odd number without a pattern: spreads what it multiplies over all bits.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Adds the times of a call.
#[inline(always)]
pub(crate) fn call(call: &Call, what: u64, epoch_ns: u64) {
    let owner = Owner::of(call.cookie, call.tid, epoch_ns);
    if call.runnable_ns | call.blocked_ns == 0 {
        return add(&owner, What::timed(what, What::CALL, call.on_cpu_ns));
    }
    let wall = call.on_cpu_ns + call.runnable_ns + call.blocked_ns;
    add(&owner, What::timed(what, What::WALL, wall));
    add(&owner, What::timed(what, What::ON_CPU, call.on_cpu_ns));
    add(&owner, What::timed(what, What::RUNNABLE, call.runnable_ns));
    add(&owner, What::timed(what, What::BLOCKED, call.blocked_ns));
}

/// Adds the times of a stay.
#[inline(always)]
pub(crate) fn slice(slice: &Slice, epoch_ns: u64) {
    let owner = Owner::of(slice.cookie, slice.tid, epoch_ns);
    if slice.flags & Slice::LAST == 0 {
        add(&owner, What::timed(0, What::STAY, slice.ran_ns));
    }
    if slice.waited_ns > 0 {
        add(&owner, What::timed(0, What::WAIT, slice.waited_ns));
    }
    if slice.slept_ns > 0 {
        add(&owner, What::timed(What::of_sleep(slice), What::SLEEP, slice.slept_ns));
    }
}

/// Whose times these are, and where the cells for them begin.
struct Owner {
    cookie: u64,
    tid: u32,
    first: u32,
}

impl Owner {
    #[inline(always)]
    fn of(cookie: u64, tid: u32, epoch_ns: u64) -> Self {
        let place = cpu::id() * 2 + Control::place(epoch_ns);
        let tid = if config!(by_thread) != 0 { tid } else { 0 };
        Self { cookie, tid, first: place * Cell::PER_EPOCH }
    }
}

#[inline(always)]
fn add(owner: &Owner, what: u64) {
    shape_add(owner.cookie, what, owner.tid, owner.first);
}

/// Adds one to the cell of a process, or if there is no room to that of all. A global function: the
/// verifier looks at it once, and not once more for each path to it.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn shape_add(cookie: u64, what: u64, tid: u32, first: u32) -> u32 {
    let hash = (cookie ^ what.rotate_left(32)).wrapping_mul(SPREAD) ^ u64::from(tid);
    let hash = (hash.wrapping_mul(SPREAD) >> 32) as u32;
    if add_to(first, Cell::OF_PROCESSES - 1, hash, cookie, tid, what) {
        return 0;
    }
    let hash = (what.wrapping_mul(SPREAD) >> 32) as u32;
    add_to(first + Cell::OF_PROCESSES, Cell::OF_ALL - 1, hash, 0, 0, what);
    0
}

/// Adds one to the cell of this name, beginning the search at `hash`. False if there is no room.
#[inline(always)]
fn add_to(first: u32, mask: u32, hash: u32, cookie: u64, tid: u32, what: u64) -> bool {
    for step in 0..Cell::TRIES {
        let index = first + ((hash.wrapping_add(step)) & mask);
        // SAFETY: a value of the map, which only programs on this CPU write to.
        let Some(cell) = CELLS.get_ptr_mut(index).and_then(|cell| unsafe { cell.as_mut() }) else {
            return false;
        };
        if cell.count == 0 {
            *cell = Cell { cookie, what, tid, count: 1 };
            return true;
        }
        if cell.what == what && cell.cookie == cookie && cell.tid == tid {
            cell.count += 1;
            return true;
        }
    }
    false
}
