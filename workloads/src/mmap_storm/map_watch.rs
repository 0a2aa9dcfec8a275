//! Mappings that `malloc` makes and gives back, seen from inside.

use serde::Serialize;

use crate::raw::malloc::{Mapped, mapped};

/// Compares the blocks that `malloc` has mapped with those at the last look.
///
/// Looking enters the kernel never. It sees each mapping exactly once if at most one is made or
/// given back between two looks: one `malloc` or `free` does no more, so a look after each is
/// exact.
#[derive(Debug)]
pub(super) struct MapWatch {
    last: Mapped,
    seen: Moves,
}

/// Mappings made and given back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Moves {
    /// Mappings made.
    mmap: u64,
    /// Mappings given back.
    munmap: u64,
    /// Their length, in bytes.
    bytes_mapped: u64,
    /// The length of those given back, in bytes.
    bytes_unmapped: u64,
}

impl MapWatch {
    /// Begins with the blocks mapped now.
    pub(super) fn begin() -> Self {
        Self { last: mapped(), seen: Moves::default() }
    }

    /// Looks what is mapped now.
    pub(super) fn look(&mut self) {
        self.note(mapped());
    }

    /// All that was seen so far.
    pub(super) fn seen(&self) -> Moves {
        self.seen
    }

    fn note(&mut self, now: Mapped) {
        self.seen.mmap += now.blocks.saturating_sub(self.last.blocks);
        self.seen.munmap += self.last.blocks.saturating_sub(now.blocks);
        self.seen.bytes_mapped += now.bytes.saturating_sub(self.last.bytes);
        self.seen.bytes_unmapped += self.last.bytes.saturating_sub(now.bytes);
        self.last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mapping_counts_once_and_what_stays_does_not() {
        let mut watch = MapWatch { last: Mapped { blocks: 3, bytes: 900 }, seen: Moves::default() };
        for (blocks, bytes) in [(3, 900), (4, 1500), (5, 2100), (5, 2100), (4, 1500), (3, 900)] {
            watch.note(Mapped { blocks, bytes });
        }
        let expected = Moves { mmap: 2, munmap: 2, bytes_mapped: 1200, bytes_unmapped: 1200 };
        assert_eq!(watch.seen(), expected);
    }
}
