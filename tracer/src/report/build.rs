//! Makes a report of accounts.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    Budget, Concurrency, Figures, Fold, Group, Row,
    births::born,
    budget::budget,
    drafts::{Draft, drafts, of_processes},
    futexes::futexes,
    locks::{locks, locks_by_syscall},
    names::{asks_for_bytes, call_name, may_map_files},
    samples::{Samples, samples, sorted},
    sched::{concurrency, sched},
};
use crate::model::{Account, CallKind, Calls, Churn, Hist, Owner, Processes, Stretch};
use crate::symbols::Names;

/// More processes than this are folded by name, where the user leaves it open.
const SCREENFUL: usize = 16;

/// How accounts are shown.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// `None` leaves it to the number of processes.
    pub fold: Option<Fold>,
    /// Figures carry their distribution.
    pub histograms: bool,
    /// Figures carry their distribution in full, for a recording.
    pub hdr: bool,
    /// The kernel marks waits that a quota ordered.
    pub throttling: bool,
    /// Waits for the kernel's locks are counted.
    pub locks: bool,
    /// When the window opened.
    pub window_start_ns: u64,
    /// Samples a second on each CPU; `None` without samples.
    pub sample_hz: Option<u32>,
    /// So many of the hottest functions are named.
    pub top: usize,
}

/// The accounts of a stretch of time, as they are shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Most time in calls first.
    pub groups: Vec<Group>,
    /// The sum over all.
    pub total: Group,
    /// How many ran at the same time.
    pub concurrency: Concurrency,
    /// There were too many processes to show each, and nobody had said what to do.
    pub too_many: bool,
    /// Stays on a CPU that were summed in the kernel.
    pub folded_stays: u64,
}

/// Puts together the accounts of a stretch of time. `names` has been told of all that its samples
/// found.
#[must_use]
pub fn groups(stretch: &Stretch, processes: &Processes, options: &Options, names: &Names) -> Shown {
    let view = View { options, names };
    let drafts = drafts(stretch, processes, options.window_start_ns);
    let mut all = Draft::of(drafts.values());
    all.account.absorb(&stretch.of_nobody);
    let total = Group {
        comm: None,
        locks: options.locks.then(|| locks_by_syscall(&all.account.locks, &stretch.locks_by_place)),
        births: born(
            drafts.values(),
            |born| view.budget(&born.account, born.group.thread_ns),
            options,
        ),
        ..view.group(&all, processes)
    };
    let waiting_ns = all.account.stays.runnable_ns + all.account.stays.throttled_ns;
    let concurrency = concurrency(stretch, &all.account.stays, waiting_ns);
    let by_thread = drafts.keys().any(|owner| owner.tid.is_some());
    let too_many = options.fold.is_none() && !by_thread && drafts.len() > SCREENFUL;
    let fold = options.fold.unwrap_or(if too_many { Fold::Comm } else { Fold::Process });
    let mut drafts = folded(drafts, fold);
    drafts.sort_by_key(|draft| {
        let time: u64 = draft.account.calls.values().map(|calls| calls.wall.sum()).sum();
        (Reverse(time), draft.group.pid, draft.group.tid)
    });
    if too_many && drafts.len() > SCREENFUL {
        let rest = Draft::of(&drafts.split_off(SCREENFUL));
        drafts.push(rest);
    }
    let groups = drafts.iter().map(|draft| view.group(draft, processes)).collect();
    Shown { groups, total, concurrency, too_many, folded_stays: all.account.stays.folded }
}

/// The processes of a stretch of time, each by itself, whatever is shown: what rules go by.
#[must_use]
pub fn processes(
    stretch: &Stretch,
    processes: &Processes,
    options: &Options,
    names: &Names,
) -> Vec<Group> {
    let view = View { options, names };
    let drafts = of_processes(drafts(stretch, processes, options.window_start_ns));
    drafts.iter().map(|draft| view.group(draft, processes)).collect()
}

/// How, and by which names, an account is looked at.
struct View<'a> {
    options: &'a Options,
    names: &'a Names,
}

impl View<'_> {
    fn group(&self, draft: &Draft, processes: &Processes) -> Group {
        let Draft { group, account } = draft;
        Group {
            syscalls: rows(account, self.options),
            budget: self.budget(account, group.thread_ns),
            sched: sched(&account.stays, processes, self.options),
            samples: self.samples(account),
            locks: self.options.locks.then(|| locks(&account.locks)),
            futexes: if group.pid.is_some() { futexes(&account.futexes) } else { Vec::new() },
            ..group.clone()
        }
    }

    fn budget(&self, account: &Account, thread_ns: u64) -> Budget {
        let outside = self.options.sample_hz.map(|_| sorted(&account.samples, self.names).outside);
        budget(account, thread_ns, self.options.throttling, outside.as_ref())
    }

    fn samples(&self, account: &Account) -> Option<Samples> {
        let hz = self.options.sample_hz?;
        Some(samples(&account.samples, self.names, hz, self.options.top))
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
fn rows(account: &Account, options: &Options) -> Vec<Row> {
    let Churn { heap, mappings } = &account.churn;
    let mut rows: Vec<Row> =
        account.calls.iter().map(|(kind, calls)| row(*kind, calls, options)).collect();
    for row in &mut rows {
        row.again_bytes = match row.name.as_str() {
            "brk grow" => Some(heap.again),
            "mmap" => Some(mappings.again),
            _ => None,
        };
    }
    rows.sort_by(|a, b| b.wall_ns.total.cmp(&a.wall_ns.total).then_with(|| a.name.cmp(&b.name)));
    rows
}

fn row(kind: CallKind, calls: &Calls, options: &Options) -> Row {
    Row {
        name: call_name(kind),
        calls: calls.wall.count(),
        errors: calls.errors,
        folded: calls.folded,
        unpaired: calls.unpaired,
        in_flight: calls.in_flight,
        in_flight_before: calls.in_flight_before,
        in_flight_longest_ns: (calls.in_flight > calls.in_flight_before)
            .then_some(calls.in_flight_longest_ns),
        ended_by_exit: calls.ended_by_exit,
        bytes: asks_for_bytes(kind).then_some(calls.bytes),
        again_bytes: None,
        file_bytes: may_map_files(kind).then_some(calls.file_bytes),
        last_ns: (calls.last_end_ns > 0)
            .then(|| calls.last_end_ns.saturating_sub(options.window_start_ns)),
        mean_at_ns: calls.mean_end_ns().map(|ns| ns.saturating_sub(options.window_start_ns)),
        wall_ns: figures(&calls.wall, options),
        on_cpu_ns: figures(calls.on_cpu(), options),
        runnable_ns: figures(&calls.runnable, options),
        blocked_ns: figures(&calls.blocked, options),
    }
}

pub(super) fn figures(hist: &Hist, options: &Options) -> Figures {
    Figures::of(hist, options.histograms, options.hdr)
}
