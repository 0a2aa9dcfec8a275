//! Rings, one per CPU: made here, put into an array of the programs' in one step, drained together.

use std::{
    os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use aya::maps::{Map, MapData, RingBuf};
use aya_obj::generated::bpf_map_type::BPF_MAP_TYPE_RINGBUF;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};

use super::sys;

/// The rings of all CPUs, filled by the programs.
pub(super) struct Rings {
    rings: Vec<RingBuf<MapData>>,
    /// What one ring can hold; bounds a drain.
    capacity: usize,
}

/// An epoll set over all rings. The programs wake it when a ring is more than half full.
#[derive(Debug)]
pub struct Pressure(Epoll);

impl AsRawFd for Pressure {
    fn as_raw_fd(&self) -> RawFd {
        self.0.0.as_raw_fd()
    }
}

impl AsFd for Pressure {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.0.as_fd()
    }
}

impl Pressure {
    /// Of these rings.
    pub(super) fn of(rings: &Rings) -> Result<Arc<Self>> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context("epoll_create")?;
        for ring in &rings.rings {
            // Edge-triggered: a ring is readable nearly always, and that is of no interest.
            epoll
                .add(ring, EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, 0))
                .context("cannot watch a ring")?;
        }
        Ok(Arc::new(Self(epoll)))
    }
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
                Ok(Map::from_map_data(MapData::create(map, "records", None)?)?.try_into()?)
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
