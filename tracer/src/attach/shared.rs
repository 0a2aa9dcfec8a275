//! Memory that is shared with the programs: their arrays, mapped. All unsafe code about it is here.
//!
//! The kernel writes to it at any time. Who may write to which part, and when it may be read, is said
//! by [`tracer_common`]; what is found is plain integers, of which any bits are valid.

use std::{
    io,
    marker::PhantomData,
    os::fd::{AsFd as _, AsRawFd as _},
    slice,
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::{Context as _, Result, bail};
use aya::{Ebpf, maps::Map};
use memmap2::{MmapOptions, MmapRaw};
use tracer_common::{
    record::{Call, Slice},
    ring::{ReadTo, Slot},
    shape::Cell,
};

use super::Record;

/// An array of the programs. `T` is one of the types that the programs and we share.
#[derive(Debug)]
pub(super) struct Shared<T> {
    memory: MmapRaw,
    count: usize,
    values: PhantomData<T>,
}

impl<T> Shared<T> {
    /// Maps so many values of the array `name`.
    pub(super) fn map(bpf: &Ebpf, name: &str, count: u32) -> Result<Self> {
        let Some(Map::Array(array)) = bpf.map(name) else {
            bail!("the eBPF object has no array {name}: rebuild it with `cargo xtask build`")
        };
        let count = count as usize;
        let map = || -> io::Result<MmapRaw> {
            MmapOptions::new().len(count * size_of::<T>()).map_raw(array.fd().as_fd().as_raw_fd())
        };
        let memory = map().with_context(|| {
            format!("cannot share the array {name} with the programs (mmap of a BPF array)")
        })?;
        Ok(Self { memory, count, values: PhantomData })
    }

    /// Where a value is; `None` outside of the array.
    fn at(&self, index: usize) -> Option<*mut T> {
        // The mapping is `count` values long.
        (index < self.count).then(|| self.memory.as_mut_ptr().cast::<T>().wrapping_add(index))
    }
}

impl Shared<Cell> {
    /// Empties the cells of some of the chunks, each of so many cells, and gives what was in them.
    /// The programs must not write to these meanwhile.
    pub(super) fn take(
        &mut self,
        chunk: usize,
        wanted: impl Fn(usize) -> bool,
        mut taken: impl FnMut(Cell),
    ) {
        let wanted = (0..self.count).filter(|index| wanted(index / chunk));
        for cell in wanted.filter_map(|index| self.at(index)) {
            // SAFETY: within the mapping, which begins at a page. Volatile, for the kernel writes to
            // the others.
            unsafe {
                let found = cell.read_volatile();
                if found.count > 0 {
                    cell.write_volatile(Cell::default());
                    taken(found);
                }
            }
        }
    }
}

impl Shared<Slot> {
    /// The record at a position, if it is there, whole. Its place is `index`, and it stays there for
    /// as long as it is not said to have been read.
    pub(super) fn record(&self, index: usize, position: u64) -> Option<Record<'_>> {
        let slot = self.at(index)?;
        // SAFETY: within the mapping, and aligned: the array begins at a page. Its programs write
        // the stamp in one piece, and after the record.
        let stamp = unsafe { AtomicU64::from_ptr(&raw mut (*slot).stamp) }.load(Ordering::Acquire);
        // SAFETY: within the mapping. The programs write nothing here before this is read.
        let bytes =
            |length| unsafe { slice::from_raw_parts((&raw const (*slot).body).cast(), length) };
        if stamp == Slot::stamp(position, Slot::CALL) {
            Some(Record::Call(bytes(size_of::<Call>())))
        } else if stamp == Slot::stamp(position, Slot::SLICE) {
            Some(Record::Slice(bytes(size_of::<Slice>())))
        } else {
            None
        }
    }
}

impl Shared<ReadTo> {
    /// Gives back the places of all positions before this one.
    pub(super) fn set(&self, index: usize, position: u64) {
        if let Some(read) = self.at(index) {
            // SAFETY: within the mapping, and aligned: the array begins at a page.
            let word = unsafe { AtomicU64::from_ptr(&raw mut (*read).position) };
            word.store(position, Ordering::Release);
        }
    }
}
