//! What glibc's `malloc` says of itself, and what it can be told.

use anyhow::{Result, ensure};
use libc::c_int;

/// Blocks that `malloc` has mapped one by one, for each was above its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mapped {
    /// How many there are.
    pub(crate) blocks: u64,
    /// Their length together, in bytes.
    pub(crate) bytes: u64,
}

/// The blocks mapped now. No call.
pub(crate) fn mapped() -> Mapped {
    // SAFETY: the function takes nothing and reads malloc's own state under malloc's own lock.
    let info = unsafe { libc::mallinfo2() };
    Mapped { blocks: info.hblks as u64, bytes: info.hblkhd as u64 }
}

/// Tells `malloc` to keep what is freed instead of giving it back to the kernel, and to give each
/// of `threads` threads, and the first one, an arena of its own: as a BLAS library keeps a buffer
/// for each thread. No call.
///
/// # Errors
/// If this `malloc` takes no such advice.
pub(crate) fn keep_freed(threads: usize) -> Result<()> {
    const MIB: c_int = 1 << 20;
    let arenas = c_int::try_from(threads)?.saturating_add(1);
    let advice = [
        ("M_MMAP_THRESHOLD", libc::M_MMAP_THRESHOLD, 32 * MIB),
        ("M_TRIM_THRESHOLD", libc::M_TRIM_THRESHOLD, 1024 * MIB),
        ("M_ARENA_MAX", libc::M_ARENA_MAX, arenas),
    ];
    for (name, parameter, value) in advice {
        // SAFETY: the function takes two numbers and changes malloc's own state under its lock.
        let taken = unsafe { libc::mallopt(parameter, value) };
        ensure!(taken == 1, "malloc did not take {name} = {value}; is it another than glibc's?");
    }
    Ok(())
}
