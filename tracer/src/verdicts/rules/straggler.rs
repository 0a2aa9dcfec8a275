//! One of several equal workers has far more to do than the others.

use std::collections::BTreeMap;

use crate::units::Time;
use crate::verdicts::{
    Finding, Rule, Strength, Verdict,
    facts::{Account, Facts},
    words::{number, percent, share},
};

pub(in crate::verdicts) const RULE: Rule = Rule {
    name: "straggler",
    summary: "one of several equal workers has far more to do than the others",
    page: include_str!("../../../../docs/verdicts/straggler.md"),
    explains: &[],
    judge,
};

/// Among fewer nobody is the odd one.
const WORKERS: usize = 4;
/// Who has less to do than this share of the window is no worker.
const WORK: f64 = 0.05;
/// So many times as much as the middle one.
const TIMES: f64 = 1.5;
/// So much of the window, or nobody has to wait for it.
const LONGER: f64 = 0.2;

fn judge(facts: &Facts<'_>) -> Finding {
    let mut crews: BTreeMap<_, Vec<&Account<'_>>> = BTreeMap::new();
    for it in &facts.processes {
        crews.entry((it.group.ppid, it.group.comm.as_deref())).or_default().push(it);
    }
    let odd = crews.values().filter_map(|crew| odd_one(crew, facts.report.window_ns));
    let Some(Odd { worker, middle, alike, of }) = odd.max_by_key(|odd| odd.worker.demand_ns())
    else {
        return Finding::Nothing;
    };
    let (mine, window) = (worker.demand_ns(), facts.report.window_ns);
    let shares = facts.report.concurrency.running_processes_share.as_deref();
    let alone = shares.map(|shares| shares.get(1).copied().unwrap_or(0.0));
    let pid = worker.group.pid.unwrap_or(0);
    Finding::Verdict(Verdict {
        name: RULE.name.into(),
        strength: if share(mine, middle) >= 2.0 { Strength::Strong } else { Strength::Clear },
        what: format!(
            "one of {of} equal workers (pid {pid}) has {} times as much to do as the middle one, and \
             whoever needs all of them waits for it",
            number(share(mine, middle))
        ),
        evidence: [
            format!("pid {pid} ran or wanted to for {}, the middle one for {}", Time(mine), Time(middle)),
            format!("the other {} are within {} of the middle", of - 1, percent(alike)),
            match alone {
                Some(alone) => format!(
                    "one process alone was on a CPU for {} of the window",
                    percent(alone)
                ),
                None => "how many ran at once is unknown".to_owned(),
            },
        ],
        remedy: "divide the work into more and smaller pieces, and hand them out as workers become free \
                 (chunksize=1 of multiprocessing.Pool.imap_unordered, schedule(dynamic) of OpenMP), the \
                 large ones first"
            .to_owned(),
        against: "workers that are not equal by design, or one that only waited longer: what counts \
                  here is time on a CPU and wanting one"
            .to_owned(),
        weight: share(mine - middle, window),
    })
}

/// The odd one of a crew.
struct Odd<'a, 'f> {
    worker: &'a Account<'f>,
    /// What the middle one has to do.
    middle: u64,
    /// How far the others are from that, at most.
    alike: f64,
    /// How many there are.
    of: usize,
}

fn odd_one<'a, 'f>(crew: &[&'a Account<'f>], window_ns: u64) -> Option<Odd<'a, 'f>> {
    if crew.len() < WORKERS {
        return None;
    }
    let mut by_demand = crew.to_vec();
    by_demand.sort_by_key(|it| it.demand_ns());
    let worker = by_demand.pop()?;
    let middle = by_demand[by_demand.len() / 2].demand_ns();
    let far = |it: &Account<'_>| share(it.demand_ns().abs_diff(middle), middle);
    let alike = by_demand.iter().map(|it| far(it)).fold(0.0, f64::max);
    let excess = worker.demand_ns() - middle;
    // A worker that has lost its CPU just before it sleeps wants one for as long as others run.
    let on_cpu = by_demand[by_demand.len() / 2].on_cpu_ns();
    let is_odd = share(worker.demand_ns(), middle) >= TIMES
        && share(worker.on_cpu_ns(), on_cpu) >= TIMES
        && share(excess, window_ns) >= LONGER
        && far(worker) >= 3.0 * alike
        && share(middle, window_ns) >= WORK;
    is_odd.then_some(Odd { worker, middle, alike, of: crew.len() })
}
