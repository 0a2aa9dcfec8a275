//! What glibc's `malloc` says of itself.

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
