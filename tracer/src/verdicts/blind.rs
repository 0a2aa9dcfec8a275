//! What a report could not show, for it was not looked for or could not be seen.

use crate::kernel::{selection::Selection, syscalls};

/// The calls that rules count.
const WANTED: [&str; 5] = ["brk", "mmap", "munmap", "futex", "sched_yield"];

/// What rules cannot judge by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blind {
    /// Calls that rules count, and that were not traced.
    pub calls: Vec<&'static str>,
    /// Whether there is a CPU quota could not be seen.
    pub quota: bool,
}

impl Blind {
    /// That of a run with these calls.
    #[must_use]
    pub fn of(selection: &Selection, quota: bool) -> Self {
        let traced = |name: &&str| syscalls::number(name).is_none_or(|nr| selection.contains(nr));
        Self { calls: WANTED.into_iter().filter(|name| !traced(name)).collect(), quota }
    }

    /// What to say if nothing was found.
    pub(super) fn untraced(&self) -> Option<String> {
        let names = self.calls.join(", ");
        (!self.calls.is_empty()).then(|| {
            format!("{names} were left out by -e: whatever shows in these calls goes unseen")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_calls_are_all_that_rules_count() {
        assert_eq!(Blind::of(&Selection::default(), false), Blind::default());
        assert_eq!(Blind::default().untraced(), None);
    }

    #[test]
    fn calls_that_were_left_out_are_named() {
        let blind = Blind::of(&Selection::parse(&["brk,read"]).unwrap(), false);
        let missing = blind.untraced().unwrap();
        assert!(missing.starts_with("mmap, munmap, futex, sched_yield were left out"), "{missing}");
    }
}
