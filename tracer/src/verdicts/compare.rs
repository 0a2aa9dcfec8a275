//! What two reports show together that neither shows alone.

use super::{
    Finding, Strength, Verdict,
    facts::{Account, Facts},
    rules,
    words::{number, percent, share},
};
use crate::{report::Report, units::Time, verdicts::Blind};

/// The only verdict that takes two reports.
pub const MEMORY_BANDWIDTH: &str = rules::memory_bandwidth::RULE.name;

/// How much was done in two runs, in a unit that both count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work<'a> {
    /// What is counted, in the singular: `iteration`, or the name of a system call.
    pub unit: &'a str,
    /// How many in the first run.
    pub base: u64,
    /// How many in the second.
    pub new: u64,
}

/// User time for each unit has grown so much, or it has not grown.
const GROWN: f64 = 1.2;
/// So much it does not grow by other clocks alone, nor by other programs on a shared host.
const BEYOND_NOISE: f64 = 1.5;
/// What has grown less than this has not grown.
const SAME: f64 = 1.15;
/// Fewer units are no measure.
const UNITS: u64 = 10;

/// Who is on a CPU for less of the time than this, beside the busiest process, does none of the work.
const WORKS: f64 = 0.1;

/// Whether the work takes longer in user mode in `new` than in `base`, and nothing else does:
/// `memory-bandwidth`. Without `work` that cannot be told.
///
/// There are no hardware counters behind it, so it is never more than weak, and "cannot tell" where
/// not even more CPUs were used at once, which is what takes bandwidth and cache from each other.
#[must_use]
pub fn compare(base: &Report, new: &Report, work: Option<Work<'_>>) -> Finding {
    let Some(work) = work else {
        return Finding::CannotTell(
            "whether the same work takes longer needs a unit of work: name one with --per"
                .to_owned(),
        );
    };
    if work.base < UNITS || work.new < UNITS {
        return Finding::CannotTell(format!(
            "{} and {} are too few of {} to compare: trace for longer",
            work.base, work.new, work.unit
        ));
    }
    let blind = Blind::default();
    let (base, new) = (Facts::new(base, &blind), Facts::new(new, &blind));
    let (Some(base_user), Some(new_user)) = (base.all.budget.user_ns, new.all.budget.user_ns)
    else {
        return Finding::CannotTell(
            "user time is unknown in one of the two: trace for longer".to_owned(),
        );
    };
    let of_unit = |ns: u64, units: u64| ns / units.max(1);
    let (before, after) = (of_unit(base_user, work.base), of_unit(new_user, work.new));
    let growth = share(after, before);
    if before == 0 || growth < GROWN {
        return Finding::Nothing;
    }
    let grown = (after - before).max(1);
    let others = [
        (
            "kernel time",
            of_unit(kernel_ns(&base.all), work.base),
            of_unit(kernel_ns(&new.all), work.new),
        ),
        ("sleep", of_unit(asleep_ns(&base), work.base), of_unit(asleep_ns(&new), work.new)),
    ];
    // What waits for a CPU does so because others run, and says nothing of the work.
    let also = others.iter().find(|(_, base, new)| {
        share(*new, *base) > SAME && share(new.saturating_sub(*base), grown) > 0.25
    });
    if also.is_some() {
        return Finding::Nothing;
    }
    let calls = |facts: &Facts<'_>, units: u64| {
        let rows = &facts.report.total.syscalls;
        share(rows.iter().map(|row| row.calls).sum(), units)
    };
    let busy = [&base, &new].map(|facts| facts.report.concurrency.busy_cpus);
    let figures = format!(
        "user time for each {} grew from {} to {}, and nothing else did",
        work.unit,
        Time(before),
        Time(after)
    );
    if busy[1] < 1.25 * busy[0] {
        return Finding::CannotTell(format!(
            "{figures}; as no more CPUs were used, it may be other data, a lower clock or another \
             machine as well as memory or caches: hardware counters would tell, and are not read"
        ));
    }
    if growth < BEYOND_NOISE {
        return Finding::CannotTell(format!(
            "{figures}; lower clocks, the other thread of a core, or other programs on the host do as \
             much: hardware counters would tell, and are not read"
        ));
    }
    Finding::Verdict(Verdict {
        name: rules::memory_bandwidth::RULE.name.into(),
        strength: Strength::Weak,
        what: format!(
            "the same work takes {} times as long in user mode when more of it runs at once: the \
             processes take memory bandwidth, or cache, from each other",
            number(growth)
        ),
        evidence: [
            figures,
            format!("{} CPUs were used, and {} before", number(busy[1]), number(busy[0])),
            format!(
                "system calls for each {}: {}, and {} before; kernel time {} of the growth",
                work.unit,
                number(calls(&new, work.new)),
                number(calls(&base, work.base)),
                percent(share(others[0].2.saturating_sub(others[0].1), grown))
            ),
        ],
        remedy: "have workers that write into one shared array write to rows of their own, not to columns \
                 side by side; work on pieces that fit into the cache (chunks of an array, one operation after the \
                 other on each), use smaller types (float32), fuse operations (numexpr, numba), or run \
                 fewer workers than there are cores, spread over the memory nodes (numactl)"
            .to_owned(),
        against: "hardware counters that show no more cache misses; a lower clock when all cores are \
                  busy, or two workers on the threads of one core, look the same from here"
            .to_owned(),
        weight: 1.0 - 1.0 / growth,
    })
}

/// Sleep of those who do the work. Whoever started them and waits for their end sleeps through it all,
/// which the fewer units there are for each second the more it is for a unit.
fn asleep_ns(facts: &Facts<'_>) -> u64 {
    let most = facts.processes.iter().map(Account::on_cpu_ns).max().unwrap_or(0);
    facts.those(|it| share(it.on_cpu_ns(), most) >= WORKS).sum(Account::blocked_ns)
}

/// Time on a CPU in the kernel, as far as it is known.
fn kernel_ns(it: &Account<'_>) -> u64 {
    it.in_calls_ns() + it.budget.faults_ns.unwrap_or(0) + it.budget.other_kernel_ns.unwrap_or(0)
}
