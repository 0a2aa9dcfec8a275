//! Waiting on a word and waking those who wait, by direct `futex` calls, process-private.

use std::ptr;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use libc::c_int;
use nix::errno::Errno;
use nix::sys::time::TimeSpec;

use super::checked;

/// Waits as glibc and `CPython` do (`FUTEX_WAIT_BITSET`) while `word` holds `expected`, until woken
/// or until `deadline` (a reading of `CLOCK_MONOTONIC`; none waits for ever). One `futex` call.
///
/// # Errors
/// `EAGAIN` if the word holds something else, `ETIMEDOUT` at the deadline, `EINTR` after a signal
/// handler.
pub(crate) fn wait(
    word: &AtomicU32,
    expected: u32,
    deadline: Option<Duration>,
) -> Result<(), Errno> {
    let deadline = deadline.map(TimeSpec::from_duration);
    let timeout: *const libc::timespec =
        deadline.as_ref().map_or(ptr::null(), |at| ptr::from_ref(at.as_ref()));
    let operation: c_int = libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the word and the timeout outlive the call; the kernel reads both and writes neither.
    checked(unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            operation,
            expected,
            timeout,
            ptr::null::<u32>(),
            libc::FUTEX_BITSET_MATCH_ANY,
        )
    })
    .map(drop)
}

/// Wakes at most one waiter of `word`; returns how many it woke. One `futex` call.
pub(crate) fn wake(word: &AtomicU32) -> Result<u64, Errno> {
    let operation: c_int = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the kernel uses the word's address only, to find its waiters.
    checked(unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), operation, 1_u32) })
}
