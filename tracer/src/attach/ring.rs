//! One ring per CPU: made here, put into the programs' array in one step, drained together.

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
pub(super) struct CallRings {
    rings: Vec<RingBuf<MapData>>,
    pressure: Arc<Pressure>,
    /// What one ring can hold, at the least a record can take; bounds a drain.
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

impl CallRings {
    /// Makes a ring for each possible CPU and puts them into `outer`.
    pub(super) fn create(outer: BorrowedFd<'_>, cpus: u32, ring_bytes: u32) -> Result<Self> {
        let rings = (0..cpus)
            .map(|_| -> Result<RingBuf<MapData>> {
                let map =
                    aya_obj::Map::new_from_params(BPF_MAP_TYPE_RINGBUF as u32, 0, 0, ring_bytes, 0);
                Ok(Map::from_map_data(MapData::create(map, "calls", None)?)?.try_into()?)
            })
            .collect::<Result<Vec<_>>>()
            .with_context(|| format!("cannot make {cpus} rings of {ring_bytes} bytes"))?;
        let fds: Vec<BorrowedFd<'_>> = rings.iter().map(AsFd::as_fd).collect();
        sys::fill_array_of_maps(outer, &fds)
            .context("cannot put the rings into their array (BPF_MAP_UPDATE_BATCH)")?;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context("epoll_create")?;
        for fd in &fds {
            // Edge-triggered: a ring is readable nearly always, and that is of no interest.
            epoll
                .add(fd, EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, 0))
                .context("cannot watch a ring")?;
        }
        drop(fds);
        Ok(Self {
            rings,
            pressure: Arc::new(Pressure(epoll)),
            capacity: ring_bytes as usize / size_of::<tracer_common::record::Call>(),
        })
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

    pub(super) fn pressure(&self) -> Arc<Pressure> {
        Arc::clone(&self.pressure)
    }
}
