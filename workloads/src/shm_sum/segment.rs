//! The shared memory: numbers to be summed, and behind them a place for each worker's sum.

use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result, ensure};
use memmap2::Mmap;
use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::raw::shared;

/// The numbers are 0, 1 … 1023, 0, 1 … so that every sum is known and exact.
const PERIOD: usize = 1024;
/// Bytes of a number.
const NUMBER: usize = size_of::<f64>();

/// A file in memory, which processes share.
#[derive(Debug)]
pub(super) struct Segment {
    file: File,
    /// How many numbers there are.
    length: usize,
}

impl Segment {
    /// Makes a segment of `mib` MiB of numbers.
    pub(super) fn new(mib: usize) -> Result<Self> {
        let mut file =
            File::from(memfd_create("workloads-shm-sum", MFdFlags::MFD_CLOEXEC).context(
                "cannot make a shared-memory segment; is a limit on files or memory reached?",
            )?);
        let block: Vec<u8> = (0..128 * PERIOD).flat_map(|at| value(at).to_ne_bytes()).collect();
        for _ in 0..mib {
            file.write_all(&block).context("cannot fill the shared-memory segment")?;
        }
        Ok(Self { file, length: mib * block.len() / NUMBER })
    }

    /// The segment of `mib` MiB that is `file`.
    pub(super) fn of(file: File, mib: usize) -> Self {
        Self { file, length: mib * 128 * PERIOD }
    }

    /// Its file, for a worker to inherit.
    pub(super) fn file(&self) -> Result<File> {
        self.file.try_clone().context("cannot duplicate the segment's file descriptor")
    }

    /// Maps all numbers.
    pub(super) fn map(&self) -> Result<Mmap> {
        shared::map(&self.file, self.length * NUMBER)
            .context("cannot map the shared-memory segment; is it one (is this a worker)?")
    }

    /// The numbers that worker `index` of `count` sums.
    pub(super) fn part(&self, index: usize, count: usize) -> Range<usize> {
        index * self.length / count..(index + 1) * self.length / count
    }

    /// Leaves the sum of worker `index`.
    pub(super) fn leave_sum(&self, index: usize, sum: f64) -> Result<()> {
        self.file
            .write_all_at(&sum.to_ne_bytes(), self.place_of_sum(index))
            .context("cannot write a sum into the segment")
    }

    /// The sums that `count` workers left, together; none of them can be taken again.
    ///
    /// # Errors
    /// If it is not what all numbers sum up to.
    pub(super) fn take_sum(&self, count: usize) -> Result<f64> {
        let mut total = 0.0;
        for index in 0..count {
            let mut sum = [0; NUMBER];
            self.file
                .read_exact_at(&mut sum, self.place_of_sum(index))
                .with_context(|| format!("cannot read the sum of worker {index}"))?;
            total += f64::from_ne_bytes(sum);
            self.leave_sum(index, f64::NAN)?;
        }
        let expected = sum_before(self.length);
        ensure!((total - expected).abs() < 0.5, "the sum is {total} where it is {expected}");
        Ok(total)
    }

    fn place_of_sum(&self, index: usize) -> u64 {
        ((self.length + index) * NUMBER) as u64
    }
}

/// The number at a place.
fn value(at: usize) -> f64 {
    (at % PERIOD) as f64
}

/// What the numbers before a place sum up to.
fn sum_before(at: usize) -> f64 {
    let (whole, rest) = (at / PERIOD, at % PERIOD);
    (whole * (PERIOD * (PERIOD - 1) / 2) + rest * rest.saturating_sub(1) / 2) as f64
}

/// Sums `part` of the numbers that lie in `memory`, in eight lanes.
#[inline(never)]
pub(super) fn sum_part(memory: &[u8], part: Range<usize>) -> f64 {
    let mut lanes = [0.0; 8];
    let (numbers, _) = memory[part.start * NUMBER..part.end * NUMBER].as_chunks::<NUMBER>();
    let (blocks, rest) = numbers.as_chunks::<8>();
    for block in blocks {
        for (lane, number) in lanes.iter_mut().zip(block) {
            *lane += f64::from_ne_bytes(*number);
        }
    }
    let rest: f64 = rest.iter().map(|number| f64::from_ne_bytes(*number)).sum();
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_any_number_of_workers_sum_up_to_the_whole() {
        let segment = Segment::new(1).unwrap();
        let memory = segment.map().unwrap();
        for count in [1, 3, 16] {
            for index in 0..count {
                let part = segment.part(index, count);
                let expected = sum_before(part.end) - sum_before(part.start);
                let sum = sum_part(&memory, part);
                assert!((sum - expected).abs() < 0.5, "{sum} for {expected}");
                segment.leave_sum(index, sum).unwrap();
            }
            assert!((segment.take_sum(count).unwrap() - 128.0 * 523_776.0).abs() < 0.5);
        }
    }

    #[test]
    fn a_sum_that_no_one_left_is_an_error() {
        let segment = Segment::new(1).unwrap();
        assert!(segment.take_sum(1).is_err());
        segment.leave_sum(0, sum_before(segment.length)).unwrap();
        assert!(segment.take_sum(1).is_ok());
        assert!(segment.take_sum(1).is_err());
    }
}
