//! 32-bit calls made by a 64-bit process through `int 0x80`, which x86-64 kernels with
//! `CONFIG_IA32_EMULATION` serve. Their numbers are those of i386, so the same number means
//! another call: i386's 12 is `chdir`, and `brk` has 12 on x86-64.
//!
//! On a kernel without that emulation the first such call ends the process by `SIGSEGV`.

use nix::errno::Errno;

/// i386's `getpid`. One call.
///
/// # Errors
/// `ENOSYS` on any machine but x86-64.
#[cfg(target_arch = "x86_64")]
pub(crate) fn getpid() -> Result<u32, Errno> {
    const GETPID: u32 = 20;
    let returned: u32;
    // SAFETY: the call takes no arguments and writes no memory; old kernels clear r8 to r11.
    unsafe {
        core::arch::asm!(
            "int 0x80",
            inlateout("eax") GETPID => returned,
            lateout("r8") _, lateout("r9") _, lateout("r10") _, lateout("r11") _,
            options(nostack),
        );
    }
    checked(returned)
}

/// i386's `chdir` with a null path, which fails with `EFAULT`. One call, numbered as `brk` is on
/// x86-64.
///
/// # Errors
/// Always: `EFAULT`, or `ENOSYS` on any machine but x86-64.
#[cfg(target_arch = "x86_64")]
pub(crate) fn chdir_nowhere() -> Result<(), Errno> {
    const CHDIR: u32 = 12;
    let returned: u32;
    // SAFETY: the kernel finds the null path unreadable and changes nothing. LLVM keeps rbx for
    // itself, so it is saved in another register and put back.
    unsafe {
        core::arch::asm!(
            "mov {saved}, rbx",
            "xor ebx, ebx",
            "int 0x80",
            "mov rbx, {saved}",
            saved = out(reg) _,
            inlateout("eax") CHDIR => returned,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
            options(nostack),
        );
    }
    checked(returned).map(drop)
}

/// As [`getpid`] on x86-64.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn getpid() -> Result<u32, Errno> {
    Err(Errno::ENOSYS)
}

/// As [`chdir_nowhere`] on x86-64.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn chdir_nowhere() -> Result<(), Errno> {
    Err(Errno::ENOSYS)
}

/// Splits what the kernel returned into a value and an error (−4095 to −1).
#[cfg(target_arch = "x86_64")]
fn checked(returned: u32) -> Result<u32, Errno> {
    match returned.cast_signed() {
        error @ -4095..=-1 => Err(Errno::from_raw(-error)),
        _ => Ok(returned),
    }
}
