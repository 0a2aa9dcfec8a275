//! The rings of calls and slices, one per CPU: see [`tracer_common::ring`].

use anyhow::Result;
use aya::Ebpf;
use tracer_common::ring::{ReadTo, Slot};

use super::{Record, shared::Shared};

/// How many places are given back in one go: the programs look there for each record.
const GIVEN_BACK: u64 = 256;

/// The rings of all CPUs, filled by the programs.
pub(super) struct Records {
    slots: Shared<Slot>,
    read_to: Shared<ReadTo>,
    /// Places in one ring.
    places: usize,
    /// Where to read on, by CPU.
    next: Vec<Next>,
}

/// The record to be read next.
#[derive(Clone, Copy, Default)]
struct Next {
    position: u64,
    /// Its place in the ring.
    place: usize,
}

impl Records {
    /// Those of the programs, for so many CPUs, with so many places each.
    pub(super) fn of(bpf: &Ebpf, cpus: u32, places: u32) -> Result<Self> {
        Ok(Self {
            slots: Shared::map(bpf, "RECORDS", cpus.saturating_mul(places))?,
            read_to: Shared::map(bpf, "READ_TO", cpus)?,
            places: places as usize,
            next: vec![Next::default(); cpus as usize],
        })
    }

    /// Hands over what waits in each ring: at most one full ring from each, so that a producer
    /// faster than the reader cannot hold it here.
    pub(super) fn drain(&mut self, mut record: impl FnMut(Record<'_>)) {
        let Self { slots, read_to, places, next } = self;
        for (cpu, next) in next.iter_mut().enumerate() {
            let begun = next.position;
            for _ in 0..*places {
                let Some(found) = slots.record(cpu * *places + next.place, next.position) else {
                    break;
                };
                record(found);
                next.position += 1;
                next.place = (next.place + 1) % *places;
                if next.position % GIVEN_BACK == 0 {
                    read_to.set(cpu, next.position);
                }
            }
            if next.position != begun {
                read_to.set(cpu, next.position);
            }
        }
    }
}
