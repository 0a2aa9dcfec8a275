//! Calls about the calling thread itself.

use std::ptr;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::time::TimeSpec;

use super::checked;

/// Asks for the parent's pid. One `getppid` call.
pub(crate) fn getppid() -> Result<u64, Errno> {
    // SAFETY: the call takes nothing and changes nothing.
    checked(unsafe { libc::syscall(libc::SYS_getppid) })
}

/// Lets another runnable thread go first. One `sched_yield` call.
pub(crate) fn sched_yield() -> Result<(), Errno> {
    // SAFETY: the call takes nothing and changes no memory.
    checked(unsafe { libc::syscall(libc::SYS_sched_yield) }).map(drop)
}

/// Sleeps for `lasting`. One `nanosleep` call.
pub(crate) fn nanosleep(lasting: Duration) -> Result<(), Errno> {
    let request = TimeSpec::from_duration(lasting);
    let request: *const libc::timespec = request.as_ref();
    // SAFETY: the request outlives the call; a null remainder asks for none.
    checked(unsafe {
        libc::syscall(libc::SYS_nanosleep, request, ptr::null_mut::<libc::timespec>())
    })
    .map(drop)
}

/// Ends the process at once with status 0, running nothing on the way. One `exit_group` call.
pub(crate) fn exit_now() -> ! {
    // SAFETY: `_exit` runs no handlers and gives control back to no one.
    unsafe { libc::_exit(0) }
}
