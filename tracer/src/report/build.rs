//! Makes a report of accounts.

use std::{cmp::Reverse, collections::BTreeMap};

use tracer_common::record::Call;

use super::{Bucket, End, Figures, Fold, Group, Row, Total};
use crate::{
    kernel::syscalls,
    model::{self, Account, CallKind, Calls, Hist, Owner, Process, Processes, Stretch},
};

/// More processes than this are folded by name, where the user leaves it open.
const SCREENFUL: usize = 16;

/// How accounts are shown.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// `None` leaves it to the number of processes.
    pub fold: Option<Fold>,
    /// Rows carry their distribution.
    pub histograms: bool,
    /// When the window opened.
    pub window_start_ns: u64,
}

/// The accounts of a stretch of time, as they are shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Most time in calls first.
    pub groups: Vec<Group>,
    /// The sum over all.
    pub total: Total,
    /// There were too many processes to show each, and nobody had said what to do.
    pub too_many: bool,
}

/// Puts together the accounts of a stretch of time.
#[must_use]
pub fn groups(stretch: &Stretch, processes: &Processes, options: &Options) -> Shown {
    let drafts = drafts(stretch, processes, options.window_start_ns);
    let all = Draft::of(drafts.values());
    let total = Total {
        processes: all.group.processes,
        threads: all.group.threads,
        thread_ns: all.group.thread_ns,
        syscalls: rows(&all.account, options.histograms),
    };
    let by_thread = drafts.keys().any(|owner| owner.tid.is_some());
    let too_many = options.fold.is_none() && !by_thread && drafts.len() > SCREENFUL;
    let fold = options.fold.unwrap_or(if too_many { Fold::Comm } else { Fold::Process });
    let mut drafts = folded(drafts, fold);
    drafts.sort_by_key(|draft| {
        let time: u64 = draft.account.values().map(|calls| calls.wall.sum()).sum();
        (Reverse(time), draft.group.pid, draft.group.tid)
    });
    if too_many && drafts.len() > SCREENFUL {
        let rest = Draft::of(&drafts.split_off(SCREENFUL));
        drafts.push(rest);
    }
    let groups = drafts
        .into_iter()
        .map(|Draft { group, account }| Group {
            syscalls: rows(&account, options.histograms),
            ..group
        })
        .collect();
    Shown { groups, total, too_many }
}

/// A group in the making.
#[derive(Debug, Default)]
struct Draft {
    group: Group,
    account: Account,
}

impl Draft {
    /// One out of many.
    fn of<'a>(drafts: impl IntoIterator<Item = &'a Self>) -> Self {
        drafts.into_iter().fold(Self::default(), |mut one, draft| {
            one.absorb(draft);
            one
        })
    }

    /// Takes in another one. What both do not share is dropped.
    fn absorb(&mut self, other: &Self) {
        let (mine, theirs) = (&mut self.group, &other.group);
        if mine.processes == 0 {
            mine.comm.clone_from(&theirs.comm);
        } else if mine.comm != theirs.comm {
            mine.comm = None;
        }
        mine.processes += theirs.processes;
        mine.threads += theirs.threads;
        mine.thread_ns += theirs.thread_ns;
        for (kind, calls) in &other.account {
            self.account.entry(*kind).or_default().absorb(calls);
        }
    }
}

/// A draft for each process, or for each thread that has an account of its own.
fn drafts(
    stretch: &Stretch,
    processes: &Processes,
    window_start_ns: u64,
) -> BTreeMap<Owner, Draft> {
    let mut drafts = BTreeMap::new();
    for (cookie, process) in processes.iter() {
        let (thread_ns, threads) = process.thread_time(stretch.start_ns, stretch.end_ns);
        let owners: Vec<Owner> = stretch.accounts.owners(cookie).collect();
        let became_another = matches!(process.ended, Some((_, model::End::Exec)));
        if owners.is_empty() && (threads == 0 || became_another) {
            continue; // Not there at the time, or only on the way to an exec.
        }
        let group =
            Group { thread_ns, threads, ..describe(process, window_start_ns, stretch.end_ns) };
        if owners.is_empty() {
            let account = Account::new();
            drafts.insert(Owner { cookie, tid: None }, Draft { group, account });
            continue;
        }
        for (n, owner) in owners.into_iter().enumerate() {
            let mut group = group.clone();
            if let Some(tid) = owner.tid {
                let spans = || process.threads.iter().filter(|span| span.tid == tid);
                group.tid = Some(spans().next().map_or(tid, |span| span.shown_tid));
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

fn folded(drafts: BTreeMap<Owner, Draft>, fold: Fold) -> Vec<Draft> {
    if fold == Fold::Process {
        return drafts.into_values().collect();
    }
    let mut groups: BTreeMap<Option<String>, Draft> = BTreeMap::new();
    for draft in drafts.values() {
        let name = if fold == Fold::Comm { draft.group.comm.clone() } else { None };
        groups.entry(name).or_default().absorb(draft);
    }
    groups.into_values().collect()
}

/// The rows of an account, longest total time first.
fn rows(account: &Account, histograms: bool) -> Vec<Row> {
    let mut rows: Vec<Row> =
        account.iter().map(|(kind, calls)| row(*kind, calls, histograms)).collect();
    rows.sort_by(|a, b| b.wall_ns.total.cmp(&a.wall_ns.total).then_with(|| a.name.cmp(&b.name)));
    rows
}

fn row(kind: CallKind, calls: &Calls, histograms: bool) -> Row {
    Row {
        name: name(kind),
        calls: calls.wall.count(),
        errors: calls.errors,
        unpaired: calls.unpaired,
        in_flight: calls.in_flight,
        in_flight_longest_ns: (calls.in_flight > 0).then_some(calls.in_flight_longest_ns),
        ended_by_exit: calls.ended_by_exit,
        bytes: asks_for_bytes(kind).then_some(calls.bytes),
        wall_ns: figures(&calls.wall),
        on_cpu_ns: figures(&calls.on_cpu),
        runnable_ns: figures(&calls.runnable),
        blocked_ns: figures(&calls.blocked),
        histogram: if histograms {
            calls
                .wall
                .octaves()
                .map(|(from_ns, to_ns, count)| Bucket { from_ns, to_ns, count })
                .collect()
        } else {
            Vec::new()
        },
    }
}

fn figures(hist: &Hist) -> Figures {
    Figures {
        total: hist.sum(),
        mean: hist.mean(),
        p50: hist.quantile(0.5),
        p90: hist.quantile(0.9),
        p99: hist.quantile(0.99),
        p999: hist.quantile(0.999),
        max: hist.max(),
    }
}

fn name(kind: CallKind) -> String {
    if kind.compat {
        return format!("32-bit {}", kind.nr);
    }
    match kind.brk {
        Call::BRK_GROW => "brk grow".into(),
        Call::BRK_SHRINK => "brk shrink".into(),
        Call::BRK_QUERY => "brk query".into(),
        _ => syscalls::name(kind.nr.into())
            .map_or_else(|| format!("syscall {}", kind.nr), ToOwned::to_owned),
    }
}

/// Whether the amount of such a call is a number of bytes.
fn asks_for_bytes(kind: CallKind) -> bool {
    matches!(kind.brk, Call::BRK_GROW | Call::BRK_SHRINK)
        || !kind.compat
            && matches!(
                syscalls::name(kind.nr.into()),
                Some("mmap" | "munmap" | "mremap" | "madvise" | "mprotect")
            )
}
