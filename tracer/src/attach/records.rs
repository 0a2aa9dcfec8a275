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
    places: u64,
    /// The next position to read, by CPU.
    next: Vec<u64>,
}

impl Records {
    /// Those of the programs, for so many CPUs, with so many places each.
    pub(super) fn of(bpf: &Ebpf, cpus: u32, places: u32) -> Result<Self> {
        Ok(Self {
            slots: Shared::map(bpf, "RECORDS", cpus.saturating_mul(places))?,
            read_to: Shared::map(bpf, "READ_TO", cpus)?,
            places: places.into(),
            next: vec![0; cpus as usize],
        })
    }

    /// Hands over what waits in each ring: at most one full ring from each, so that a producer
    /// faster than the reader cannot hold it here.
    pub(super) fn drain(&mut self, mut record: impl FnMut(Record<'_>)) {
        for (cpu, next) in self.next.iter_mut().enumerate() {
            let first = cpu * self.places as usize;
            let begun = *next;
            while *next < begun + self.places {
                let place = (*next & (self.places - 1)) as usize;
                let Some(found) = self.slots.record(first + place, *next) else { break };
                record(found);
                *next += 1;
                if *next % GIVEN_BACK == 0 {
                    self.read_to.set(cpu, *next);
                }
            }
            if *next != begun {
                self.read_to.set(cpu, *next);
            }
        }
    }
}
