//! What one process did, in the form in which processes are compared.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

use super::{Kind, roles::Process};
use crate::{
    recording::decode,
    report::{Budget, Figures, Group, Samples},
};

/// Samples outside of calls from which on a share is worth something.
const ENOUGH: u64 = 30;

/// How time on a CPU outside of system calls is split, the same way on both sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Split {
    /// By samples: user mode, page faults, interrupts, other.
    Classes([f64; 4]),
    /// User mode and the kernel.
    UserAndKernel,
    /// Not at all.
    Nothing,
}

/// A process of a role, which did its part of the work.
#[derive(Clone, Debug, Default)]
pub(super) struct Worker {
    /// All of its thread time.
    pub(super) thread_ns: f64,
    /// The same by line of the budget.
    pub(super) lines: BTreeMap<String, f64>,
    /// What it did many times, by kind and name.
    pub(super) series: BTreeMap<(Kind, String), Series>,
    /// Units of work that it did.
    pub(super) units: f64,
}

/// Calls, stays, waits or sleeps.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    pub(super) count: u64,
    pub(super) total_ns: u64,
    pub(super) max_ns: u64,
    /// How many there are of each length.
    pub(super) shape: BTreeMap<u64, u64>,
}

impl Series {
    fn of(figures: &Figures) -> Result<Self> {
        let hdr = figures.hdr.as_deref().context("the recording lacks its distributions")?;
        let max_ns = figures.max.unwrap_or(0);
        let mut series = Self { total_ns: figures.total, max_ns, ..Self::default() };
        for step in decode(hdr)?.iter_recorded() {
            let count = step.count_since_last_iteration();
            let ns = step.value_iterated_to().min(max_ns);
            *series.shape.entry(ns).or_default() += count;
            series.count = series.count.saturating_add(count);
        }
        Ok(series)
    }

    fn absorb(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.total_ns = self.total_ns.saturating_add(other.total_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
        for (ns, count) in other.shape {
            let sum = self.shape.entry(ns).or_default();
            *sum = sum.saturating_add(count);
        }
    }
}

/// How the time of these processes can be split, of both sides.
pub(super) fn split(sides: [&[Process<'_>]; 2]) -> [Split; 2] {
    let classes = sides.map(|side| {
        let sums = side.iter().flat_map(|process| &process.groups).try_fold(
            [0u64; 4],
            |sums, group| {
                let outside = outside(group.samples.as_ref()?)?;
                Some(std::array::from_fn(|n| sums[n].saturating_add(outside[n])))
            },
        )?;
        shares(sums).map(Split::Classes)
    });
    if let [Some(base), Some(new)] = classes {
        return [base, new];
    }
    let mut budgets = sides.iter().flat_map(|side| side.iter()).flat_map(|process| &process.groups);
    let known = budgets.all(|group| group.budget.user_ns.is_some());
    [if known { Split::UserAndKernel } else { Split::Nothing }; 2]
}

/// Samples outside of calls: in user mode, page faults, interrupts, and elsewhere in the kernel.
fn outside(samples: &Samples) -> Option<[u64; 4]> {
    let crossing = samples.syscalls.get("entry and exit").copied().unwrap_or(0);
    let other = samples.other.saturating_add(crossing);
    Some([samples.user, samples.page_fault?, samples.interrupt?, other])
}

/// Their shares, if there are enough of them.
#[expect(clippy::cast_precision_loss, reason = "shares to a few digits")]
fn shares(counts: [u64; 4]) -> Option<[f64; 4]> {
    let sum = counts.iter().copied().fold(0, u64::saturating_add);
    (sum >= ENOUGH).then(|| counts.map(|count| count as f64 / sum as f64))
}

/// Measures a process, the units of its work aside.
///
/// # Errors
/// If one of its distributions is damaged.
pub(super) fn worker(process: &Process<'_>, split: Split) -> Result<Worker> {
    let mut worker = Worker::default();
    for group in &process.groups {
        worker.take(group, split)?;
    }
    Ok(worker)
}

impl Worker {
    #[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days")]
    fn take(&mut self, group: &Group, split: Split) -> Result<()> {
        self.thread_ns += group.thread_ns as f64;
        let Budget { kernel_ns, blocked_ns, runnable_ns, throttled_ns, .. } = &group.budget;
        let mut add = |name: String, ns: f64| *self.lines.entry(name).or_default() += ns;
        for (name, ns) in kernel_ns {
            add(
                if name == "other" { "calls without a row".to_owned() } else { name.clone() },
                *ns as f64,
            );
        }
        for (reason, ns) in blocked_ns {
            add(format!("asleep in {reason}"), *ns as f64);
        }
        // A kernel that does not mark waits for a quota has them here too.
        add("runnable".to_owned(), (*runnable_ns as f64) + throttled_ns.unwrap_or(0) as f64);
        for (name, ns) in outside_calls(group, split) {
            add(name.to_owned(), ns);
        }
        let sum: f64 = self.lines.values().sum();
        // What is left is as good as exact: the parts are to make the whole.
        *self.lines.entry("unaccounted".to_owned()).or_default() += self.thread_ns - sum;

        for row in &group.syscalls {
            if row.calls > 0 {
                self.put(Kind::Syscall, row.name.clone(), Series::of(&row.wall_ns)?);
            }
        }
        for (name, figures) in [
            ("stays on a CPU", &group.sched.on_cpu_ns),
            ("waits for a CPU", &group.sched.run_queue_ns),
            ("sleeps", &group.sched.off_cpu_ns),
        ] {
            self.put(Kind::Scheduler, name.to_owned(), Series::of(figures)?);
        }
        for sleep in &group.sched.off_cpu {
            let series = Series::of(&sleep.ns)?;
            self.put(Kind::Scheduler, format!("sleeps in {}", sleep.reason), series);
        }
        Ok(())
    }

    fn put(&mut self, kind: Kind, name: String, series: Series) {
        self.series.entry((kind, name)).or_default().absorb(series);
    }

    /// Calls of a name; `brk` stands for its three kinds.
    pub(super) fn calls(&self, name: &str) -> u64 {
        let is_named = |row: &str| row == name || name == "brk" && row.starts_with("brk ");
        let calls =
            self.series.iter().filter(|((kind, row), _)| *kind == Kind::Syscall && is_named(row));
        calls.map(|(_, series)| series.count).fold(0, u64::saturating_add)
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days")]
fn outside_calls(group: &Group, split: Split) -> Vec<(&'static str, f64)> {
    let budget = &group.budget;
    let all = budget.outside_calls_ns as f64;
    match split {
        Split::Classes(roles) => {
            let own = group.samples.as_ref().and_then(outside).and_then(shares).unwrap_or(roles);
            ["user", "page faults", "interrupts", "other kernel"]
                .into_iter()
                .zip(own)
                .map(|(name, share)| (name, share * all))
                .collect()
        }
        Split::UserAndKernel => {
            let user = budget.user_ns.unwrap_or(0) as f64;
            vec![("user", user), ("faults and interrupts", all - user)]
        }
        Split::Nothing => vec![("on a CPU outside of calls", all)],
    }
}
