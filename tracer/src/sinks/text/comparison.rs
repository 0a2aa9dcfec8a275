//! A comparison for people: what differs around it, the change and what it is made of, and the rows
//! behind it.

use textwrap::core::display_width;

use super::{
    page::{HEADING, NOTE, PLAIN, Page},
    units::{Count, NONE, Time, counted},
    verdicts,
};
use crate::{
    compare::{Causes, Comparison, Kind, Part, Ratio, Row, Side},
    sinks::Style,
    verdicts::Diagnosis,
};

/// Parts below this share of the largest are put together, unless they are significant.
const SMALL: f64 = 0.01;
/// So many rows are shown of each role.
const ROWS: usize = 12;
/// An interval whose ends are so many times apart tells nothing.
const ANYTHING: f64 = 1e4;
/// Spaces between columns.
const GAP: &str = "  ";

/// The comparison as text, ending with a newline.
pub(in crate::sinks) fn render(comparison: &Comparison, style: &Style) -> String {
    let mut page = Page::new(style);
    sides(comparison, &mut page);
    differences(comparison, &mut page);
    page.gap();
    causes(&comparison.causes, &mut page);
    change(comparison, &mut page);
    rows(comparison, &mut page);
    for note in &comparison.notes {
        page.prose(NOTE, &format!("{note}."));
    }
    page.finish()
}

fn sides(comparison: &Comparison, page: &mut Page<'_>) {
    let Comparison { base, new, per, .. } = comparison;
    let row = |name: &str, side: &Side| {
        vec![
            name.to_owned(),
            side.file.clone(),
            counted(side.workers, "worker", "workers"),
            Time(side.window_ns).to_string(),
            format!("{} units", Count(whole(side.units))),
            format!("{:.4} units/s", Digits(side.units_per_second)),
            format!("{} per unit", Time(whole(side.unit_ns))),
        ]
    };
    page.lines(columns(&[row("base", base), row("new", new)], 2));
    page.prose(NOTE, &format!("unit of work: {per}, {}", comparison.per_note));
    page.prose(NOTE, &format!("workers: {}", base.roles.join(", ")));
}

fn differences(comparison: &Comparison, page: &mut Page<'_>) {
    let differences = &comparison.differences;
    if differences.is_empty() {
        page.prose(PLAIN, "recorded under the same conditions, as far as they are recorded");
        return;
    }
    let items: Vec<String> = differences
        .iter()
        .map(|difference| format!("{}: {} → {}", difference.name, difference.base, difference.new))
        .collect();
    page.prose(HEADING, "differs, and may matter:");
    for item in items {
        page.entry(&[item]);
    }
}

/// What stands out on each side by name, and in full what is new.
fn causes(causes: &Causes, page: &mut Page<'_>) {
    let Causes { base, new, together } = causes;
    let (in_base, in_new) = (standing_out(base.as_ref()), standing_out(new.as_ref()));
    page.prose(HEADING, &format!("in BASE {in_base}; in NEW {in_new}"));
    let known =
        |name: &str| base.iter().flat_map(|it| &it.verdicts).any(|verdict| verdict.name == name);
    let of_new = new.iter().flat_map(|it| &it.verdicts).filter(|verdict| !known(&verdict.name));
    for verdict in of_new.chain(&together.verdicts) {
        verdicts::put_one(verdict, page);
    }
    for undecided in &together.cannot_tell {
        page.prose(NOTE, &verdicts::undecided(undecided));
    }
    page.gap();
}

fn standing_out(diagnosis: Option<&Diagnosis>) -> String {
    let Some(diagnosis) = diagnosis else { return "the end is missing".to_owned() };
    if diagnosis.verdicts.is_empty() {
        return "nothing stands out".to_owned();
    }
    let names = diagnosis
        .verdicts
        .iter()
        .map(|verdict| format!("{} ({})", verdict.name, verdict.strength.word()));
    format!("stands out: {}", names.collect::<Vec<_>>().join(", "))
}

fn change(comparison: &Comparison, page: &mut Page<'_>) {
    let Comparison { base, new, change_ns, low_ns, high_ns, per, .. } = comparison;
    let ratio = new.unit_ns / base.unit_ns;
    page.prose(
        HEADING,
        &format!(
            "{}{} of thread time per {per}: {} → {}, × {:.3}",
            signed(*change_ns),
            between(*low_ns, *high_ns).map(|text| format!(" ({text})")).unwrap_or_default(),
            Time(whole(base.unit_ns)),
            Time(whole(new.unit_ns)),
            Digits(ratio),
        ),
    );
    match comparison.significant {
        Some(false) => page.prose(PLAIN, "no significant difference"),
        None => page.prose(PLAIN, "whether any of it is more than chance cannot be told"),
        Some(true) => {}
    }
    let largest = comparison.parts.first().map_or(0, |part| part.change_ns.unsigned_abs());
    #[expect(clippy::cast_precision_loss, reason = "a share to two digits")]
    let is_small = |part: &&Part| {
        (part.change_ns.unsigned_abs() as f64) < SMALL * largest as f64 && !is_significant(part)
    };
    let (small, shown): (Vec<&Part>, Vec<&Part>) = comparison.parts.iter().partition(is_small);
    let mut table: Vec<Vec<String>> =
        vec![["change", "interval", "base", "new", "part"].map(str::to_owned).to_vec()];
    table.extend(shown.into_iter().map(|part| {
        vec![
            format!(
                "{}{}",
                signed(part.change_ns),
                mark(part.low_ns.map(|_| is_significant(part)))
            ),
            between(part.low_ns, part.high_ns).unwrap_or_else(|| NONE.to_owned()),
            time(part.base_ns),
            time(part.new_ns),
            part.name.clone(),
        ]
    }));
    if !small.is_empty() {
        let sum = |of: fn(&Part) -> f64| small.iter().map(|part| of(part)).sum::<f64>();
        let change = small.iter().map(|part| part.change_ns).fold(0, i64::saturating_add);
        table.push(vec![
            format!("{} ", signed(change)),
            NONE.to_owned(),
            time(sum(|part| part.base_ns)),
            time(sum(|part| part.new_ns)),
            format!("{} smaller parts together", small.len()),
        ]);
    }
    page.lines(columns(&table, 0));
    page.gap();
}

fn rows(comparison: &Comparison, page: &mut Page<'_>) {
    let mut roles: Vec<&str> = Vec::new();
    for row in &comparison.rows {
        if !roles.contains(&row.role.as_str()) {
            roles.push(&row.role);
        }
    }
    for role in roles {
        let of_role = || comparison.rows.iter().filter(|row| row.role == role);
        let counted_rows: Vec<&Row> = of_role().filter(|row| row.kind != Kind::Budget).collect();
        let Some(first) = of_role().next() else { continue };
        let (base, new) = (first.base.processes, first.new.processes);
        page.prose(HEADING, &format!("{role}: {base} → {}", counted(new, "process", "processes")));
        let titles = ["change", "per unit", "p50", "p90", "p99", "max", "× p50", "calls or events"];
        let mut table = vec![titles.map(str::to_owned).to_vec()];
        table.extend(counted_rows.iter().take(ROWS).map(|row| cells(row)));
        page.lines(columns(&table, 0));
        if counted_rows.len() > ROWS {
            let rest = counted_rows.len() - ROWS;
            page.prose(NOTE, &format!("{rest} more rows are in --format json"));
        }
        page.gap();
    }
    if comparison.significant.is_some() {
        page.prose(
            NOTE,
            "* marks what is no chance: all intervals hold together in 19 of 20 comparisons of \
             like with like, by how much workers differ from each other. What one run has and \
             the next has not, such as other load, is not chance to them.",
        );
    }
}

fn cells(row: &Row) -> Vec<String> {
    let pair = |base: Option<u64>, new: Option<u64>, ratio: Option<Ratio>| {
        let text = |ns: Option<u64>| ns.map_or_else(|| NONE.to_owned(), |ns| Time(ns).to_string());
        format!("{} → {}{}", text(base), text(new), ratio.map_or(" ", differs))
    };
    let rate = |rate: Option<f64>| rate.map_or(NONE.to_owned(), |n| format!("{:.3}", Digits(n)));
    let Row { base, new, ratio, .. } = row;
    let is_more = row.low_ns.map(|low| low > 0 || row.high_ns.is_some_and(|high| high < 0));
    vec![
        format!("{}{}", signed(row.change_ns), mark(is_more)),
        format!(
            "{} → {}{}",
            rate(base.per_unit),
            rate(new.per_unit),
            ratio.rate.map_or(" ", differs)
        ),
        pair(base.p50, new.p50, ratio.p50),
        pair(base.p90, new.p90, ratio.p90),
        pair(base.p99, new.p99, ratio.p99),
        pair(base.max, new.max, ratio.max),
        ratio.p50.map_or_else(|| NONE.to_owned(), |p50| multiple(&p50)),
        row.name.clone(),
    ]
}

fn multiple(ratio: &Ratio) -> String {
    match ratio.low.zip(ratio.high) {
        Some((low, high)) if high > ANYTHING * low => format!("{:.3} (?)", Digits(ratio.value)),
        Some((low, high)) => {
            format!("{:.3} ({:.3} … {:.3})", Digits(ratio.value), Digits(low), Digits(high))
        }
        None => format!("{:.3}", Digits(ratio.value)),
    }
}

fn is_significant(part: &Part) -> bool {
    part.low_ns.is_some_and(|low| low > 0) || part.high_ns.is_some_and(|high| high < 0)
}

fn differs(ratio: Ratio) -> &'static str {
    mark(ratio.low.zip(ratio.high).map(|(low, high)| low > 1.0 || high < 1.0))
}

fn mark(significant: Option<bool>) -> &'static str {
    if significant == Some(true) { "*" } else { " " }
}

fn between(low: Option<i64>, high: Option<i64>) -> Option<String> {
    Some(format!("{} … {}", signed(low?), signed(high?)))
}

fn signed(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "+" };
    format!("{sign}{}", Time(ns.unsigned_abs()))
}

fn time(ns: f64) -> String {
    if ns < 0.0 { format!("-{}", Time(whole(-ns))) } else { Time(whole(ns)).to_string() }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// A number to as many significant digits as the precision says; large ones in full.
struct Digits(f64);

impl std::fmt::Display for Digits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = f.precision().unwrap_or(3);
        let Self(number) = *self;
        if !number.is_finite() {
            return f.write_str(NONE);
        }
        if number.abs() >= 1e7 {
            return write!(f, "{number:.0e}");
        }
        let before_point =
            if number.abs() < 1.0 { 1 } else { whole(number.abs().log10().floor()) + 1 };
        let decimals = digits.saturating_sub(usize::try_from(before_point).unwrap_or(digits));
        if number.abs() >= 1e4 {
            return write!(f, "{}", Count(whole(number)));
        }
        write!(f, "{number:.decimals$}")
    }
}

/// Lines of a table whose columns are aligned to the right, but for the last and the first `left`.
fn columns(rows: &[Vec<String>], left: usize) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|n| rows.iter().filter_map(|row| row.get(n)).map(|cell| display_width(cell)).max())
        .map(|width| width.unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(n, (cell, width))| {
            let space = " ".repeat(width - display_width(cell));
            let is_left = n < left || n + 1 == count;
            if is_left { format!("{cell}{space}") } else { format!("{space}{cell}") }
        });
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_digits_as_they_need() {
        let shown = [0.1234, 1.234, 12.34, 123.4, 12_340.0, f64::NAN]
            .map(|number| format!("{:.3}", Digits(number)));
        assert_eq!(shown, ["0.12", "1.23", "12.3", "123", "12,340", "-"]);
    }

    #[test]
    fn changes_have_a_sign() {
        assert_eq!([signed(1_500), signed(-1_500), signed(0)], ["+1.50 µs", "-1.50 µs", "+0 ns"]);
    }
}
