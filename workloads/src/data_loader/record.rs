//! A file of records, and the ways to fetch one.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use memmap2::Mmap;
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};

use super::{Each, Way};
use crate::raw::shared;

/// Blocks of a disk, or of a file on it, are no larger; nor are pages of memory on most machines.
const BLOCK: usize = 4096;
/// Each record lies so many from the one before it, up to the end and then around: far from what
/// read-ahead brings, and a prime, so that every record has its turn unless there is a multiple of it.
const STRIDE: usize = 997;

/// A file without a name.
#[derive(Debug)]
pub(super) struct Records {
    /// Reads from here go past the page cache, unless they are to come from there.
    file: File,
    each: Each,
    /// Records in it.
    count: usize,
    /// Bytes of a record.
    length: usize,
    /// Room for a record, at the edge of a block.
    buffer: Vec<u8>,
    /// Where records are fetched from a mapping.
    map: Option<Mmap>,
    /// Fetched so far.
    fetched: usize,
}

impl Records {
    /// Makes the file, full of ones.
    ///
    /// # Errors
    /// If it cannot be made there, or cannot be read past the page cache.
    pub(super) fn new(each: &Each) -> Result<Self> {
        let shown = each.dir.display();
        let path = each.dir.join(format!("workloads-data-loader-{}", std::process::id()));
        let written = write(&path, each.mib, !each.healthy);
        let direct = each.by == Way::Read && !each.healthy;
        let flags = if direct { libc::O_DIRECT } else { 0 };
        let opened = OpenOptions::new().read(true).custom_flags(flags).open(&path);
        // Nobody else is to find it, whatever comes of it.
        fs::remove_file(&path).ok();
        written.with_context(|| format!("cannot make a file of {} MiB in {shown}", each.mib))?;
        let file = opened.with_context(|| {
            format!("cannot read past the page cache in {shown}: name another --dir, or --by map")
        })?;
        let length = each.kib * 1024;
        let count = (each.mib << 20) / length;
        ensure!(count > 0, "a record of {} KiB is larger than the file", each.kib);
        let buffer = vec![0; length + BLOCK];
        let map = (each.by == Way::Map).then(|| shared::map(&file, count * length)).transpose();
        let map = map.context("cannot map the file")?;
        Ok(Self { file, each: each.clone(), count, length, buffer, map, fetched: 0 })
    }

    /// Fetches the next record, and gives what its bytes sum up to.
    pub(super) fn next(&mut self) -> Result<u64> {
        let first = (self.fetched * STRIDE % self.count) * self.length;
        let round_ends = (self.fetched + 1).is_multiple_of(self.count);
        self.fetched += 1;
        match self.each.by {
            Way::Read => {
                let room = self.buffer.as_ptr().align_offset(BLOCK);
                let room = &mut self.buffer[room..room + self.length];
                self.file.read_exact_at(room, first as u64).context("cannot read a record")?;
                Ok(sum(room))
            }
            Way::Map => {
                let map = self.map.as_ref().context("the file is not mapped")?;
                let sum = sum(&map[first..first + self.length]);
                if round_ends && !self.each.healthy {
                    shared::put_out(map).context(
                        "the kernel does not put mapped files out of memory: that takes Linux 5.4",
                    )?;
                }
                Ok(sum)
            }
        }
    }

    /// Bytes of a record.
    pub(super) fn length(&self) -> u64 {
        self.length as u64
    }
}

/// Writes the file, and with `to_disk` waits until it is there and out of memory.
fn write(path: &Path, mib: usize, to_disk: bool) -> Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let ones = vec![1; 1 << 20];
    for at in 0..mib {
        file.write_all_at(&ones, (at << 20) as u64)?;
    }
    if to_disk {
        file.sync_all()?;
        posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
    }
    Ok(())
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().map(|&byte| u64::from(byte)).sum()
}
