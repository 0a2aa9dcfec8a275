//! Mappings made, changed and removed by direct calls.

use libc::c_long;
use nix::errno::Errno;

use super::checked;

/// An anonymous private mapping of its own that no one reads or writes.
///
/// It has no `Drop`, deliberately: `munmap` happens only where a step says so.
#[derive(Debug)]
pub(crate) struct Mapping {
    address: u64,
    length: u64,
}

impl Mapping {
    /// Maps `length` bytes. One `mmap` call.
    pub(crate) fn new(length: u64) -> Result<Self, Errno> {
        Self::map(length, 0)
    }

    /// Maps `length` bytes, every page of them there already. One long `mmap` call.
    pub(crate) fn populated(length: u64) -> Result<Self, Errno> {
        Self::map(length, libc::MAP_POPULATE)
    }

    fn map(length: u64, flags: libc::c_int) -> Result<Self, Errno> {
        // SAFETY: a new anonymous mapping without MAP_FIXED touches no memory in use.
        let address = checked(unsafe {
            libc::syscall(
                libc::SYS_mmap,
                0_u64,
                length,
                c_long::from(libc::PROT_READ | libc::PROT_WRITE),
                c_long::from(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | flags),
                -1 as c_long,
                0_u64,
            )
        })?;
        Ok(Self { address, length })
    }

    /// Unmaps all of it. One `munmap` call.
    pub(crate) fn unmap(self) -> Result<(), Errno> {
        // SAFETY: the range is this mapping, to which no reference exists.
        checked(unsafe { libc::syscall(libc::SYS_munmap, self.address, self.length) }).map(drop)
    }

    /// Gives its pages back with `MADV_DONTNEED`. One `madvise` call.
    pub(crate) fn release_pages(&self) -> Result<(), Errno> {
        // SAFETY: the range is this mapping, to which no reference exists.
        checked(unsafe {
            libc::syscall(
                libc::SYS_madvise,
                self.address,
                self.length,
                c_long::from(libc::MADV_DONTNEED),
            )
        })
        .map(drop)
    }

    /// Makes it writable or read-only. One `mprotect` call.
    pub(crate) fn protect(&self, writable: bool) -> Result<(), Errno> {
        let protection =
            if writable { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_READ };
        // SAFETY: the range is this mapping, to which no reference exists.
        checked(unsafe {
            libc::syscall(libc::SYS_mprotect, self.address, self.length, c_long::from(protection))
        })
        .map(drop)
    }

    /// Changes its length to `length` bytes, moving it if need be. One `mremap` call.
    pub(crate) fn resize(&mut self, length: u64) -> Result<(), Errno> {
        // SAFETY: the range is this mapping, to which no reference exists, so it may move.
        self.address = checked(unsafe {
            libc::syscall(
                libc::SYS_mremap,
                self.address,
                self.length,
                length,
                c_long::from(libc::MREMAP_MAYMOVE),
            )
        })?;
        self.length = length;
        Ok(())
    }

    /// Its length in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }
}

/// Asks to unmap a range that starts at address 1, which no page does: `EINVAL`. One `munmap`
/// call.
pub(crate) fn unmap_unaligned() -> Result<(), Errno> {
    // SAFETY: the kernel rejects an unaligned address before it looks at any mapping.
    checked(unsafe { libc::syscall(libc::SYS_munmap, 1_u64, super::LENGTH) }).map(drop)
}
