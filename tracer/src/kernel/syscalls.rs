//! System calls by number and by name, for the architecture that this program is built for.

use std::borrow::Cow;

use syscalls::Sysno;

/// Calls that the table names otherwise than the kernel, strace and the manual do.
#[cfg(target_arch = "aarch64")]
const RENAMED: [(Sysno, &str); 1] = [(Sysno::fstatat, "newfstatat")];
#[cfg(not(target_arch = "aarch64"))]
const RENAMED: [(Sysno, &str); 0] = [];

/// The name of a call; `None` for a number that is newer than the table, or is no call.
#[must_use]
pub fn name(number: u32) -> Option<&'static str> {
    let call = Sysno::new(usize::try_from(number).ok()?)?;
    let renamed = RENAMED.iter().find(|(other, _)| *other == call);
    Some(renamed.map_or(call.name(), |(_, name)| name))
}

/// What to show for a call: its name, or `syscall_470` if it has none here.
#[must_use]
pub fn label(number: u32) -> Cow<'static, str> {
    name(number).map_or_else(|| Cow::Owned(format!("syscall_{number}")), Cow::Borrowed)
}

/// The number of a call by its [`label`].
#[must_use]
pub fn labelled(label: &str) -> Option<u32> {
    number(label).or_else(|| label.strip_prefix("syscall_")?.parse().ok())
}

/// The number of a call; `None` if this architecture has none of that name.
#[must_use]
pub fn number(name: &str) -> Option<u32> {
    let renamed = RENAMED.iter().find(|(_, other)| *other == name).map(|(call, _)| *call);
    let call = renamed.or_else(|| name.parse().ok())?;
    u32::try_from(call.id()).ok()
}

/// Every call that has a name, as number and name, in the order of the numbers.
pub fn all() -> impl Iterator<Item = (u32, &'static str)> {
    // Not `Sysno::iter`, which leaves out the last call of the table.
    let last = u32::try_from(Sysno::last().id()).unwrap_or(0);
    (0..=last).filter_map(|number| Some((number, name(number)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_number() {
        for (nr, name) in all() {
            assert_eq!(number(name), Some(nr), "{name}");
        }
    }

    #[test]
    fn all_calls_are_visited_the_last_of_the_table_too() {
        let numbers: Vec<u32> = all().map(|(number, _)| number).collect();
        assert_eq!(numbers.len(), Sysno::count());
        assert_eq!(numbers.last().copied(), u32::try_from(Sysno::last().id()).ok());
    }

    #[test]
    fn the_numbers_are_the_ones_of_the_c_library() {
        for (name, constant) in [
            ("brk", libc::SYS_brk),
            ("mmap", libc::SYS_mmap),
            ("futex", libc::SYS_futex),
            ("sched_yield", libc::SYS_sched_yield),
            ("newfstatat", libc::SYS_newfstatat),
            ("rt_sigreturn", libc::SYS_rt_sigreturn),
            ("restart_syscall", libc::SYS_restart_syscall),
        ] {
            assert_eq!(number(name).map(i64::from), Some(constant), "{name}");
        }
    }

    #[test]
    fn what_is_unknown_has_no_name_but_a_label() {
        assert_eq!(name(100_000), None);
        assert_eq!(name(u32::MAX), None);
        assert_eq!(number("mmpa"), None);
        assert_eq!(label(100_000), "syscall_100000");
        assert_eq!(labelled("syscall_100000"), Some(100_000));
        assert_eq!(labelled("brk"), number("brk"));
        assert_eq!(labelled("syscall_many"), None);
        assert_eq!(number("brk").map(label).as_deref(), Some("brk"));
    }
}
