//! Processes take longer to start than they work.

use crate::report::{End, Group};
use crate::units::Time;
use crate::verdicts::{
    Finding, Rule, Strength, Verdict,
    facts::{Account, Facts, times},
    words::{bytes, number, per, percent, share},
};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "start-up-cost",
    summary: "processes take longer to start than they work",
    page: include_str!("../../../../docs/verdicts/start-up-cost.md"),
    explains: &[],
    judge,
};

/// Fewer are no habit.
const BORN: usize = 2;
/// Who was on a CPU for longer has other costs.
const SHORT_NS: u64 = 5_000_000_000;
/// Whose time on CPUs is no longer than this may have spent most of it on being born and dying.
const BRIEF_NS: u64 = 100_000_000;
/// So much of all time on CPUs is theirs.
const PART: f64 = 0.3;
/// So much of their time on CPUs goes into the start.
const START: f64 = 0.5;
/// So much of all time on CPUs is that of processes which mostly start, without the one that starts for
/// longest: a program that imports for a second, and then has workers, starts once.
const AGAIN: f64 = 0.1;

/// How long a start is, in quarters of the time to its average mapping: mappings are a little denser in
/// its first half. (NumPy's import takes 2.26 times that, SciPy's 2.5 times.)
const QUARTERS_OF_MEAN: u64 = 9;

fn judge(facts: &Facts<'_>) -> Finding {
    let Some(births) = &facts.report.total.births else { return Finding::Nothing };
    let short = facts.processes.iter().filter_map(Short::of);
    let short: Vec<_> = short.filter(|it| is_target(facts, it.group.ppid)).collect();
    if short.len() < BORN {
        return Finding::Nothing;
    }
    let n = short.len() as u64;
    let sum = |figure: &dyn Fn(&Short<'_>) -> u64| short.iter().map(figure).sum::<u64>();
    let on_cpu = sum(&|it| it.account.on_cpu_ns());
    let starting = sum(&|it| it.starting_ns(facts));
    let (part, start) = (share(on_cpu, facts.all.on_cpu_ns()), share(starting, on_cpu));
    if part < PART || start < START {
        return Finding::Nothing;
    }
    if share(again_ns(&short, facts), facts.all.on_cpu_ns()) < AGAIN {
        return Finding::Nothing;
    }
    let each = |ns: u64| Time(ns / n);
    let faults = sum(&|it| it.account.sched.faults.minor);
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: if start >= 0.75 && part >= 0.5 { Strength::Strong } else { Strength::Clear },
        what: format!(
            "processes take longer to start than they work: {n} were born, and {} of their time on \
             CPUs went into the start",
            percent(start)
        ),
        evidence: [
            format!(
                "{} born, {} at a time on a CPU, {} of the time of all",
                births.processes,
                each(on_cpu),
                percent(part)
            ),
            format!(
                "each lived {} and was starting for {} of CPU time, which leaves {} for its work",
                each(sum(&|it| it.life_ns)),
                each(starting),
                each(on_cpu - starting)
            ),
            format!(
                "each mapped {} in {} calls and made {} page faults",
                bytes(per(sum(&|it| it.account.bytes("mmap")), 1.0) / per(n, 1.0)),
                number(share(sum(&|it| it.account.calls("mmap")), n)),
                number(share(faults, n))
            ),
        ],
        remedy: "start workers once and give them many tasks (one Pool for the whole program), give each \
                 task more to do, fork in place of spawning where that is safe \
                 (multiprocessing.get_context(\"fork\"), or \"forkserver\" with set_forkserver_preload), \
                 import less in what a worker runs; or do the work in one process"
            .to_owned(),
        against: "processes that go on working long after their last mapping, or that read their data \
                  while they start: then that is the work"
            .to_owned(),
        weight: part * start,
    })
}

/// Time on CPUs of those that mostly start, but for the one that starts for longest.
fn again_ns(short: &[Short<'_>], facts: &Facts<'_>) -> u64 {
    let starts = short.iter().map(|it| (it.starting_ns(facts), it.account.on_cpu_ns()));
    let mut mostly: Vec<_> =
        starts.filter(|(starting, on_cpu)| share(*starting, *on_cpu) >= START).collect();
    mostly.sort_unstable();
    mostly.pop();
    mostly.iter().map(|(_, on_cpu)| on_cpu).sum()
}

fn is_target(facts: &Facts<'_>, pid: Option<u32>) -> bool {
    pid.is_some() && facts.processes.iter().any(|it| it.group.pid == pid)
}

/// A process that was born in the window and ended in it, before it had done much.
struct Short<'a> {
    account: &'a Account<'a>,
    group: &'a Group,
    born_ns: u64,
    life_ns: u64,
}

impl<'a> Short<'a> {
    fn of(account: &'a Account<'a>) -> Option<Self> {
        let group = account.group;
        let born_ns = group.born_ns?;
        let life_ns = group.exited_ns?.saturating_sub(born_ns);
        let ended = group.end.is_some_and(|end| end != End::Exec);
        (ended && account.on_cpu_ns() <= SHORT_NS).then_some(Self {
            account,
            group,
            born_ns,
            life_ns,
        })
    }

    /// How long it mapped, from its birth on. One that maps once more at its end, as Python does for its
    /// small objects, has not been starting all along: by when most was mapped counts.
    fn mapping_ns(&self, last_ns: u64, mean_at_ns: Option<u64>) -> u64 {
        let last = last_ns.saturating_sub(self.born_ns);
        mean_at_ns.map_or(last, |at| {
            last.min(at.saturating_sub(self.born_ns).saturating_mul(QUARTERS_OF_MEAN) / 4)
        })
    }

    /// Time on a CPU that went into its start: as long as it mapped, for loading is mapping; and if it
    /// worked for a moment only, the kernel's part, which is what birth and death cost. A program that
    /// takes again what it gave back is past its start.
    fn starting_ns(&self, facts: &Facts<'_>) -> u64 {
        let it = self.account;
        let on_cpu = it.on_cpu_ns();
        if ["mmap", "brk grow"].iter().any(|name| it.again_share(name) >= 0.5) {
            return 0;
        }
        let loading = it.ended_ns("mmap").map_or(0, |(last, mean)| self.mapping_ns(last, mean));
        let loading = share(loading, self.life_ns);
        let kernel = match on_cpu {
            ..=BRIEF_NS => it.in_calls_ns() + facts.faults_ns(it).unwrap_or(0),
            _ => 0,
        };
        times(on_cpu, loading).max(kernel.min(on_cpu))
    }
}
