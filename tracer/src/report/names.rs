//! What calls and sleeps are called.

use tracer_common::record::Call;

use crate::{
    kernel::syscalls,
    model::{Asleep, CallKind},
};

/// The rows that `brk` has.
pub(crate) const BRK: [&str; 3] = ["brk grow", "brk shrink", "brk query"];

/// The number of the call that a row is named after. `brk` alone is good enough.
pub(crate) fn number_of_row(name: &str) -> Option<u32> {
    syscalls::labelled(if BRK.contains(&name) { "brk" } else { name })
}

/// Whether a name that a user wrote means this row: the very name, or the first word of several, as
/// `brk` means the three rows of `brk`.
pub(crate) fn stands_for(name: &str, row: &str) -> bool {
    row.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// The name of a row.
pub(super) fn call_name(kind: CallKind) -> String {
    if kind.compat {
        return format!("32-bit {}", kind.nr);
    }
    match kind.brk {
        Call::BRK_GROW => "brk grow".to_owned(),
        Call::BRK_SHRINK => "brk shrink".to_owned(),
        Call::BRK_QUERY => "brk query".to_owned(),
        _ => syscalls::label(kind.nr.into()).into_owned(),
    }
}

/// Whether the amount of such a call is a number of bytes.
pub(super) fn asks_for_bytes(kind: CallKind) -> bool {
    matches!(kind.brk, Call::BRK_GROW | Call::BRK_SHRINK)
        || !kind.compat
            && matches!(
                syscalls::name(kind.nr.into()),
                Some("mmap" | "munmap" | "mremap" | "madvise" | "mprotect")
            )
}

/// Whether such a call may map a file.
pub(super) fn may_map_files(kind: CallKind) -> bool {
    !kind.compat && syscalls::name(kind.nr.into()) == Some("mmap")
}

/// The name of what a thread slept in.
pub(super) fn sleep_name(reason: Asleep) -> String {
    match reason {
        Asleep::Call(nr) => syscalls::label(nr.into()).into_owned(),
        Asleep::Fault => "page fault".to_owned(),
        Asleep::Stopped => "stopped".to_owned(),
        Asleep::Unknown => "unknown".to_owned(),
    }
}
