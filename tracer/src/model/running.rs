//! Who ran when, as far as it has not been worked out yet how many ran at once.

use std::collections::BTreeMap;

use tracer_common::record::Slice;

use super::concurrency::Concurrency;

/// Stays on a CPU, by thread and beginning: a stay that was looked at while it went on is replaced
/// by the fact that it becomes.
#[derive(Clone, Debug, Default)]
pub(super) struct Running {
    stays: BTreeMap<(u32, u64), Stay>,
    settled_ns: u64,
}

#[derive(Clone, Copy, Debug)]
struct Stay {
    end_ns: u64,
    cookie: u64,
}

impl Running {
    /// Nothing counts before this.
    pub(super) fn begin(&mut self, ns: u64) {
        self.settled_ns = ns;
    }

    /// Adds a stay that has ended.
    pub(super) fn add(&mut self, slice: &Slice) {
        let stay = Stay { end_ns: slice.end_ns(), cookie: slice.cookie };
        self.stays.insert((slice.tid, slice.start_ns), stay);
    }

    /// Adds a stay that goes on; its end may be known already.
    pub(super) fn add_standing(&mut self, slice: &Slice) {
        if slice.flags & Slice::OFF == 0 {
            let stay = Stay { end_ns: slice.end_ns(), cookie: slice.cookie };
            self.stays
                .entry((slice.tid, slice.start_ns))
                .and_modify(|known| known.end_ns = known.end_ns.max(stay.end_ns))
                .or_insert(stay);
        }
    }

    /// How many ran at once since the last time, up to `ns`.
    pub(super) fn settle(&mut self, ns: u64) -> Concurrency {
        let from = self.settled_ns;
        let spans: Vec<_> = self
            .stays
            .iter()
            .map(|((_, start), stay)| (((*start).max(from), stay.end_ns.min(ns)), stay.cookie))
            .filter(|((start, end), _)| start < end)
            .collect();
        self.stays.retain(|_, stay| stay.end_ns > ns);
        self.settled_ns = ns.max(from);
        Concurrency::of(&spans, from, ns)
    }
}
