//! The figures as bars: one line for each point, one column for each figure.

use textwrap::core::display_width;

use super::{
    super::{
        histogram::bar,
        units::{Significant, Time},
    },
    latency,
};
use crate::sweep::results::{Summary, Sweep};

/// Columns of the longest bar.
const LONGEST: usize = 16;
/// Columns where there is no terminal.
const WIDE: usize = 110;
const GAP: usize = 2;
/// Where the law is, in a bar.
const MARK: char = '│';
/// Steps that a bar is measured in.
const STEPS: f64 = 1e6;

struct Plot {
    title: String,
    /// The value of the longest bar, as it is read.
    largest: String,
    bars: Vec<String>,
}

/// The lines of the plot.
pub(super) fn lines(sweep: &Sweep, call: Option<&str>, room: Option<usize>) -> Vec<String> {
    let labels: Vec<String> = sweep.points.iter().map(|point| point.set.to_string()).collect();
    let label = labels.iter().map(|label| display_width(label)).max().unwrap_or(0);
    let mut plots = plots(sweep, call);
    let room = room.unwrap_or(WIDE);
    while plots.len() > 1 && width(label, &plots) > room {
        plots.pop();
    }
    let head = |text: &dyn Fn(&Plot) -> &String| {
        let cells: Vec<_> = plots.iter().map(|plot| padded(text(plot), plot.width())).collect();
        format!("{:label$}  {}", "", cells.join("  "))
    };
    let mut lines = vec![head(&|plot| &plot.title), head(&|plot| &plot.largest)];
    lines.extend(labels.iter().enumerate().map(|(row, name)| {
        let bars: Vec<_> = plots.iter().map(|plot| padded(&plot.bars[row], plot.width())).collect();
        format!("{}  {}", padded(name, label), bars.join("  "))
    }));
    lines
}

fn plots(sweep: &Sweep, call: Option<&str>) -> Vec<Plot> {
    let time = |value: f64| Time(whole(value)).to_string();
    let plain = |value: f64| Significant(value).to_string();
    let of =
        |title: &str, value: &dyn Fn(&Summary) -> Option<f64>, text: &dyn Fn(f64) -> String| {
            let values: Vec<_> = sweep.points.iter().map(value).collect();
            let marks = vec![None; values.len()];
            plot(title, &values, &marks, text)
        };
    let throughputs: Vec<_> = sweep.points.iter().map(|point| point.throughput).collect();
    let marks: Vec<_> = sweep.points.iter().map(|point| by_law(sweep, point)).collect();
    let mut plots = vec![
        plot(&format!("{}/s", sweep.per), &throughputs, &marks, &plain),
        of("CPUs used", &|point| Some(point.busy_cpus), &plain),
        of("run queue p99", &|point| point.run_queue_ns.p99.map(real), &time),
    ];
    if let Some(call) = call {
        for (title, p99) in [("p50", false), ("p99", true)] {
            let value = |point: &Summary| latency(point, call, p99).map(real);
            plots.push(of(&format!("{call} {title}"), &value, &time));
        }
    }
    plots
}

/// Bars that are as long as their values, and marks where the law has them.
fn plot(
    title: &str,
    values: &[Option<f64>],
    marks: &[Option<f64>],
    text: &dyn Fn(f64) -> String,
) -> Plot {
    let known = values.iter().chain(marks).flatten().copied();
    let largest = known.reduce(f64::max).filter(|largest| *largest > 0.0);
    let of = |value: Option<f64>, mark: Option<f64>| {
        let Some(largest) = largest else { return String::new() };
        let steps = whole(value.unwrap_or(0.0) / largest * STEPS);
        let bar = bar(steps, whole(STEPS), LONGEST);
        match mark {
            Some(mark) => marked(&bar, mark / largest),
            None => bar,
        }
    };
    Plot {
        title: title.to_owned(),
        largest: largest.map_or_else(String::new, |largest| format!("to {}", text(largest))),
        bars: values.iter().zip(marks).map(|(value, mark)| of(*value, *mark)).collect(),
    }
}

/// A bar with a mark where a share of the longest would end.
fn marked(bar: &str, share: f64) -> String {
    let place = usize::try_from(whole(share * LONGEST as f64)).unwrap_or(LONGEST);
    let place = place.clamp(1, LONGEST) - 1;
    let mut columns: Vec<char> = bar.chars().collect();
    columns.resize(columns.len().max(place + 1), ' ');
    columns[place] = MARK;
    columns.into_iter().collect()
}

/// The throughput that the law has for this point.
fn by_law(sweep: &Sweep, point: &Summary) -> Option<f64> {
    let of_it =
        sweep.laws.iter().find(|series| point.set.without(&series.parameter) == series.set)?;
    Some(of_it.law.as_ref()?.throughput(point.set.number(&of_it.parameter)?))
}

impl Plot {
    fn width(&self) -> usize {
        LONGEST.max(display_width(&self.title)).max(display_width(&self.largest))
    }
}

fn width(label: usize, plots: &[Plot]) -> usize {
    label + plots.iter().map(|plot| GAP + plot.width()).sum::<usize>()
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(display_width(text))))
}

fn real(integer: u64) -> f64 {
    integer as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures are not negative, and a cast of what is too large gives the largest"
)]
fn whole(value: f64) -> u64 {
    value.round() as u64
}
