//! What came of a sweep, as it is shown.
//!
//! These types are the JSON of `tracer sweep --format json`, field for field; `docs/sweep.md` describes
//! it.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::{
    grid::{Point, Setting},
    law::{Law, NoLaw},
    measured::{Calls, Measured, Percentiles},
    work::Unit,
};

/// Version of the JSON: raised when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// A sweep.
#[derive(Clone, Debug, Serialize)]
pub struct Sweep {
    /// [`SCHEMA`]
    pub schema: u32,
    /// The command.
    pub command: Vec<String>,
    /// What was set.
    pub settings: Vec<Setting>,
    /// The unit of work.
    pub per: Unit,
    /// One for each combination of values of which a run succeeded, in the order of the runs.
    pub points: Vec<Summary>,
    /// Runs that are in no figure.
    pub failed: Vec<Failed>,
    /// Runs that were not begun, because the sweep was interrupted.
    pub not_begun: usize,
    /// How throughput depends on the first setting, for each combination of the others.
    pub laws: Vec<Series>,
}

/// One run that succeeded.
#[derive(Clone, Debug)]
pub struct Done {
    /// What was set.
    pub point: Point,
    /// Its recording.
    pub file: String,
    /// What it says.
    pub measured: Measured,
}

/// The runs of one point. Figures are medians over the runs that have them.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// What was set.
    pub set: Point,
    /// Units of work in a second; null if they are unknown.
    pub throughput: Option<f64>,
    /// Mean number of CPUs in use.
    pub busy_cpus: f64,
    /// Share of the time of all threads that they waited for a CPU.
    pub runnable_share: Option<f64>,
    /// Waits for a CPU.
    pub run_queue_ns: Percentiles,
    /// System calls, longest total time first.
    pub syscalls: Vec<Calls>,
    /// The runs.
    pub runs: Vec<Run>,
}

/// What one run did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Its recording.
    pub file: String,
    /// Length of its window.
    pub window_ns: u64,
    /// Units of work; null if they are unknown.
    pub units: Option<u64>,
    /// Units of work in a second; null if they are unknown.
    pub throughput: Option<f64>,
    /// Calls that reached no figure.
    pub lost: u64,
}

/// A run that is in no figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failed {
    /// What was set.
    pub set: Point,
    /// Which of the repeats, from 1; null for a warm-up.
    pub repeat: Option<u32>,
    /// Why.
    pub why: String,
}

/// How throughput depends on one setting while the others stay.
#[derive(Clone, Debug, Serialize)]
pub struct Series {
    /// The setting that stands for N.
    pub parameter: String,
    /// The others.
    pub set: Point,
    /// The law; null where none can be fitted.
    pub law: Option<Law>,
    /// Why none can be fitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_law: Option<String>,
}

impl Sweep {
    /// Puts runs together.
    #[must_use]
    pub fn of(
        command: Vec<String>,
        settings: Vec<Setting>,
        per: Unit,
        done: &[Done],
        failed: Vec<Failed>,
        not_begun: usize,
    ) -> Self {
        let mut by_point: Vec<(&Point, Vec<&Done>)> = Vec::new();
        for run in super::grid::points(&settings)
            .iter()
            .flat_map(|point| done.iter().filter(move |run| run.point == *point))
        {
            match by_point.last_mut() {
                Some((point, runs)) if **point == run.point => runs.push(run),
                _ => by_point.push((&run.point, vec![run])),
            }
        }
        let points: Vec<Summary> =
            by_point.iter().map(|(point, runs)| summary(point, runs, &per)).collect();
        let laws = series(&settings, &points);
        Self { schema: SCHEMA, command, settings, per, points, failed, not_begun, laws }
    }
}

impl Run {
    fn of(done: &Done, per: &Unit) -> Self {
        let Measured { window_ns, lost, .. } = done.measured;
        let units = per.done(&done.measured);
        let seconds = window_ns as f64 / 1e9;
        let throughput = units.filter(|_| window_ns > 0).map(|units| units as f64 / seconds);
        Self { file: done.file.clone(), window_ns, units, throughput, lost }
    }
}

fn summary(point: &Point, done: &[&Done], per: &Unit) -> Summary {
    let runs: Vec<Run> = done.iter().map(|done| Run::of(done, per)).collect();
    let measured: Vec<&Measured> = done.iter().map(|done| &done.measured).collect();
    let over =
        |of: &dyn Fn(&Measured) -> Option<f64>| median(measured.iter().filter_map(|it| of(it)));
    let time =
        |of: &dyn Fn(&Measured) -> Option<u64>| middle(measured.iter().filter_map(|it| of(it)));
    let mut rows: BTreeMap<&str, Vec<&Calls>> = BTreeMap::new();
    for calls in measured.iter().flat_map(|it| &it.calls) {
        rows.entry(&calls.name).or_default().push(calls);
    }
    let mut syscalls: Vec<Calls> = rows
        .into_iter()
        .map(|(name, rows)| Calls {
            name: name.to_owned(),
            calls: middle(rows.iter().map(|row| row.calls)).unwrap_or(0),
            total_ns: middle(rows.iter().map(|row| row.total_ns)).unwrap_or(0),
            wall_ns: Percentiles {
                p50: middle(rows.iter().filter_map(|row| row.wall_ns.p50)),
                p99: middle(rows.iter().filter_map(|row| row.wall_ns.p99)),
            },
        })
        .collect();
    syscalls.sort_by_key(|row| std::cmp::Reverse(row.total_ns));
    Summary {
        set: point.clone(),
        throughput: median(runs.iter().filter_map(|run| run.throughput)),
        busy_cpus: over(&|it| Some(it.busy_cpus)).unwrap_or(0.0),
        runnable_share: over(&|it| it.runnable_share),
        run_queue_ns: Percentiles {
            p50: time(&|it| it.run_queue_ns.p50),
            p99: time(&|it| it.run_queue_ns.p99),
        },
        syscalls,
        runs,
    }
}

/// One for each combination of the settings but the first.
fn series(settings: &[Setting], points: &[Summary]) -> Vec<Series> {
    let Some(Setting { name, .. }) = settings.first() else { return Vec::new() };
    let mut others: Vec<Point> = Vec::new();
    for point in points {
        let other = point.set.without(name);
        if !others.contains(&other) {
            others.push(other);
        }
    }
    let one = |set: Point| {
        let law = law(name, points.iter().filter(|point| point.set.without(name) == set));
        let (law, no_law) = match law {
            Ok(law) => (Some(law), None),
            Err(why) => (None, Some(why.to_string())),
        };
        Series { parameter: name.clone(), set, law, no_law }
    };
    others.into_iter().map(one).collect()
}

/// The law for all runs of these points, so that what varies between repeats counts too.
fn law<'a>(parameter: &str, points: impl Iterator<Item = &'a Summary>) -> Result<Law, NoLaw> {
    let mut runs = Vec::new();
    for point in points {
        let number = point.set.number(parameter);
        let n = number.ok_or_else(|| NoLaw::NotNumbers(parameter.to_owned()))?;
        for run in &point.runs {
            runs.push((n, run.throughput.ok_or(NoLaw::NoWork)?));
        }
    }
    Law::fit(&runs)
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let (low, high) =
        (values.get(values.len().checked_sub(1)? / 2)?, values.get(values.len() / 2)?);
    Some(f64::midpoint(*low, *high))
}

/// The median of integers: of an even number of them, the lower of the two in the middle.
fn middle(values: impl Iterator<Item = u64>) -> Option<u64> {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
