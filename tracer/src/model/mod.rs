//! Folds facts into accounts. Pure: no I/O, no clock.
//!
//! The stretch of time that is being accounted for has a beginning and, once
//! [`edge`](Model::edge) has set it, an end. Facts from behind the end wait for the next stretch:
//! the rings are drained after the edge was decided, and bring some.

mod accounts;
mod calls;
mod churn;
mod concurrency;
mod folded;
mod futexes;
mod hist;
mod locks;
mod pauses;
mod processes;
mod running;
mod samples;
mod stays;
mod stretch;
mod ticks;

pub use accounts::{Account, Accounts, Owner};
pub use calls::{CallKind, Calls};
pub use churn::{Churn, Cycle};
pub use concurrency::Concurrency;
pub use futexes::{Futexes, Word};
pub use hist::Hist;
pub use locks::{ByLock, ByPlace};
pub use pauses::{Cause, Pause, Pauses};
pub use processes::{End, Process, Processes, Span};
pub use samples::{Code, Place, Samples};
pub use stays::{Asleep, Stays, Sum, Waker};
pub use stretch::{Stretch, UnderWay};

use std::collections::BTreeSet;

use tracer_common::{
    fold::{FoldedCalls, FoldedStays},
    locks::{Lock, LockWaits, Waits},
    record::{Call, Life, Sample, Slice, Standing},
};

use self::{
    running::Running,
    ticks::{Counts, Ticks},
};

/// What a model is to keep.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// An account for each thread, instead of each process.
    pub by_thread: bool,
    /// Pauses from this length on.
    pub pauses_over_ns: u64,
}

/// Accounts in the making.
#[derive(Debug)]
pub struct Model {
    keep: Keep,
    /// Who the processes are.
    processes: Processes,
    ticks: Ticks,
    locks: locks::Seen,
    folded: folded::Seen,
    /// When the window opened; before that nothing counts.
    window_start_ns: Option<u64>,
    edge_ns: u64,
    /// For how long targets were on a CPU in the stretches that are over.
    busy_before_ns: u64,
    /// The stretch of time under way.
    stretch: Stretch,
    running: Running,
    later: Later,
}

/// Facts from behind the edge.
#[derive(Debug, Default)]
struct Later {
    calls: Vec<Call>,
    slices: Vec<Slice>,
    lives: Vec<Life>,
    samples: Vec<(Sample, Option<Code>)>,
    folded_calls: Vec<FoldedCalls>,
    folded_stays: Vec<FoldedStays>,
}

impl Model {
    /// With no process known and no window open.
    #[must_use]
    pub fn new(keep: Keep) -> Self {
        Self {
            keep,
            processes: Processes::default(),
            ticks: Ticks::default(),
            locks: locks::Seen::default(),
            folded: folded::Seen::default(),
            window_start_ns: None,
            edge_ns: u64::MAX,
            busy_before_ns: 0,
            stretch: Stretch::begin(0, keep),
            running: Running::default(),
            later: Later::default(),
        }
    }

    /// Opens the window: from now on calls count.
    pub fn open(&mut self, ns: u64) {
        self.window_start_ns = Some(ns);
        self.stretch.start_ns = ns;
        self.running.begin(ns);
    }

    /// Who the processes are.
    #[must_use]
    pub fn processes(&self) -> &Processes {
        &self.processes
    }

    /// Takes in a turning point of a process.
    pub fn life(&mut self, life: &Life) {
        if life.ns > self.edge_ns {
            self.later.lives.push(*life);
            return;
        }
        self.processes.update(life);
        let counts = Counts::at(life);
        match life.event {
            Life::SEEDED => self.ticks.begin(life.tid, counts),
            Life::BORN | Life::THREAD_BORN => self.ticks.begin(life.tid, Counts::default()),
            Life::EXEC => {
                let grown = self.ticks.grow(life.tid, counts);
                self.add_counts(life.origin, life.tid, grown);
            }
            Life::THREAD_EXIT => {
                let grown = self.ticks.end(life.tid, counts);
                self.add_counts(life.cookie, life.tid, grown);
            }
            _ => {}
        }
    }

    fn add_counts(&mut self, cookie: u64, tid: u32, grown: Counts) {
        if self.window_start_ns.is_none() || grown == Counts::default() {
            return;
        }
        let owner = self.owner(cookie, tid);
        let Counts { utime_ns, stime_ns, minor_faults, major_faults } = grown;
        let stays = &mut self.stretch.accounts.of(owner).stays;
        stays.utime_ns += utime_ns;
        stays.stime_ns += stime_ns;
        stays.minor_faults += minor_faults;
        stays.major_faults += major_faults;
    }

    /// Takes in a call that has ended.
    pub fn call(&mut self, call: &Call) {
        // Before the window it is none of ours.
        let Some(start) = self.window_start_ns.filter(|&start| call.end_ns >= start) else {
            return;
        };
        if call.end_ns > self.edge_ns {
            self.later.calls.push(*call);
            return;
        }
        let owner = self.owner(call.cookie, call.tid);
        let born_ns = self.processes.get(call.cookie).and_then(|process| process.born_ns);
        let lead_ns = born_ns.map_or(0, |born| born.saturating_sub(began(call)));
        let account = self.stretch.accounts.of(owner);
        let calls = account.calls.entry(CallKind::of(call)).or_default();
        if calls.add(call, start) {
            account.futexes.add(call);
            account.churn.add(call);
        }
        calls.lead_on_cpu_ns += lead_ns.min(call.on_cpu_ns);
        self.consider_call(call, call.end_ns);
    }

    /// Takes in a stay on a CPU that has ended.
    pub fn slice(&mut self, slice: &Slice) {
        if self.window_start_ns.is_none_or(|start| slice.end_ns() < start) {
            return;
        }
        if slice.end_ns() > self.edge_ns {
            self.later.slices.push(*slice);
            return;
        }
        let (from, to) = (self.stretch.start_ns, self.edge_ns);
        self.add_slice(slice, from, to);
        self.running.add(slice);
    }

    /// Takes in a sample; of one in user mode, the code that it found, where that is known.
    pub fn sample(&mut self, sample: &Sample, code: Option<Code>) {
        if self.window_start_ns.is_none_or(|start| sample.ns < start) {
            return;
        }
        if sample.ns > self.edge_ns {
            self.later.samples.push((*sample, code));
            return;
        }
        let owner = self.owner(sample.cookie, sample.tid);
        self.stretch.accounts.of(owner).samples.add(sample, code);
    }

    fn add_slice(&mut self, slice: &Slice, from_ns: u64, to_ns: u64) {
        let owner = self.owner(slice.cookie, slice.tid);
        self.stretch.accounts.of(owner).stays.add(slice, from_ns, to_ns);
        let start_ns = slice.start_ns.saturating_sub(slice.waited_ns);
        if slice.start_ns > from_ns && slice.start_ns <= to_ns {
            let throttled = slice.flags & Slice::THROTTLED != 0;
            self.stretch.pauses.consider(Pause {
                start_ns,
                ns: slice.waited_ns,
                cookie: slice.cookie,
                tid: slice.tid,
                cause: if throttled { Cause::Throttled } else { Cause::Waiting },
            });
        }
    }

    /// A long call is a pause, up to `end_ns`.
    fn consider_call(&mut self, call: &Call, end_ns: u64) {
        if call.flags & Call::UNPAIRED == 0 {
            self.stretch.pauses.consider(Pause {
                start_ns: began(call),
                ns: end_ns.saturating_sub(began(call)),
                cookie: call.cookie,
                tid: call.tid,
                cause: Cause::Call(CallKind::of(call)),
            });
        }
    }

    /// Takes in what a thread has waited for locks. Those that live are to be looked at when a
    /// stretch begins and when it ends, and before the rings are drained: what a thread that ends
    /// has sent last must come last.
    pub fn lock_waits(&mut self, waits: &LockWaits) {
        let grown = self.locks.grow(waits);
        if self.window_start_ns.is_some() {
            let owner = self.owner(waits.cookie, waits.tid);
            locks::absorb(&mut self.stretch.accounts.of(owner).locks, &grown);
        }
    }

    /// Takes in what all targets have waited for a lock in one place, at the same moments.
    pub fn lock_waits_at(&mut self, lock: Lock, place: usize, waits: Waits) {
        let grown = self.locks.grow_at(lock, place, waits);
        if self.window_start_ns.is_some() && grown.count > 0 {
            let sums = &mut self.stretch.locks_by_place;
            locks::absorb(sums, &[((lock, place), grown)].into());
        }
    }

    fn owner(&self, cookie: u64, tid: u32) -> Owner {
        Owner { cookie, tid: self.keep.by_thread.then_some(tid) }
    }

    /// Decides that the stretch under way ends at `ns`. Facts may still come in after this.
    pub fn edge(&mut self, ns: u64) {
        self.edge_ns = ns;
    }

    /// Works out how many ran at once up to `ns`, at which moment the threads stood like this. Must
    /// be called now and then: until then every stay is remembered.
    pub fn settle(&mut self, ns: u64, threads: &[Standing]) {
        for standing in threads {
            self.running.add_standing(&standing.slice);
        }
        let concurrency = self.running.settle(ns);
        self.stretch.concurrency.absorb(&concurrency);
    }

    /// For how long targets have been on a CPU since the window opened. The threads are those that
    /// were looked at just now.
    #[must_use]
    pub fn busy_ns(&self, threads: &[Standing]) -> u64 {
        let accounts = self.stretch.accounts.iter().chain([&self.stretch.of_nobody]);
        let ended: u64 = accounts.map(|account| account.stays.on_cpu_ns).sum();
        let under_way = threads.iter().map(|it| {
            it.slice.end_ns().saturating_sub(it.slice.start_ns.max(self.stretch.start_ns))
        });
        self.busy_before_ns + ended + under_way.sum::<u64>()
    }

    /// Ends the stretch under way and begins the next one.
    ///
    /// What was under way at the edge may also have ended before it was looked for, and have come in
    /// as a fact from behind the edge.
    pub fn cut(&mut self, under_way: &UnderWay<'_>) -> Stretch {
        let edge = self.edge_ns;
        let Later { calls, slices, lives, samples, folded_calls, folded_stays } =
            std::mem::take(&mut self.later);
        let mut seen = BTreeSet::new();
        for call in under_way.calls.iter().chain(&calls) {
            // Unknown of the one call of a thread that was under way before tracing began.
            let began = (call.flags & Call::UNPAIRED == 0).then(|| began(call));
            if began.is_some_and(|began| began > edge) || !seen.insert((call.tid, began)) {
                continue;
            }
            let owner = self.owner(call.cookie, call.tid);
            let open = self.stretch.accounts.calls(owner, call);
            match began {
                Some(began) => open.add_open(edge - began, call.on_cpu_ns),
                None => open.add_open_since_before(),
            }
            if under_way.last {
                self.consider_call(call, edge);
            }
        }
        let (from, mut seen) = (self.stretch.start_ns, BTreeSet::new());
        let standing = under_way.threads.iter().map(|standing| &standing.slice);
        for slice in standing.chain(&slices) {
            if slice.begin_ns() <= edge && seen.insert((slice.tid, slice.begin_ns())) {
                self.add_slice(slice, from, edge);
                if under_way.last {
                    let owner = self.owner(slice.cookie, slice.tid);
                    self.stretch.accounts.of(owner).stays.add_other(slice);
                }
            }
        }
        for standing in under_way.threads {
            let Slice { cookie, tid, .. } = standing.slice;
            let grown = self.ticks.grow(tid, Counts::of(standing));
            self.add_counts(cookie, tid, grown);
        }
        slices.iter().for_each(|slice| self.running.add(slice));
        self.settle(edge, under_way.threads);

        let next = Stretch::begin(edge, self.keep);
        let mut stretch = std::mem::replace(&mut self.stretch, next);
        let accounts = stretch.accounts.iter().chain([&stretch.of_nobody]);
        self.busy_before_ns += accounts.map(|account| account.stays.on_cpu_ns).sum::<u64>();
        stretch.end_ns = edge;
        self.edge_ns = u64::MAX;
        lives.iter().for_each(|life| self.life(life));
        calls.iter().for_each(|call| self.call(call));
        samples.iter().for_each(|(sample, code)| self.sample(sample, *code));
        for slice in &slices {
            self.add_slice(slice, edge, u64::MAX);
        }
        folded_calls.iter().for_each(|sums| self.folded_calls(sums));
        folded_stays.iter().for_each(|sums| self.folded_stays(sums));
        stretch
    }
}

/// When a call began.
fn began(call: &Call) -> u64 {
    call.end_ns.saturating_sub(call.wall_ns())
}

#[cfg(test)]
mod tests;
