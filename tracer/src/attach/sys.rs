//! The system calls that no crate wraps. All unsafe code of attaching is here.

use std::{
    io,
    os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd},
    ptr,
    time::Duration,
};

use aya_obj::generated::{
    BPF_ANY, BPF_NOEXIST, bpf_attr,
    bpf_cmd::{self, BPF_MAP_UPDATE_BATCH, BPF_MAP_UPDATE_ELEM},
};
use nix::errno::Errno;
use tokio::io::unix::AsyncFd;

/// As far up as an ordinary process gets.
const HIGHEST_PRIORITY: libc::c_int = -20;
/// `MEMBARRIER_CMD_GLOBAL`
const MEMBARRIER_GLOBAL: libc::c_int = 1;
/// Several ticks of the slowest clock (100 Hz).
const SEVERAL_TICKS: Duration = Duration::from_millis(40);

/// `bpf(2)`
fn bpf(command: bpf_cmd, attr: &mut bpf_attr) -> Result<(), Errno> {
    // SAFETY: `attr` is a whole `bpf_attr`, and the callers keep alive what it points to.
    let done = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            command as libc::c_long,
            ptr::from_mut(attr),
            size_of_val(attr),
        )
    };
    Errno::result(done).map(drop)
}

fn zeroed_attr() -> bpf_attr {
    // SAFETY: a union of plain integers, for which the kernel asks that the rest is 0.
    unsafe { std::mem::zeroed() }
}

fn raw(fd: BorrowedFd<'_>) -> u32 {
    fd.as_raw_fd().cast_unsigned()
}

/// Puts `maps` into the slots 0, 1, 2 … of an array of maps, in one call: each call on its own
/// would wait for a grace period of the kernel.
pub(super) fn fill_array_of_maps(
    outer: BorrowedFd<'_>,
    maps: &[BorrowedFd<'_>],
) -> Result<(), Errno> {
    let keys: Vec<u32> = (0..).take(maps.len()).collect();
    let values: Vec<u32> = maps.iter().map(|fd| raw(*fd)).collect();
    let mut attr = zeroed_attr();
    attr.batch.keys = keys.as_ptr().addr() as u64;
    attr.batch.values = values.as_ptr().addr() as u64;
    attr.batch.count = u32::try_from(maps.len()).map_err(|_| Errno::E2BIG)?;
    attr.batch.map_fd = raw(outer);
    attr.batch.elem_flags = BPF_ANY.into();
    bpf(BPF_MAP_UPDATE_BATCH, &mut attr)
}

/// Stores `value` with the task that `pidfd` means, unless something is stored there already.
pub(super) fn store_for_task<T: Copy>(
    storage: BorrowedFd<'_>,
    pidfd: &OwnedFd,
    value: &T,
) -> Result<(), Errno> {
    let key = pidfd.as_fd().as_raw_fd();
    let mut attr = zeroed_attr();
    attr.__bindgen_anon_2.map_fd = raw(storage);
    attr.__bindgen_anon_2.key = ptr::from_ref(&key).addr() as u64;
    attr.__bindgen_anon_2.__bindgen_anon_1.value = ptr::from_ref(value).addr() as u64;
    attr.__bindgen_anon_2.flags = BPF_NOEXIST.into();
    bpf(BPF_MAP_UPDATE_ELEM, &mut attr)
}

/// A descriptor that means one process for good, though its pid be reused.
pub(super) fn pidfd_open(pid: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: takes two integers.
    let fd = Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    let fd = i32::try_from(fd).map_err(|_| Errno::EBADF)?;
    // SAFETY: a new descriptor, which nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Has the runtime watch whether a ring is filling up.
pub(super) fn watch(ring: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` has one descriptor and never gives another one.
    unsafe { AsyncFd::register(ring) }.map_err(Into::into)
}

/// Waits until no CPU is in the switch, or the program, that it is in now.
pub(super) fn wait_for_every_cpu() {
    // SAFETY: takes integers. The command is a grace period of the kernel.
    let done = unsafe { libc::syscall(libc::SYS_membarrier, MEMBARRIER_GLOBAL, 0, 0) };
    if Errno::result(done).is_err() {
        // Not offered beside CPUs without ticks.
        std::thread::sleep(SEVERAL_TICKS);
    }
}

/// Puts this process before all ordinary ones: it has to keep up with the overload it watches.
/// Returns the niceness that it had.
///
/// # Errors
/// Without `CAP_SYS_NICE`.
pub fn raise_priority() -> Result<i32, Errno> {
    // SAFETY: both take integers.
    let before = unsafe {
        Errno::clear();
        let before = libc::getpriority(libc::PRIO_PROCESS, 0);
        Errno::result(libc::setpriority(libc::PRIO_PROCESS, 0, HIGHEST_PRIORITY))?;
        before
    };
    Ok(before)
}

/// CPU time that this process has used, all its threads together.
#[must_use]
pub fn cpu_time() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID)
        .map(Duration::from)
        .unwrap_or_default()
}
