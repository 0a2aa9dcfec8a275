//! Calls and stays that were not sent, but summed in the kernel.

use std::collections::{BTreeMap, BTreeSet};

use tracer_common::fold::{FoldedCalls, FoldedStays, Part, Times};
use tracer_common::shape::{Cell, What, middle};

use super::{Account, Asleep, CallKind, Model};

/// Whose sums, of which epoch, and of which kind of call; `None` for stays.
type Key = (u64, u64, u32, Option<u64>);

/// What has been taken in already.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Sums that were collected: their threads may send them once more when they end.
    collected: BTreeSet<Key>,
    last_epoch_ns: u64,
    /// What each CPU had summed for all, by kind.
    calls_of_all: BTreeMap<(usize, u64), FoldedCalls>,
    stays_of_all: BTreeMap<usize, FoldedStays>,
}

impl Model {
    /// Takes in all that was folded in the epoch that began at `epoch_ns`, and is over.
    pub fn collected(&mut self, epoch_ns: u64, calls: &[FoldedCalls], stays: &[FoldedStays]) {
        let Seen { collected, last_epoch_ns, .. } = &mut self.folded;
        collected.retain(|key| key.0 >= *last_epoch_ns);
        *last_epoch_ns = epoch_ns;
        calls.iter().for_each(|sums| self.folded_calls(sums));
        stays.iter().for_each(|sums| self.folded_stays(sums));
        self.folded.collected.extend(calls.iter().map(key_of_calls));
        self.folded.collected.extend(stays.iter().map(key_of_stays));
    }

    /// Takes in the folded calls of one kind of a thread that has ended.
    pub fn folded_calls(&mut self, sums: &FoldedCalls) {
        if self.window_start_ns.is_none() || self.folded.collected.contains(&key_of_calls(sums)) {
            return;
        }
        if sums.epoch_ns >= self.edge_ns {
            self.later.folded_calls.push(*sums);
            return;
        }
        let owner = self.owner(sums.cookie, sums.tid);
        let kind = CallKind::folded(What::unpack(sums.what));
        self.stretch.accounts.of(owner).calls.entry(kind).or_default().fold(sums);
    }

    /// Takes in the folded stays of a thread that has ended.
    pub fn folded_stays(&mut self, sums: &FoldedStays) {
        if self.window_start_ns.is_none() || self.folded.collected.contains(&key_of_stays(sums)) {
            return;
        }
        if sums.epoch_ns >= self.edge_ns {
            self.later.folded_stays.push(*sums);
            return;
        }
        let owner = self.owner(sums.cookie, sums.tid);
        self.stretch.accounts.of(owner).stays.fold(sums);
    }

    /// Takes in a part of the shape of a distribution of folded times.
    pub fn folded_shape(&mut self, cell: &Cell) {
        if self.window_start_ns.is_none() {
            return;
        }
        let owner = self.owner(cell.cookie, cell.tid);
        let account = match cell.cookie {
            0 => &mut self.stretch.of_nobody,
            _ => self.stretch.accounts.of(owner),
        };
        add_shape(account, What::unpack(cell.what), cell.count);
    }

    /// Takes in what a CPU has summed for all since the start: it is known of no process.
    pub fn folded_of_all(&mut self, cpu: usize, calls: &[FoldedCalls], stays: &FoldedStays) {
        let Self { folded: Seen { calls_of_all, stays_of_all, .. }, stretch, .. } = self;
        let account = &mut stretch.of_nobody;
        for sums in calls {
            let before = calls_of_all.insert((cpu, sums.what), *sums).unwrap_or_default();
            let kind = CallKind::folded(What::unpack(sums.what));
            account.calls.entry(kind).or_default().fold(&calls_since(sums, &before));
        }
        let before = stays_of_all.insert(cpu, *stays).unwrap_or_default();
        account.stays.fold(&stays_since(stays, &before));
    }
}

fn key_of_calls(sums: &FoldedCalls) -> Key {
    (sums.epoch_ns, sums.cookie, sums.tid, Some(sums.what))
}

fn key_of_stays(sums: &FoldedStays) -> Key {
    (sums.epoch_ns, sums.cookie, sums.tid, None)
}

fn add_shape(account: &mut Account, what: What, count: u32) {
    let ns = middle(what.bucket);
    let stays = &mut account.stays;
    match what.metric {
        What::STAY => stays.stays.shape(ns, count),
        What::WAIT => stays.waits.shape(ns, count),
        What::SLEEP => {
            let reason = Asleep::folded(what.nr, what.state.into());
            stays.sleeps.shape(ns, count);
            stays.sleeps_in.entry(reason).or_default().shape(ns, count);
        }
        metric => {
            let calls = account.calls.entry(CallKind::folded(what)).or_default();
            match metric {
                What::CALL => calls.shape(ns, count),
                What::WALL => calls.shape_wall(ns, count),
                What::ON_CPU => calls.shape_on_cpu(ns, count),
                What::RUNNABLE => calls.runnable.shape(ns, count),
                What::BLOCKED => calls.blocked.shape(ns, count),
                _ => log::debug!("a cell of the unknown metric {metric}"),
            }
        }
    }
}

/// What sums have grown by. Maxima cannot shrink: the last one is that of all.
fn calls_since(now: &FoldedCalls, before: &FoldedCalls) -> FoldedCalls {
    let since = |now: Part, before: Part| Part { ns: now.ns - before.ns, ..now };
    FoldedCalls {
        count: now.count - before.count,
        errors: now.errors - before.errors,
        amount: now.amount - before.amount,
        on_cpu: since(now.on_cpu, before.on_cpu),
        runnable: since(now.runnable, before.runnable),
        blocked: since(now.blocked, before.blocked),
        ..*now
    }
}

fn stays_since(now: &FoldedStays, before: &FoldedStays) -> FoldedStays {
    let since = |now: Times, before: Times| Times {
        count: now.count - before.count,
        part: Part { ns: now.part.ns - before.part.ns, ..now.part },
    };
    let mut grown = FoldedStays {
        count: now.count.wrapping_sub(before.count),
        stays: since(now.stays, before.stays),
        last_ns: now.last_ns - before.last_ns,
        waits: since(now.waits, before.waits),
        throttled_ns: now.throttled_ns - before.throttled_ns,
        voluntary: now.voluntary - before.voluntary,
        migrations: now.migrations - before.migrations,
        other_calls: now.other_calls - before.other_calls,
        other_ns: now.other_ns - before.other_ns,
        ..*now
    };
    for (grown, before) in grown.sleeps.iter_mut().zip(&before.sleeps) {
        grown.times = since(grown.times, before.times);
    }
    grown
}

#[cfg(test)]
mod tests {
    use tracer_common::{record::Call, shape::bucket};

    use super::*;
    use crate::model::{Keep, Owner, UnderWay};

    const OWNER: Owner = Owner { cookie: 7, tid: None };

    fn model() -> Model {
        let mut model = Model::new(Keep { by_thread: false, pauses_over_ns: u64::MAX });
        model.open(1_000);
        model
    }

    fn sums(epoch_ns: u64, count: u64) -> FoldedCalls {
        let on_cpu = Part { ns: 100 * count, max_ns: 150 };
        let what = What::of_call(&Call { nr: 9, ..Call::default() });
        let wall_max_ns = 150;
        FoldedCalls {
            cookie: 7,
            tid: 8,
            epoch_ns,
            what,
            count,
            on_cpu,
            wall_max_ns,
            ..FoldedCalls::default()
        }
    }

    fn calls(model: &mut Model, edge_ns: u64) -> u64 {
        model.edge(edge_ns);
        let stretch = model.cut(&UnderWay { calls: &[], threads: &[], last: false });
        let account = stretch.accounts.get(OWNER);
        account.map_or(0, |account| account.calls.values().map(|calls| calls.wall.count()).sum())
    }

    #[test]
    fn what_is_collected_and_sent_once_more_counts_once() {
        let mut model = model();
        model.collected(1_000, &[sums(1_000, 5)], &[]);
        model.folded_calls(&sums(1_000, 5));
        model.folded_calls(&sums(1_501, 3));
        assert_eq!(calls(&mut model, 2_000), 8);
        model.collected(1_501, &[], &[]);
        model.folded_calls(&sums(1_000, 5));
        assert_eq!(calls(&mut model, 3_000), 0, "it may come late");
    }

    #[test]
    fn sums_of_an_epoch_behind_the_edge_count_in_the_next_stretch() {
        let mut model = model();
        model.edge(2_000);
        model.folded_calls(&sums(2_000, 4));
        assert_eq!(calls(&mut model, 2_000), 0);
        assert_eq!(calls(&mut model, 3_001), 4);
    }

    #[test]
    fn percentiles_come_from_the_cells_and_are_unknown_while_some_are_missing() {
        let mut model = model();
        model.collected(1_000, &[sums(1_000, 5)], &[]);
        let what = What::timed(sums(0, 0).what, What::CALL, 100);
        model.folded_shape(&Cell { cookie: 7, what, tid: 0, count: 4 });
        let median = |model: &mut Model| {
            let account = model.stretch.accounts.of(OWNER);
            account.calls.values().next().and_then(|calls| calls.wall.quantile(0.5))
        };
        assert_eq!(median(&mut model), None);
        model.folded_shape(&Cell { cookie: 7, what, tid: 0, count: 1 });
        assert_eq!(median(&mut model), Some(middle(bucket(100))));
    }

    #[test]
    fn what_belongs_to_nobody_counts_by_what_it_grew() {
        let mut model = model();
        let stays = FoldedStays { count: 2, voluntary: 1, ..FoldedStays::default() };
        model.folded_of_all(0, &[sums(0, 5)], &stays);
        model.folded_of_all(0, &[sums(0, 7)], &stays);
        model.folded_of_all(1, &[sums(0, 1)], &FoldedStays::default());
        let nobody = &model.stretch.of_nobody;
        assert_eq!(nobody.calls.values().map(|calls| calls.wall.count()).sum::<u64>(), 8);
        assert_eq!((nobody.stays.folded, nobody.stays.voluntary), (2, 1));
    }
}
