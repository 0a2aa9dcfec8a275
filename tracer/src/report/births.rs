//! Processes that targets gave birth to, as they are shown.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Budget, End, Faults, Figures, Group, Options, build::figures, drafts::Draft};
use crate::model::Hist;

/// Processes that other targets gave birth to in the window, together.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Births {
    /// How many; a program that one of them became by exec is the same process.
    pub processes: u64,
    /// How many of these have ended.
    pub ended: u64,
    /// How long those lived.
    pub lived_ns: Figures,
    /// Time in the window, summed over their threads.
    pub thread_ns: u64,
    /// Where that went.
    pub budget: Budget,
    /// Their page faults.
    pub faults: Faults,
}

/// Those of these drafts that are of processes born to others of them, together.
///
/// What `tracer` started itself was born in the window too, but to no target. A process that was
/// there before, and became another program, was not born.
pub(super) fn born<'a>(
    drafts: impl Iterator<Item = &'a Draft> + Clone,
    budget: impl FnOnce(&Draft) -> Budget,
    options: &Options,
) -> Option<Births> {
    let pids: BTreeSet<_> = drafts.clone().filter_map(|draft| draft.group.pid).collect();
    let mut programs: BTreeMap<_, Vec<&Draft>> = BTreeMap::new();
    for draft in drafts {
        if let (Some(pid), Some(start_ns)) = (draft.group.pid, draft.group.start_ns) {
            programs.entry((pid, start_ns)).or_default().push(draft);
        }
    }
    programs.retain(|_, programs| {
        let to_target = |group: &Group| group.ppid.is_some_and(|parent| pids.contains(&parent));
        programs.iter().all(|program| program.group.born_ns.is_some() && to_target(&program.group))
    });
    if programs.is_empty() {
        return None;
    }
    let mut lived = Hist::default();
    programs.values().filter_map(|programs| life_ns(programs)).for_each(|ns| lived.record(ns));
    let all = Draft::of(programs.values().flatten().copied());
    let stays = &all.account.stays;
    Some(Births {
        processes: programs.len().try_into().unwrap_or(u64::MAX),
        ended: lived.count(),
        lived_ns: figures(&lived, options),
        thread_ns: all.group.thread_ns,
        faults: Faults { minor: stays.minor_faults, major: stays.major_faults },
        budget: budget(&all),
    })
}

/// How long a process lived that was these programs; `None` while it does.
fn life_ns(programs: &[&Draft]) -> Option<u64> {
    let born = programs.iter().filter_map(|program| program.group.born_ns).min()?;
    let ended = |group: &Group| group.end.is_some_and(|end| end != End::Exec);
    let last = programs.iter().find(|program| ended(&program.group))?;
    Some(last.group.exited_ns?.saturating_sub(born))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(pid: u32, ppid: u32, born: Option<u64>, end: Option<(u64, End)>) -> Draft {
        let group = Group {
            pid: Some(pid),
            ppid: Some(ppid),
            start_ns: Some(u64::from(pid)),
            processes: 1,
            thread_ns: 100,
            born_ns: born,
            exited_ns: end.map(|(ns, _)| ns),
            end: end.map(|(_, end)| end),
            ..Group::default()
        };
        Draft { group, ..Draft::default() }
    }

    fn births(drafts: &[Draft]) -> Option<Births> {
        born(drafts.iter(), |_| Budget::default(), &crate::report::tests::OPTIONS)
    }

    #[test]
    fn a_process_that_became_another_program_is_one_birth_and_one_life() {
        let births = births(&[
            draft(1, 0, None, None),
            draft(2, 1, Some(100), Some((150, End::Exec))),
            draft(2, 1, Some(150), Some((400, End::Exited(0)))),
            draft(3, 1, Some(200), None),
        ])
        .unwrap();
        assert_eq!((births.processes, births.ended, births.thread_ns), (2, 1, 300));
        assert_eq!(births.lived_ns.total, 300);
    }

    #[test]
    fn the_command_itself_and_who_was_there_before_are_not_born() {
        let command = draft(1, 99, Some(0), None);
        let before = draft(2, 1, None, Some((50, End::Exec)));
        let after = draft(2, 1, Some(50), None);
        assert!(births(&[command, before, after]).is_none());
    }
}
