//! Memory that processes share.

use std::fs::File;
use std::io;
use std::slice;
use std::sync::atomic::AtomicU64;

use memmap2::{Mmap, MmapOptions, MmapRaw};

/// Maps the first `length` bytes of `file`, to be read.
///
/// # Errors
/// If the file is no file that can be mapped, or the kernel has no room.
pub(crate) fn map(file: &File, length: usize) -> io::Result<Mmap> {
    // SAFETY: the file is a segment that the parent of all workers made, filled, and neither cuts
    // short nor changes in its first `length` bytes afterwards; no one else knows it.
    unsafe { MmapOptions::new().len(length).map(file) }
}

/// Puts a mapped file out of memory: whoever reads it next waits for the disk. One `madvise` call.
///
/// # Errors
/// If the kernel cannot (`EINVAL` before Linux 5.4).
pub(crate) fn put_out(map: &Mmap) -> io::Result<()> {
    let (start, length) = (map.as_ptr().cast_mut().cast(), map.len());
    // SAFETY: `map` is a whole mapping, which stays; its pages come back from the file, unchanged, as
    // soon as they are looked at.
    match unsafe { libc::madvise(start, length, libc::MADV_PAGEOUT) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Numbers that several processes map, each of which may be changed by any of them at any time.
#[derive(Debug)]
pub(crate) struct Cells {
    map: MmapRaw,
    length: usize,
}

impl Cells {
    /// Maps the first `length` numbers of `file`, to be read and written.
    ///
    /// # Errors
    /// If the file is no file that can be mapped so, or the kernel has no room.
    pub(crate) fn map(file: &File, length: usize) -> io::Result<Self> {
        let map = MmapOptions::new().len(length * size_of::<u64>()).map_raw(file)?;
        Ok(Self { map, length })
    }

    /// All of them.
    pub(crate) fn as_slice(&self) -> &[AtomicU64] {
        // SAFETY: a mapping begins at a page, is as long as it was asked for, and stays while `self`
        // does; the segment is as long, and never cut short; any bytes are a number, and whoever maps
        // it changes them by atomic operations alone.
        unsafe { slice::from_raw_parts(self.map.as_mut_ptr().cast::<AtomicU64>(), self.length) }
    }
}
