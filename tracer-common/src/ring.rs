//! The ring that the calls and slices of one CPU leave by: places in memory that the programs and the
//! reader share, without a lock.
//!
//! A record takes the next position, and its place is the position modulo the number of places. The
//! stamp is written last: the reader knows by it that the record is whole, and which lap it is of.
//! The reader says how far it has read, and so which places are free again.

use crate::record::{Call, Slice};

/// A place for one record.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// [`Slot::stamp`] of what is here; 0 before there was anything.
    pub stamp: u64,
    /// A [`Call`] or a [`Slice`], and what is left of those before it.
    pub body: [u64; Slot::WORDS],
}

impl Slot {
    /// The length of [`Slot::body`]: the largest record.
    pub const WORDS: usize = size_of::<Slice>() / size_of::<u64>();

    /// A [`Call`] is here.
    pub const CALL: u64 = 0;
    /// A [`Slice`] is here.
    pub const SLICE: u64 = 1;

    /// What marks the record at a position as whole: position and kind.
    #[must_use]
    pub const fn stamp(position: u64, kind: u64) -> u64 {
        (position.wrapping_add(1) << 1) | kind
    }

    /// How many places there are in so many bytes: a power of two.
    #[must_use]
    pub const fn fit(bytes: u32) -> u32 {
        match bytes / size_of::<Self>() as u32 {
            0 => 0,
            places => 1 << places.ilog2(),
        }
    }
}

/// How far the reader has read one CPU's ring, on a cache line of its own.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadTo {
    /// The first position that it has not read.
    pub position: u64,
}

const _: () = assert!(size_of::<Slot>() == 88 && size_of::<Call>() <= 8 * Slot::WORDS);
