//! The program break: read without a call, and moved by direct `brk` calls.

use anyhow::{Result, ensure};

use super::LENGTH;

/// An address above every user address space: the kernel refuses it and leaves the break alone.
const IMPOSSIBLE: u64 = 1 << 62;

/// The break as glibc remembers it, read without entering the kernel.
///
/// `sbrk(0)` returns glibc's own copy once it has one, and it has one as soon as anything was
/// allocated. The copy is the truth as long as nothing but glibc moves the break.
pub(crate) fn glibc_break() -> u64 {
    // SAFETY: an increment of 0 changes nothing.
    let here = unsafe { libc::sbrk(0) };
    here.addr() as u64
}

/// Asks the kernel for a break of `address`; returns the break it then has. One `brk` call.
fn brk(address: u64) -> u64 {
    // SAFETY: callers only pass 0, an impossible address, or one at or above everything glibc
    // uses, so no memory that anyone holds is unmapped.
    let returned = unsafe { libc::syscall(libc::SYS_brk, address) };
    returned.cast_unsigned()
}

/// Asks where the break is. One `brk` call.
pub(crate) fn query() -> u64 {
    brk(0)
}

/// Asks for a break that cannot be. One `brk` call; true if the kernel refused it.
pub(crate) fn ask_impossible() -> bool {
    brk(IMPOSSIBLE) != IMPOSSIBLE
}

/// The space above glibc's heap, moved in steps of [`LENGTH`] by direct calls.
///
/// glibc does not learn of these moves, and need not: it would set its own break, as it always
/// does, from its own copy.
#[derive(Debug)]
pub(crate) struct Heap {
    at: u64,
}

impl Heap {
    /// Starts at glibc's break, without a call.
    pub(crate) fn here() -> Self {
        Self { at: glibc_break() }
    }

    /// Moves the break up by [`LENGTH`] bytes. One `brk` call; false if the kernel refused.
    ///
    /// # Errors
    /// As [`Heap::shrink`].
    pub(crate) fn grow(&mut self) -> Result<bool> {
        self.move_to(self.at + LENGTH)
    }

    /// Moves the break down by [`LENGTH`] bytes. One `brk` call; false if the kernel refused.
    ///
    /// # Errors
    /// Without a call, if that would take memory which glibc uses.
    pub(crate) fn shrink(&mut self) -> Result<bool> {
        self.move_to(self.at - LENGTH)
    }

    fn move_to(&mut self, asked: u64) -> Result<bool> {
        ensure!(asked >= glibc_break(), "a break of {asked:#x} would cut into glibc's heap");
        let granted = brk(asked) == asked;
        if granted {
            self.at = asked;
        }
        Ok(granted)
    }
}
