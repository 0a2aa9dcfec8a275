//! Moves of the break, seen from inside.

use serde::Serialize;

use crate::raw::heap::glibc_break;

/// Compares the break with what it was at the last look.
///
/// Looking enters the kernel never and changes nothing. It sees each move exactly once if at most
/// one happens between two looks: one `malloc` or `free` makes at most one `brk` that moves
/// (glibc's `sysmalloc` grows once, `systrim` trims once), so a look after each is exact.
#[derive(Debug)]
pub(super) struct BreakWatch {
    last: u64,
    seen: Moves,
}

/// Moves of the break.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Moves {
    /// Moves upwards.
    pub(super) grow: u64,
    /// Moves downwards.
    pub(super) shrink: u64,
    /// By how much upwards, in bytes.
    pub(super) bytes_grown: u64,
    /// By how much downwards, in bytes.
    pub(super) bytes_shrunk: u64,
}

impl BreakWatch {
    /// Begins with the break as it is.
    pub(super) fn begin() -> Self {
        Self { last: glibc_break(), seen: Moves::default() }
    }

    /// Looks where the break is now.
    pub(super) fn look(&mut self) {
        let now = glibc_break();
        self.note(now);
    }

    /// All moves seen so far.
    pub(super) fn seen(&self) -> Moves {
        self.seen
    }

    fn note(&mut self, now: u64) {
        if now > self.last {
            self.seen.grow += 1;
            self.seen.bytes_grown += now - self.last;
        } else if now < self.last {
            self.seen.shrink += 1;
            self.seen.bytes_shrunk += self.last - now;
        }
        self.last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_move_counts_once_and_standing_still_does_not() {
        let mut watch = BreakWatch { last: 1000, seen: Moves::default() };
        for now in [1000, 5000, 5000, 9000, 2000, 2000] {
            watch.note(now);
        }
        let expected = Moves { grow: 2, shrink: 1, bytes_grown: 8000, bytes_shrunk: 7000 };
        assert_eq!(watch.seen(), expected);
    }
}
