//! Memory that processes share.

use std::fs::File;
use std::io;

use memmap2::{Mmap, MmapOptions};

/// Maps the first `length` bytes of `file`, to be read.
///
/// # Errors
/// If the file is no file that can be mapped, or the kernel has no room.
pub(crate) fn map(file: &File, length: usize) -> io::Result<Mmap> {
    // SAFETY: the file is a segment that the parent of all workers made, filled, and neither cuts
    // short nor changes in its first `length` bytes afterwards; no one else knows it.
    unsafe { MmapOptions::new().len(length).map(file) }
}
