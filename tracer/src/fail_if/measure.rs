//! Conditions held against reports.

use super::{
    condition::{Claim, Comparison},
    figures::{DISTRIBUTIONS, Of, Parts},
    units::{Kind, Unit},
};
use crate::{
    kernel::{selection::Selection, syscalls},
    recording::Recording,
    report::{Figures, Report, Row, number_of_row, stands_for},
    verdicts::Diagnosis,
};

/// One run, as far as conditions need it.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Its report.
    pub report: &'a Report,
    /// The calls that have rows if they were made; `None` where that is not known.
    pub selection: Option<Selection>,
    /// Units of work that were done in it, where they are counted.
    pub work: Option<f64>,
}

impl<'a> Run<'a> {
    /// A recorded run.
    #[must_use]
    pub fn recorded(recording: &'a Recording) -> Self {
        let calls = recording.metadata.options.calls.iter();
        let selection = calls.filter_map(|call| syscalls::labelled(call)).collect();
        Self { report: &recording.report, selection: Some(selection), work: None }
    }
}

/// What conditions are held against.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The run that they speak of.
    pub run: Run<'a>,
    /// What it is compared with.
    pub base: Option<Base<'a>>,
}

/// The run that another is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Base<'a> {
    /// The run itself.
    pub run: Run<'a>,
    /// What stands out in both runs together, and in neither alone.
    pub together: &'a Diagnosis,
}

/// A figure of a run and whether it stands to its limit as the comparison says, or a verdict and whether
/// it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// As in the condition.
    pub name: String,
    /// What was measured, or why nothing is known.
    pub value: Result<Value, String>,
    /// Whether it stands so to its limit; `None` if it is unknown.
    pub holds: Option<bool>,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nanoseconds of one call, and the row it is of where several were asked for.
    Latency(f64, Option<String>),
    /// Nanoseconds of all threads, and the share they are of their time; `None` if they had none.
    ThreadTime(f64, Option<f64>),
    /// How often, and how often in a second.
    Count(f64, Option<f64>),
    /// A mean number.
    Number(f64),
    /// What kind of figure it is, how it was in the base, how it is now, and the ratio. Sums are per unit
    /// of work, or per second.
    Ratio(Kind, f64, f64, f64),
    /// The verdicts asked for that were given, each with its strength.
    Verdicts(Vec<String>),
}

/// A figure, and the row it is of where several were asked for.
type Read = Result<(f64, Option<String>), String>;

/// Finds out what a claim is about.
pub(super) fn measure(claim: &Claim, subject: &Subject<'_>) -> Measured {
    match claim {
        Claim::Compared(comparison) => figure(comparison, subject),
        Claim::Given(asked) => asked.measure(subject),
    }
}

/// Measures one figure.
fn figure(comparison: &Comparison, subject: &Subject<'_>) -> Measured {
    let value = match comparison.unit {
        Unit::Times => ratio(comparison, subject),
        _ => plain(comparison, &subject.run),
    };
    let figure = value.as_ref().ok().map(|value| in_unit(value, comparison.unit));
    let holds = figure.map(|figure| comparison.relation.holds(figure, comparison.limit));
    Measured { name: comparison.name(), value, holds }
}

/// The value in the unit of the limit. That the two fit was checked when the condition was read.
fn in_unit(value: &Value, unit: Unit) -> f64 {
    match (value, unit) {
        (Value::Latency(ns, _) | Value::ThreadTime(ns, _), Unit::Time(unit_ns)) => ns / unit_ns,
        (Value::ThreadTime(_, Some(share)), Unit::Percent) => share * 100.0,
        (Value::Count(_, Some(rate)), Unit::PerSecond) => *rate,
        (Value::Ratio(.., ratio), _) => *ratio,
        (
            Value::Latency(plain, _)
            | Value::ThreadTime(plain, _)
            | Value::Count(plain, _)
            | Value::Number(plain),
            _,
        ) => *plain,
        (Value::Verdicts(given), _) => given.len() as f64,
    }
}

fn plain(comparison: &Comparison, run: &Run<'_>) -> Result<Value, String> {
    let (figure, row) = read(comparison, run)?;
    let report = run.report;
    let over = |whole: u64| (whole > 0).then(|| figure / real(whole));
    let value = match comparison.kind() {
        Kind::Latency => Value::Latency(figure, row),
        Kind::ThreadTime => Value::ThreadTime(figure, over(report.total.thread_ns)),
        Kind::Count => Value::Count(figure, over(report.window_ns).map(|per_ns| per_ns * 1e9)),
        Kind::Number => Value::Number(figure),
    };
    match (&value, comparison.unit) {
        (Value::ThreadTime(_, None), Unit::Percent) => {
            Err("no target lived in the window".to_owned())
        }
        (Value::Count(_, None), Unit::PerSecond) => Err("the window is empty".to_owned()),
        _ => Ok(value),
    }
}

fn ratio(comparison: &Comparison, subject: &Subject<'_>) -> Result<Value, String> {
    let base = subject.base.as_ref().ok_or("there is no other run to compare with")?.run;
    let side = |run: &Run<'_>, which: &str| {
        let (figure, _) = read(comparison, run).map_err(|why| format!("in {which}, {why}"))?;
        let seconds = real(run.report.window_ns) / 1e9;
        match comparison.kind() {
            Kind::Latency | Kind::Number => Ok(figure),
            Kind::ThreadTime | Kind::Count => {
                let (per, what) = match (subject.run.work, base.work) {
                    (Some(_), Some(_)) => {
                        (run.work.unwrap_or_default(), "no unit of work was done")
                    }
                    _ => (seconds, "the window is empty"),
                };
                if per > 0.0 { Ok(figure / per) } else { Err(format!("in {which}, {what}")) }
            }
        }
    };
    let (before, now) = (side(&base, "the base")?, side(&subject.run, "the new run")?);
    // Nothing against nothing is no change.
    let ratio = if before == 0.0 && now == 0.0 { 1.0 } else { now / before };
    Ok(Value::Ratio(comparison.kind(), before, now, ratio))
}

fn read(comparison: &Comparison, run: &Run<'_>) -> Read {
    let (report, argument) = (run.report, comparison.argument.as_deref());
    let sum = |figure: u64| Ok((real(figure), None));
    match &comparison.figure.of {
        Of::Distribution(of) => distribution(*of, argument.unwrap_or_default(), run),
        Of::Rows(of) => sum(rows(run, argument)?.map(of).sum()),
        Of::Parts(parts) => {
            let all = parts.of(&report.total.budget);
            // Sleep is known of every call.
            if *parts == Parts::Kernel {
                known_if_absent(argument, run, |name| {
                    all.keys().any(|part| stands_for(name, part))
                })?;
            }
            let meant =
                all.iter().filter(|(part, _)| argument.is_none_or(|name| stands_for(name, part)));
            sum(meant.map(|(_, ns)| ns).sum())
        }
        Of::Locks => {
            let locks = report.total.locks.as_ref();
            let locks = locks.ok_or("this kernel does not tell of waits for its locks")?;
            let meant = locks
                .iter()
                .filter(|lock| argument.is_none_or(|name| stands_for(name, &lock.kind)));
            sum(meant.map(|lock| lock.ns).sum())
        }
        Of::Line(of, unknown) => sum(of(&report.total.budget).ok_or(*unknown)?),
        Of::Count(of) => sum(of(report)),
        Of::Mean(of) => Ok((of(report), None)),
    }
}

/// The largest of the rows' figures: there is none of several distributions together, but it lies
/// below the largest of each.
fn distribution(of: fn(&Figures) -> Option<u64>, name: &str, run: &Run<'_>) -> Read {
    if let Some((_, figures)) = DISTRIBUTIONS.iter().find(|(known, _)| *known == name) {
        let none = format!("nothing was counted in `{name}`");
        return Ok((real(of(figures(run.report)).ok_or(none)?), None));
    }
    let figures = rows(run, Some(name))?.filter_map(|row| Some((of(&row.wall_ns)?, row)));
    let (ns, row) = figures
        .max_by_key(|(ns, _)| *ns)
        .ok_or_else(|| format!("no call of `{name}` was completed in the window"))?;
    Ok((real(ns), (row.name != name).then(|| row.name.clone())))
}

/// The rows that a name stands for; without a name, all.
fn rows<'a>(
    run: &Run<'a>,
    name: Option<&'a str>,
) -> Result<impl Iterator<Item = &'a Row> + use<'a>, String> {
    let rows = &run.report.total.syscalls;
    known_if_absent(name, run, |name| rows.iter().any(|row| stands_for(name, &row.name)))?;
    Ok(rows.iter().filter(move |row| name.is_none_or(|name| stands_for(name, &row.name))))
}

/// What is not there was 0 times only if it was looked for.
fn known_if_absent(
    name: Option<&str>,
    run: &Run<'_>,
    present: impl FnOnce(&str) -> bool,
) -> Result<(), String> {
    let Some((name, number)) = name.and_then(|name| Some((name, number_of_row(name)?))) else {
        return Ok(());
    };
    match run.selection {
        _ if present(name) => Ok(()),
        Some(selection) if selection.contains(number) => Ok(()),
        Some(_) => Err(format!("`{name}` is not among the calls traced")),
        None => Err(format!("there is no `{name}`: it was not called, or not traced")),
    }
}

fn real(integer: u64) -> f64 {
    integer as f64
}
