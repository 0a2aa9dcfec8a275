//! Rings, one per CPU: made here, put into an array of the programs' in one step, drained together.

use std::os::fd::{AsFd, BorrowedFd};

use anyhow::{Context as _, Result};
use aya::maps::{Map, MapData, RingBuf};
use aya_obj::generated::bpf_map_type::BPF_MAP_TYPE_RINGBUF;

use super::sys;

/// The rings of all CPUs, filled by the programs.
pub(super) struct Rings {
    rings: Vec<RingBuf<MapData>>,
    /// What one ring can hold; bounds a drain.
    capacity: usize,
}

impl Rings {
    /// Makes a ring of so many bytes for each possible CPU, for records no smaller than
    /// `smallest`, and puts them into `outer`.
    pub(super) fn create(
        outer: BorrowedFd<'_>,
        cpus: u32,
        ring_bytes: u32,
        smallest: usize,
    ) -> Result<Self> {
        let rings = (0..cpus)
            .map(|_| -> Result<RingBuf<MapData>> {
                let map =
                    aya_obj::Map::new_from_params(BPF_MAP_TYPE_RINGBUF as u32, 0, 0, ring_bytes, 0);
                Ok(Map::from_map_data(MapData::create(map, "samples", None)?)?.try_into()?)
            })
            .collect::<Result<Vec<_>>>()
            .with_context(|| format!("cannot make {cpus} rings of {ring_bytes} bytes"))?;
        let fds: Vec<BorrowedFd<'_>> = rings.iter().map(AsFd::as_fd).collect();
        sys::fill_array_of_maps(outer, &fds)
            .context("cannot put the rings into their array (BPF_MAP_UPDATE_BATCH)")?;
        Ok(Self { rings, capacity: ring_bytes as usize / smallest })
    }

    /// Hands over what waits in each ring: at most one full ring from each, so that a producer
    /// faster than the reader cannot hold it here.
    pub(super) fn drain(&mut self, mut record: impl FnMut(&[u8])) {
        for ring in &mut self.rings {
            for _ in 0..self.capacity {
                match ring.next() {
                    Some(item) => record(&item),
                    None => break,
                }
            }
        }
    }
}
