//! Turns bytes out of the kernel into facts. Total: any bytes give a fact or an error.

use std::fmt;

use bytes::{Buf, TryGetError};
use tracer_common::{
    fold::{FoldedCalls, FoldedSleeps, FoldedStays, Part, Times},
    locks::{Lock, LockWaits, Waits},
    record::{Call, Life, Sample, Slice, Standing},
};

/// Bytes that are no record, because there are too few of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotARecord {
    /// How many there were.
    pub bytes: usize,
}

impl fmt::Display for NotARecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes from the kernel are no whole record", self.bytes)
    }
}

impl std::error::Error for NotARecord {}

/// Decodes a [`Call`].
///
/// # Errors
/// If the bytes are too few.
pub fn call(bytes: &[u8]) -> Result<Call, NotARecord> {
    whole(bytes, read_call)
}

/// Decodes a [`Life`].
///
/// # Errors
/// If the bytes are too few.
pub fn life(bytes: &[u8]) -> Result<Life, NotARecord> {
    whole(bytes, read_life)
}

/// Decodes a [`Slice`].
///
/// # Errors
/// If the bytes are too few.
pub fn slice(bytes: &[u8]) -> Result<Slice, NotARecord> {
    whole(bytes, read_slice)
}

/// Decodes a [`Sample`].
///
/// # Errors
/// If the bytes are too few.
pub fn sample(bytes: &[u8]) -> Result<Sample, NotARecord> {
    whole(bytes, read_sample)
}

/// Decodes a [`Standing`].
///
/// # Errors
/// If the bytes are too few.
pub fn standing(bytes: &[u8]) -> Result<Standing, NotARecord> {
    whole(bytes, read_standing)
}

/// Decodes a [`LockWaits`].
///
/// # Errors
/// If the bytes are too few.
pub fn lock_waits(bytes: &[u8]) -> Result<LockWaits, NotARecord> {
    whole(bytes, read_lock_waits)
}

/// Decodes a [`FoldedCalls`].
///
/// # Errors
/// If the bytes are too few.
pub fn folded_calls(bytes: &[u8]) -> Result<FoldedCalls, NotARecord> {
    whole(bytes, read_folded_calls)
}

/// Decodes a [`FoldedStays`].
///
/// # Errors
/// If the bytes are too few.
pub fn folded_stays(bytes: &[u8]) -> Result<FoldedStays, NotARecord> {
    whole(bytes, read_folded_stays)
}

/// Reads one record; what follows it is of no concern.
fn whole<T>(
    mut bytes: &[u8],
    read: fn(&mut &[u8]) -> Result<T, TryGetError>,
) -> Result<T, NotARecord> {
    let length = bytes.len();
    read(&mut bytes).map_err(|_| NotARecord { bytes: length })
}

/// Decodes records that lie one after the other, as an iterator of the kernel writes them.
pub fn all<T>(
    bytes: &[u8],
    decode: fn(&[u8]) -> Result<T, NotARecord>,
) -> impl Iterator<Item = Result<T, NotARecord>> {
    bytes.chunks(size_of::<T>()).map(decode)
}

fn read_call(from: &mut &[u8]) -> Result<Call, TryGetError> {
    Ok(Call {
        end_ns: from.try_get_u64_ne()?,
        cookie: from.try_get_u64_ne()?,
        on_cpu_ns: from.try_get_u64_ne()?,
        runnable_ns: from.try_get_u64_ne()?,
        blocked_ns: from.try_get_u64_ne()?,
        ret: from.try_get_i64_ne()?,
        amount: from.try_get_u64_ne()?,
        tid: from.try_get_u32_ne()?,
        nr: from.try_get_u16_ne()?,
        kind: from.try_get_u8()?,
        flags: from.try_get_u8()?,
    })
}

fn read_slice(from: &mut &[u8]) -> Result<Slice, TryGetError> {
    Ok(Slice {
        start_ns: from.try_get_u64_ne()?,
        cookie: from.try_get_u64_ne()?,
        ran_ns: from.try_get_u64_ne()?,
        waited_ns: from.try_get_u64_ne()?,
        slept_ns: from.try_get_u64_ne()?,
        waker_cookie: from.try_get_u64_ne()?,
        other_ns: from.try_get_u64_ne()?,
        other_calls: from.try_get_u32_ne()?,
        tid: from.try_get_u32_ne()?,
        waker_tid: from.try_get_u32_ne()?,
        cpu: from.try_get_u32_ne()?,
        slept_in: from.try_get_u16_ne()?,
        slept_state: from.try_get_u16_ne()?,
        flags: from.try_get_u32_ne()?,
    })
}

fn read_sample(from: &mut &[u8]) -> Result<Sample, TryGetError> {
    Ok(Sample {
        ns: from.try_get_u64_ne()?,
        cookie: from.try_get_u64_ne()?,
        ip: from.try_get_u64_ne()?,
        roots: {
            let mut roots = [0; Sample::ROOTS];
            for root in &mut roots {
                *root = from.try_get_u64_ne()?;
            }
            roots
        },
        tid: from.try_get_u32_ne()?,
        nr: from.try_get_u16_ne()?,
        kind: from.try_get_u8()?,
        flags: from.try_get_u8()?,
    })
}

fn read_standing(from: &mut &[u8]) -> Result<Standing, TryGetError> {
    Ok(Standing {
        slice: read_slice(from)?,
        utime_ns: from.try_get_u64_ne()?,
        stime_ns: from.try_get_u64_ne()?,
        minor_faults: from.try_get_u64_ne()?,
        major_faults: from.try_get_u64_ne()?,
    })
}

fn read_lock_waits(from: &mut &[u8]) -> Result<LockWaits, TryGetError> {
    Ok(LockWaits {
        cookie: from.try_get_u64_ne()?,
        tid: from.try_get_u32_ne()?,
        last: from.try_get_u32_ne()?,
        by_lock: {
            let mut by_lock = [Waits::default(); Lock::COUNT];
            for waits in &mut by_lock {
                *waits = Waits { count: from.try_get_u64_ne()?, ns: from.try_get_u64_ne()? };
            }
            by_lock
        },
    })
}

fn read_folded_calls(from: &mut &[u8]) -> Result<FoldedCalls, TryGetError> {
    Ok(FoldedCalls {
        cookie: from.try_get_u64_ne()?,
        tid: from.try_get_u32_ne()?,
        pad: from.try_get_u32_ne()?,
        epoch_ns: from.try_get_u64_ne()?,
        what: from.try_get_u64_ne()?,
        count: from.try_get_u64_ne()?,
        errors: from.try_get_u64_ne()?,
        amount: from.try_get_u64_ne()?,
        wall_max_ns: from.try_get_u64_ne()?,
        on_cpu: read_part(from)?,
        runnable: read_part(from)?,
        blocked: read_part(from)?,
    })
}

fn read_part(from: &mut &[u8]) -> Result<Part, TryGetError> {
    Ok(Part { ns: from.try_get_u64_ne()?, max_ns: from.try_get_u64_ne()? })
}

fn read_times(from: &mut &[u8]) -> Result<Times, TryGetError> {
    Ok(Times { count: from.try_get_u64_ne()?, part: read_part(from)? })
}

fn read_folded_stays(from: &mut &[u8]) -> Result<FoldedStays, TryGetError> {
    Ok(FoldedStays {
        cookie: from.try_get_u64_ne()?,
        tid: from.try_get_u32_ne()?,
        count: from.try_get_u32_ne()?,
        epoch_ns: from.try_get_u64_ne()?,
        stays: read_times(from)?,
        last_ns: from.try_get_u64_ne()?,
        waits: read_times(from)?,
        throttled_ns: from.try_get_u64_ne()?,
        voluntary: from.try_get_u64_ne()?,
        migrations: from.try_get_u64_ne()?,
        other_calls: from.try_get_u64_ne()?,
        other_ns: from.try_get_u64_ne()?,
        sleeps: {
            let mut sleeps = [FoldedSleeps::default(); FoldedStays::REASONS];
            for sleeps in &mut sleeps {
                *sleeps = FoldedSleeps {
                    slept_in: from.try_get_u16_ne()?,
                    slept_state: from.try_get_u16_ne()?,
                    pad: from.try_get_u32_ne()?,
                    times: read_times(from)?,
                };
            }
            sleeps
        },
    })
}

fn read_life(from: &mut &[u8]) -> Result<Life, TryGetError> {
    Ok(Life {
        ns: from.try_get_u64_ne()?,
        cookie: from.try_get_u64_ne()?,
        origin: from.try_get_u64_ne()?,
        start_ns: from.try_get_u64_ne()?,
        utime_ns: from.try_get_u64_ne()?,
        stime_ns: from.try_get_u64_ne()?,
        minor_faults: from.try_get_u64_ne()?,
        major_faults: from.try_get_u64_ne()?,
        tid: from.try_get_u32_ne()?,
        shown_tgid: from.try_get_u32_ne()?,
        shown_tid: from.try_get_u32_ne()?,
        shown_ppid: from.try_get_u32_ne()?,
        event: from.try_get_u32_ne()?,
        exit_code: from.try_get_i32_ne()?,
        last: from.try_get_u32_ne()?,
        pad: from.try_get_u32_ne()?,
        comm: {
            let mut comm = [0; 16];
            from.try_copy_to_slice(&mut comm)?;
            comm
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_where_the_kernel_side_puts_them() {
        let mut bytes = Vec::new();
        for field in 1..=7u64 {
            bytes.extend(field.to_ne_bytes());
        }
        bytes.extend(8u32.to_ne_bytes());
        bytes.extend(9u16.to_ne_bytes());
        bytes.extend([10, 11]);
        let call = call(&bytes).unwrap();
        assert_eq!((call.end_ns, call.cookie, call.on_cpu_ns), (1, 2, 3));
        assert_eq!((call.runnable_ns, call.blocked_ns, call.ret, call.amount), (4, 5, 6, 7));
        assert_eq!((call.tid, call.nr, call.kind, call.flags), (8, 9, 10, 11));
    }

    #[test]
    fn the_roots_of_a_sample_are_found_too() {
        let mut bytes = Vec::new();
        for field in 1..=7u64 {
            bytes.extend(field.to_ne_bytes());
        }
        bytes.extend(8u32.to_ne_bytes());
        bytes.extend(9u16.to_ne_bytes());
        bytes.extend([10, 11]);
        let sample = sample(&bytes).unwrap();
        assert_eq!((sample.ns, sample.cookie, sample.ip, sample.roots), (1, 2, 3, [4, 5, 6, 7]));
        assert_eq!((sample.tid, sample.nr, sample.kind, sample.flags), (8, 9, 10, 11));
    }

    #[test]
    fn a_record_cut_short_is_an_error_at_every_length() {
        for length in 0..size_of::<Call>() {
            assert_eq!(call(&vec![0xff; length]), Err(NotARecord { bytes: length }));
        }
        for length in 0..size_of::<Life>() {
            assert_eq!(life(&vec![0xff; length]), Err(NotARecord { bytes: length }));
        }
        for length in 0..size_of::<Sample>() {
            assert_eq!(sample(&vec![0xff; length]), Err(NotARecord { bytes: length }));
        }
        assert!(sample(&[0xff; size_of::<Sample>()]).is_ok());
        assert!(call(&[0xff; size_of::<Call>()]).is_ok());
        for length in 0..size_of::<LockWaits>() {
            assert_eq!(lock_waits(&vec![0xff; length]), Err(NotARecord { bytes: length }));
        }
        for length in 0..size_of::<FoldedCalls>() {
            assert_eq!(folded_calls(&vec![0xff; length]), Err(NotARecord { bytes: length }));
        }
        for length in 0..size_of::<FoldedStays>() {
            assert_eq!(folded_stays(&vec![0xff; length]), Err(NotARecord { bytes: length }));
        }
        assert!(folded_calls(&[0xff; size_of::<FoldedCalls>()]).is_ok());
        assert!(folded_stays(&[0xff; size_of::<FoldedStays>()]).is_ok());
        assert!(life(&[0xff; size_of::<Life>()]).is_ok());
        assert!(lock_waits(&[0xff; size_of::<LockWaits>()]).is_ok());
    }

    #[test]
    fn records_in_a_row_come_out_in_order_and_a_rest_is_an_error() {
        let mut bytes = vec![0; 2 * size_of::<Call>()];
        bytes[0] = 1;
        bytes[size_of::<Call>()] = 2;
        bytes.push(0);
        let ends: Vec<_> = all(&bytes, call).map(|r| r.map(|c| c.end_ns)).collect();
        assert_eq!(ends, [Ok(1u64.to_le()), Ok(2u64.to_le()), Err(NotARecord { bytes: 1 })]);
    }
}
