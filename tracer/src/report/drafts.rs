//! Groups in the making: an account, and whose it is.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{End, Group};
use crate::model::{self, Account, Owner, Process, Processes, Stretch};

/// A group in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) group: Group,
    pub(super) account: Account,
    /// A program that became another one before it made a call: it is in the sums, but not shown.
    pub(super) in_passing: bool,
}

impl Draft {
    /// One out of many.
    pub(super) fn of<'a>(drafts: impl IntoIterator<Item = &'a Self>) -> Self {
        drafts.into_iter().fold(Self::default(), |mut one, draft| {
            one.absorb(draft);
            one
        })
    }

    /// Marks a program that only became another one: the process is counted with that.
    fn unless_in_passing(mut self, process: &Process) -> Self {
        let became_another = matches!(process.ended, Some((_, model::End::Exec)));
        if became_another && self.account.calls.is_empty() {
            self.in_passing = true;
            self.group.processes = 0;
            self.group.threads = 0;
        }
        self
    }

    /// Takes in another one. What both do not share is dropped.
    pub(super) fn absorb(&mut self, other: &Self) {
        let (mine, theirs) = (&mut self.group, &other.group);
        if mine.processes == 0 {
            mine.comm.clone_from(&theirs.comm);
        } else if theirs.processes == 0 && other.in_passing {
            // It has a name that soon was another.
        } else if mine.comm != theirs.comm {
            mine.comm = None;
        }
        mine.processes += theirs.processes;
        mine.threads += theirs.threads;
        mine.thread_ns += theirs.thread_ns;
        self.account.absorb(&other.account);
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
            let draft = Draft { group, ..Draft::default() };
            drafts.insert(Owner { cookie, tid: None }, draft.unless_in_passing(process));
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
            let draft = Draft { group, account, in_passing: false };
            drafts.insert(owner, draft.unless_in_passing(process));
        }
    }
    for owner in stretch.accounts.all_owners() {
        // Its birth was lost: it has an account, but no name.
        drafts.entry(owner).or_insert_with(|| Draft {
            group: Group { processes: 1, ..Group::default() },
            account: stretch.accounts.get(owner).cloned().unwrap_or_default(),
            in_passing: false,
        });
    }
    drafts
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
        end: ended.map(|(_, end)| match end {
            model::End::Exec => End::Exec,
            model::End::Exit(status) if status & 0x7f != 0 => End::Signalled(status & 0x7f),
            model::End::Exit(status) => End::Exited(status >> 8 & 0xff),
        }),
        ..Group::default()
    }
}
