//! System calls made directly: each function enters the kernel exactly as often as it says, and
//! glibc adds nothing of its own. All `unsafe` code of this crate is in this folder.

pub(crate) mod compat;
pub(crate) mod fork;
pub(crate) mod futex;
pub(crate) mod heap;
pub(crate) mod malloc;
pub(crate) mod memory;
pub(crate) mod shared;
pub(crate) mod signal;
pub(crate) mod thread;

use libc::c_long;
use nix::errno::Errno;

/// A length that is a multiple of every page size Linux has (4, 16 and 64 KiB), in bytes.
pub(crate) const LENGTH: u64 = 64 * 1024;

/// What `libc::syscall` returned, its error taken from `errno`.
fn checked(returned: c_long) -> Result<u64, Errno> {
    Errno::result(returned).map(c_long::cast_unsigned)
}
