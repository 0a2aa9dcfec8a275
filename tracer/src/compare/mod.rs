//! Two recordings side by side: how much longer a unit of work takes, and where that time goes.
//! Pure: no I/O, no clock.
//!
//! Time is summed over the threads of the workers, which are the processes of the roles that do the
//! work. It is tiled by the lines of the budget, so the changes of these lines, each per unit, sum
//! to the change of the whole.

mod allowance;
mod bootstrap;
mod causes;
mod comparison;
mod differences;
mod measure;
mod quantiles;
mod roles;
mod rows;
mod unit;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};

pub use causes::Causes;
pub use comparison::{Comparison, Figures, Kind, Part, Ratio, Ratios, Row, SCHEMA, Side};
pub use differences::Difference;
pub use unit::{Origin, Per};

use self::{
    allowance::Allowance,
    bootstrap::{Contrast, Draws, Estimate},
    measure::Worker,
    roles::{Process, Role},
    rows::Draft,
    unit::Unit,
};
use crate::recording::Recording;

/// Roles that did less of the units than this on either side are not the workers.
const LEAST_SHARE: f64 = 0.05;

/// The processes of one role on one side, measured.
struct Crew {
    workers: Vec<Worker>,
    draws: Draws,
}

impl Crew {
    fn sums(&self, of: impl Fn(&Worker) -> f64) -> Vec<f64> {
        self.draws.sums(&self.workers.iter().map(of).collect::<Vec<_>>())
    }
}

/// One side, measured.
struct Measured<'a> {
    file: &'a str,
    recording: &'a Recording,
    crews: BTreeMap<Role, Crew>,
    /// Units of all workers, for each draw.
    units: Vec<f64>,
}

/// Compares two recordings, each with the name of its file.
///
/// # Errors
/// If they have no role in common, a unit is asked for that a side has not, or a distribution is
/// damaged.
pub fn compare(
    base: (&str, &Recording),
    new: (&str, &Recording),
    per: Option<&Per>,
) -> Result<Comparison> {
    let named = [base, new];
    let mut roles = named.map(|(_, recording)| roles::roles(recording));
    let mut notes = Vec::new();
    let common: Vec<Role> =
        roles[0].keys().filter(|role| roles[1].contains_key(role)).cloned().collect();
    for ((file, _), roles) in named.iter().zip(&mut roles) {
        for (role, processes) in roles.extract_if(.., |role, _| !common.contains(role)) {
            notes.push(format!(
                "only `{file}` has `{role}`, {} of it: left out",
                counted(processes.len(), "process", "processes")
            ));
        }
    }
    ensure!(
        !common.is_empty(),
        "`{}` and `{}` have no process of the same name and arguments in common, so there is \
         nothing to compare",
        base.0,
        new.0
    );
    let (unit, mut sides, busiest) = measured(named, &roles, &common, per)?;
    let workers = chosen(if unit.is_mere_time() { &busiest } else { &common }, &mut sides);
    for (side, (file, _)) in sides.iter().zip(named) {
        ensure!(
            side.units.first().is_some_and(|&units| units > 0.0),
            "the processes that `{file}` has in common with the other side did no unit of work \
             ({}): name another one with --per",
            unit.name
        );
    }
    notes.extend(sides.iter().filter(|side| !side.recording.complete).map(|side| {
        format!("`{}` was cut short: it is what had been recorded by then", side.file)
    }));
    let drafts = rows::drafts(&common, &sides);
    let (whole, parts) = parts(&workers, &sides);
    Ok(settled(&unit, [&sides[0], &sides[1]], &workers, &whole, parts, drafts, notes))
}

/// The unit they are to be compared by, both sides, and the role that ran most.
fn measured<'a>(
    named: [(&'a str, &'a Recording); 2],
    roles: &[BTreeMap<Role, Vec<Process<'_>>>; 2],
    common: &[Role],
    per: Option<&Per>,
) -> Result<(Unit, [Measured<'a>; 2], Vec<Role>)> {
    let mut crews = [BTreeMap::new(), BTreeMap::new()];
    for (number, role) in (0..).step_by(2).zip(common) {
        let split = measure::split([&roles[0][role], &roles[1][role]]);
        for side in 0..2 {
            let workers =
                roles[side][role].iter().map(|process| measure::worker(process, split[side]));
            let workers = workers.collect::<Result<Vec<_>>>()?;
            let draws = Draws::of(workers.len(), number + side as u64);
            crews[side].insert(role.clone(), Crew { workers, draws });
        }
    }
    let ran = |role: &Role| {
        let lines = crews[1][role].workers.iter().flat_map(|worker| &worker.lines);
        let on_cpu = lines.filter(|(name, _)| *name != "runnable" && !name.starts_with("asleep"));
        on_cpu.map(|(_, ns)| ns).sum::<f64>()
    };
    let busiest = common.iter().max_by(|a, b| ran(a).total_cmp(&ran(b)));
    let side = |n: usize| unit::Side {
        name: named[n].0,
        workers: common
            .iter()
            .flat_map(|role| {
                let reported = roles[n][role].iter().map(|process| process.target?.iterations);
                crews[n][role].workers.iter().zip(reported)
            })
            .collect(),
        busiest: busiest.map_or(&[], |role| &crews[n][role].workers),
    };
    let unit = unit::choose(per, &[side(0), side(1)])?;
    for (side, roles) in crews.iter_mut().zip(roles) {
        for (role, crew) in side {
            for (worker, process) in crew.workers.iter_mut().zip(&roles[role]) {
                let iterations = process.target.and_then(|target| target.iterations);
                worker.units = unit.done_by(worker, iterations);
            }
        }
    }
    let [base, new] = crews;
    let side = |(file, recording), crews| Measured { file, recording, crews, units: Vec::new() };
    Ok((unit, [side(named[0], base), side(named[1], new)], busiest.into_iter().cloned().collect()))
}

/// The roles that do the work. Counts their units.
fn chosen(candidates: &[Role], sides: &mut [Measured<'_>; 2]) -> Vec<Role> {
    let share = |side: &Measured<'_>, role: &Role| {
        let units = |crew: &Crew| crew.workers.iter().map(|worker| worker.units).sum::<f64>();
        units(&side.crews[role]) / side.crews.values().map(units).sum::<f64>()
    };
    let workers: Vec<Role> = candidates
        .iter()
        .filter(|role| sides.iter().all(|side| share(side, role) >= LEAST_SHARE))
        .cloned()
        .collect();
    for side in sides {
        side.units = sum(&workers, side, |worker| worker.units);
    }
    workers
}

/// Sums over the workers of some roles, for each draw.
fn sum(roles: &[Role], side: &Measured<'_>, of: impl Fn(&Worker) -> f64) -> Vec<f64> {
    let mut sums = vec![0.0; bootstrap::DRAWS + 1];
    for role in roles {
        let of_role = side.crews[role].sums(&of);
        // Without a worker there is one draw, of nothing.
        sums.iter_mut().zip(&of_role).for_each(|(sum, x)| *sum += x);
    }
    sums
}

/// What a reader has to know of sides with one worker.
fn of_lone_workers(sides: &[Side; 2]) -> Vec<String> {
    let workers = sides.each_ref().map(|side| usize::try_from(side.workers).unwrap_or(usize::MAX));
    let is_told = bootstrap::can_tell(workers[0], workers[1]);
    let lone = sides.iter().filter(|side| side.workers < 2);
    let note = |side: &Side| match is_told {
        true => format!(
            "`{}` has one worker: how far it may be from the usual is taken from how much those of the \
             other side differ",
            side.file
        ),
        false => format!(
            "`{}` has one worker, so nothing tells how much workers differ: no interval can be given",
            side.file
        ),
    };
    lone.map(note).collect()
}

/// The change of the whole, and of each line of the budget.
fn parts(workers: &[Role], sides: &[Measured<'_>; 2]) -> (Contrast, Vec<(String, Contrast)>) {
    let contrast = |of: &dyn Fn(&Worker) -> f64, whole: f64| {
        let [base, new] = [&sides[0], &sides[1]].map(|side| Estimate {
            draws: per_unit(&sum(workers, side, of), &side.units),
            workers: workers.iter().map(|role| side.crews[role].workers.len()).sum(),
        });
        Contrast::difference(base, new, whole)
    };
    let whole = contrast(&|worker| worker.thread_ns, 0.0);
    let size = whole.base.value();
    let whole =
        Contrast { resolution: whole.resolution.max(bootstrap::RESOLUTION * size), ..whole };
    let all =
        sides.iter().flat_map(|side| workers.iter().flat_map(|role| &side.crews[role].workers));
    let names: BTreeSet<&String> = all.flat_map(|worker| worker.lines.keys()).collect();
    let line = |name: &String| {
        let of = |worker: &Worker| worker.lines.get(name).copied().unwrap_or(0.0);
        (name.clone(), contrast(&of, size))
    };
    (whole, names.into_iter().map(line).collect())
}

fn per_unit(sums: &[f64], units: &[f64]) -> Vec<f64> {
    sums.iter().zip(units).map(|(sum, units)| sum / units).collect()
}

/// Gives everything its interval, and puts it in order.
fn settled(
    unit: &Unit,
    sides: [&Measured<'_>; 2],
    workers: &[Role],
    whole: &Contrast,
    parts: Vec<(String, Contrast)>,
    drafts: Vec<Draft>,
    mut notes: Vec<String>,
) -> Comparison {
    let allowance = Allowance::new(sides, if unit.is_mere_time() { &[] } else { &parts });
    let mut contrasts = vec![(whole, allowance.of_whole())];
    contrasts.extend(parts.iter().map(|(name, line)| (line, allowance.of_line(name))));
    contrasts.extend(drafts.iter().flat_map(|draft| draft.contrasts(&allowance)));
    let mut intervals = bootstrap::intervals(&contrasts).into_iter();
    let mut next = || intervals.next().flatten();
    let of_whole = next();
    let mut parts: Vec<Part> = parts
        .into_iter()
        .map(|(name, contrast)| {
            let ends = next();
            Part {
                name,
                change_ns: rounded(contrast.value()),
                low_ns: ends.map(|(low, _)| rounded(low)),
                high_ns: ends.map(|(_, high)| rounded(high)),
                base_ns: contrast.base.value(),
                new_ns: contrast.new.value(),
            }
        })
        .collect();
    let mut rows: Vec<Row> = drafts.into_iter().map(|draft| draft.row(&mut next)).collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.change_ns.unsigned_abs()));
    rows.sort_by_key(|row| std::cmp::Reverse(row.change_ns.unsigned_abs()));
    let excludes_none = |low: Option<i64>, high: Option<i64>| Some(low? > 0 || high? < 0);
    let of_parts = parts.iter().map(|part| excludes_none(part.low_ns, part.high_ns));
    let (low_ns, high_ns) = (of_whole.map(|e| rounded(e.0)), of_whole.map(|e| rounded(e.1)));
    let all = of_parts.chain(rows.iter().map(|row| row.significant));
    let significant = all.chain([excludes_none(low_ns, high_ns)]).flatten().reduce(|a, b| a || b);
    let sides_shown = sides.map(|side| shown(side, workers));
    notes.extend(of_lone_workers(&sides_shown));
    notes.extend(allowance.notes());
    let [base, new] = sides_shown;
    let recordings = sides.map(|side| side.recording);
    Comparison {
        schema: SCHEMA,
        per: unit.name.clone(),
        per_from: unit.from,
        per_note: unit.note.clone(),
        causes: causes::causes(unit, recordings, [base.units, new.units]),
        base,
        new,
        differences: differences::differences(recordings[0], recordings[1]),
        change_ns: rounded(whole.value()),
        low_ns,
        high_ns,
        significant,
        parts,
        rows,
        notes,
    }
}

fn shown(side: &Measured<'_>, workers: &[Role]) -> Side {
    let units = side.units.first().copied().unwrap_or(0.0);
    let window_ns = side.recording.report.window_ns;
    let thread_ns = sum(workers, side, |worker| worker.thread_ns);
    let count: usize = workers.iter().map(|role| side.crews[role].workers.len()).sum();
    Side {
        file: side.file.to_owned(),
        window_ns,
        workers: count as u64,
        roles: workers.iter().map(ToString::to_string).collect(),
        units,
        units_per_second: units / seconds(window_ns),
        unit_ns: thread_ns.first().copied().unwrap_or(0.0) / units,
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days")]
fn seconds(ns: u64) -> f64 {
    ns.max(1) as f64 / 1e9
}

#[expect(clippy::cast_possible_truncation, reason = "it saturates, and no change is that large")]
fn rounded(ns: f64) -> i64 {
    ns.round() as i64
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

#[cfg(test)]
mod tests;
