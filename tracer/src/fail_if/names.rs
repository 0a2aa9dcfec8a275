//! What may stand in the parentheses after a figure's name.

use super::figures::{DISTRIBUTIONS, Of, Parts};
use crate::{
    kernel::{selection::Selection, syscalls},
    report::{BRK, lock_kinds, number_of_row, stands_for},
    spelling::nearest,
};

/// What a thread can sleep in besides calls.
const REASONS: [&str; 3] = ["page fault", "stopped", "unknown"];

/// Checks an argument.
///
/// # Errors
/// With what is wrong about it, and what was probably meant.
pub(super) fn check(of: &Of, name: &str, selection: Option<&Selection>) -> Result<(), String> {
    match of {
        Of::Distribution(_) | Of::Rows(_) | Of::Parts(Parts::Kernel) if is_call(name) => {
            check_selected(name, selection)
        }
        // Sleep is known of every call, though not apart for the rows of `brk`.
        Of::Parts(Parts::Blocked) if is_call(name) && !BRK.contains(&name) => Ok(()),
        Of::Distribution(_) if DISTRIBUTIONS.iter().any(|(known, _)| *known == name) => Ok(()),
        Of::Distribution(_) => {
            let others = DISTRIBUTIONS.map(|(known, _)| known);
            Err(unknown("system call or distribution", name, calls().chain(others)))
        }
        Of::Rows(_) => Err(unknown("system call", name, calls())),
        Of::Parts(Parts::Kernel) if name == "other" => Ok(()),
        Of::Parts(Parts::Kernel) => Err(unknown("system call", name, calls().chain(["other"]))),
        Of::Parts(Parts::Blocked) if REASONS.contains(&name) => Ok(()),
        Of::Parts(Parts::Blocked) => {
            let known = calls().filter(|name| !BRK.contains(name)).chain(REASONS);
            Err(unknown("reason to sleep", name, known))
        }
        Of::Locks if lock_kinds().any(|kind| stands_for(name, kind)) => Ok(()),
        Of::Locks => Err(unknown("kind of lock", name, lock_kinds())),
        Of::Line(..) | Of::Count(_) | Of::Mean(_) => {
            Err("this figure takes no name in parentheses".to_owned())
        }
    }
}

fn is_call(name: &str) -> bool {
    number_of_row(name).is_some()
}

fn check_selected(name: &str, selection: Option<&Selection>) -> Result<(), String> {
    let selected =
        |selection: &Selection| number_of_row(name).is_some_and(|nr| selection.contains(nr));
    if selection.is_none_or(selected) {
        return Ok(());
    }
    let call = name.split(' ').next().unwrap_or(name);
    Err(format!("`{call}` is not among the calls traced: ask for it with `-e {call}`"))
}

fn calls() -> impl Iterator<Item = &'static str> {
    syscalls::all().map(|(_, name)| name).chain(BRK)
}

fn unknown(what: &str, name: &str, known: impl Iterator<Item = &'static str>) -> String {
    let meant = nearest(name, known).map(|name| format!(": did you mean `{name}`?"));
    format!("unknown {what} `{name}`{}", meant.unwrap_or_default())
}
