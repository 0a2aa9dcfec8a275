//! Groups in the making: an account, and whose it is.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{End, Group};
use crate::model::{self, Account, Owner, Process, Processes, Stays, Stretch};

/// A group in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) group: Group,
    pub(super) account: Account,
}

impl Draft {
    /// One out of many.
    pub(super) fn of<'a>(drafts: impl IntoIterator<Item = &'a Self>) -> Self {
        drafts.into_iter().fold(Self::default(), |mut one, draft| {
            one.absorb(draft);
            one
        })
    }

    /// Takes in another one. What both do not share is dropped.
    pub(super) fn absorb(&mut self, other: &Self) {
        let (mine, theirs) = (&mut self.group, &other.group);
        if mine.processes == 0 {
            mine.comm.clone_from(&theirs.comm);
        } else if mine.comm != theirs.comm {
            mine.comm = None;
        }
        mine.processes += theirs.processes;
        mine.threads += theirs.threads;
        self.continues(other);
    }

    /// Takes in what the same process did before: it is counted already.
    fn continues(&mut self, before: &Self) {
        self.group.thread_ns += before.group.thread_ns;
        self.account.absorb(&before.account);
    }
}

/// The drafts of the threads of each process put together.
pub(super) fn of_processes(drafts: BTreeMap<Owner, Draft>) -> Vec<Draft> {
    let mut processes: BTreeMap<u64, Draft> = BTreeMap::new();
    for (owner, mut draft) in drafts {
        match processes.entry(owner.cookie) {
            Entry::Vacant(new) => {
                draft.group.tid = None;
                new.insert(draft);
            }
            Entry::Occupied(mut process) => process.get_mut().absorb(&draft),
        }
    }
    processes.into_values().collect()
}

/// A draft for each process, or for each thread that has an account of its own.
pub(super) fn drafts(
    stretch: &Stretch,
    processes: &Processes,
    window_start_ns: u64,
) -> BTreeMap<Owner, Draft> {
    let mut drafts = BTreeMap::new();
    for (cookie, process) in processes.iter() {
        let (thread_ns, threads) = process.thread_time(stretch.start_ns, stretch.end_ns);
        let owners: Vec<Owner> = stretch.accounts.owners(cookie).collect();
        if owners.is_empty() && threads == 0 {
            continue; // Not there at the time.
        }
        let group =
            Group { thread_ns, threads, ..describe(process, window_start_ns, stretch.end_ns) };
        if owners.is_empty() {
            drafts.insert(Owner { cookie, tid: None }, Draft { group, ..Draft::default() });
            continue;
        }
        for (n, owner) in owners.into_iter().enumerate() {
            let mut group = group.clone();
            if let Some(tid) = owner.tid {
                let spans = || process.threads.iter().filter(|span| span.tid == tid);
                group.tid = Some(process.shown_tid(tid));
                group.threads = 1;
                group.thread_ns =
                    spans().filter_map(|span| span.within(stretch.start_ns, stretch.end_ns)).sum();
                // Several accounts of one process are still one process.
                group.processes = u64::from(n == 0);
            }
            let account = stretch.accounts.get(owner).cloned().unwrap_or_default();
            drafts.insert(owner, Draft { group, account });
        }
    }
    for owner in stretch.accounts.all_owners() {
        // Its birth was lost: it has an account, but no name.
        drafts.entry(owner).or_insert_with(|| Draft {
            group: Group { processes: 1, ..Group::default() },
            account: stretch.accounts.get(owner).cloned().unwrap_or_default(),
        });
    }
    for draft in drafts.values_mut().filter(|draft| draft.group.thread_ns == 0) {
        // When its threads were there was lost, but their stays and the time between tile their lives.
        let Stays { on_cpu_ns, runnable_ns, throttled_ns, blocked_ns, .. } = &draft.account.stays;
        let blocked: u64 = blocked_ns.values().sum();
        draft.group.thread_ns = on_cpu_ns + runnable_ns + throttled_ns + blocked;
    }
    join_those_in_passing(&mut drafts, processes);
    drafts
}

/// A program that became another one before it made a call, as between fork and exec, is shown as
/// a part of that other one.
fn join_those_in_passing(drafts: &mut BTreeMap<Owner, Draft>, processes: &Processes) {
    let mut owners: Vec<Owner> = drafts.keys().copied().collect();
    // The oldest first, so that each has taken in all that it was before.
    owners.sort_by_key(|owner| processes.get(owner.cookie).and_then(|process| process.born_ns));
    for owner in owners {
        let Some(next) = processes.get(owner.cookie).and_then(|process| process.became) else {
            continue;
        };
        let next_owners =
            Owner { cookie: next, tid: None }..=Owner { cookie: next, tid: owner.tid };
        let Some((&next, _)) = drafts.range(next_owners).next_back() else { continue };
        if drafts.get(&owner).is_some_and(|draft| draft.account.calls.is_empty())
            && let Some(before) = drafts.remove(&owner)
            && let Some(draft) = drafts.get_mut(&next)
        {
            draft.continues(&before);
        }
    }
}

/// Who a process is, as known at `now_ns`.
fn describe(process: &Process, window_start_ns: u64, now_ns: u64) -> Group {
    let ended = process.ended.filter(|&(ns, _)| ns <= now_ns);
    let since_start = |ns: u64| ns.saturating_sub(window_start_ns);
    Group {
        pid: Some(process.pid),
        ppid: Some(process.ppid),
        start_ns: Some(process.start_ns),
        comm: Some(process.comm.clone()),
        processes: 1,
        born_ns: process.born_ns.filter(|&ns| ns >= window_start_ns).map(since_start),
        exited_ns: ended.map(|(ns, _)| since_start(ns)),
        end: ended.and_then(|(_, end)| match end {
            model::End::Exec => Some(End::Exec),
            model::End::Exit(status) if status & 0x7f != 0 => Some(End::Signalled(status & 0x7f)),
            model::End::Exit(status) => Some(End::Exited(status >> 8 & 0xff)),
            model::End::Unseen => None,
        }),
        ..Group::default()
    }
}
