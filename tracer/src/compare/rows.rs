//! What processes of each role did, figure by figure.

use std::collections::BTreeSet;

use super::{
    Crew, Figures, Kind, Measured, Ratio, Ratios, Row,
    allowance::Allowance,
    bootstrap::{Contrast, Estimate},
    measure::Series,
    per_unit,
    quantiles::Pooled,
    roles::Role,
    rounded, seconds,
};

/// Percentiles that are compared, and how many there have to be of what is measured: beyond the
/// percentile there should lie ten.
const SHARES: [f64; 3] = [0.5, 0.9, 0.99];
const FEWEST: [u64; 3] = [20, 100, 1_000];

/// A row whose intervals are not known yet.
#[derive(Debug)]
pub(super) struct Draft {
    role: String,
    kind: Kind,
    name: String,
    base: Figures,
    new: Figures,
    change: Contrast,
    /// Of time, rate and percentiles.
    ratios: [Option<Contrast>; 5],
    /// Why not every figure has one.
    missing: Option<&'static str>,
}

/// All rows of these roles.
pub(super) fn drafts(roles: &[Role], sides: &[Measured<'_>; 2]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for role in roles {
        let crews = [&sides[0], &sides[1]].map(|side| &side.crews[role]);
        let workers = || crews.iter().flat_map(|crew| &crew.workers);
        let lines: BTreeSet<_> = workers().flat_map(|worker| worker.lines.keys()).collect();
        drafts.extend(lines.into_iter().map(|name| line(role, name, crews, sides)));
        let series: BTreeSet<_> = workers().flat_map(|worker| worker.series.keys()).collect();
        let drafted = series.into_iter().map(|key| repeated(role, key, crews, sides));
        drafts.extend(drafted.filter(|row| row.base.count.max(row.new.count) != Some(0)));
    }
    drafts
}

fn line(role: &Role, name: &str, crews: [&Crew; 2], sides: &[Measured<'_>; 2]) -> Draft {
    let [base, new] = [0, 1].map(|n| {
        let of = |worker: &super::Worker| worker.lines.get(name).copied().unwrap_or(0.0);
        estimate(crews[n], &crews[n].sums(of), &sides[n].units)
    });
    let figures = |crew: &Crew, time: &Estimate| Figures {
        processes: crew.workers.len() as u64,
        unit_ns: time.value(),
        ..Figures::default()
    };
    let change = change(base.clone(), new.clone(), crews, sides);
    // What happened a few times in all takes next to no time, and workers may be alike in that.
    let is_worth_a_ratio = base.value().max(new.value()) > change.resolution;
    Draft {
        role: role.to_string(),
        kind: Kind::Budget,
        name: name.to_owned(),
        base: figures(crews[0], &base),
        new: figures(crews[1], &new),
        ratios: [Contrast::ratio(base, new).filter(|_| is_worth_a_ratio), None, None, None, None],
        change,
        missing: (!is_worth_a_ratio).then_some("too little of the time"),
    }
}

/// The change of a role's part, which is measured by the role's time per unit.
fn change(base: Estimate, new: Estimate, crews: [&Crew; 2], sides: &[Measured<'_>; 2]) -> Contrast {
    let thread_ns: f64 = crews[0].workers.iter().map(|worker| worker.thread_ns).sum();
    Contrast::difference(base, new, thread_ns / sides[0].units[0])
}

fn estimate(crew: &Crew, sums: &[f64], units: &[f64]) -> Estimate {
    // Those that did it: of a single one nobody knows how much it varies.
    Estimate { draws: per_unit(sums, units), workers: crew.workers.len() }
}

fn repeated(
    role: &Role,
    key: &(Kind, String),
    crews: [&Crew; 2],
    sides: &[Measured<'_>; 2],
) -> Draft {
    let pooled = crews
        .map(|crew| Pooled::of(crew.workers.iter().map(|worker| worker.series.get(key)).collect()));
    let of_units = |n: usize, of: fn(&Series) -> u64| {
        let sums = crews[n].draws.sums(&pooled[n].of_each(of));
        estimate(crews[n], &sums, &sides[n].units)
    };
    let [times, rates] = [(|s| s.total_ns) as fn(&Series) -> u64, |s| s.count]
        .map(|of| [of_units(0, of), of_units(1, of)]);
    let quantiles = [0, 1].map(|n| pooled[n].quantiles(&crews[n].draws, SHARES));
    let figures = |n: usize| {
        let count = pooled[n].count();
        let percentile = |at: usize| (count > 0).then(|| whole(quantiles[n][at].value()));
        Figures {
            processes: crews[n].workers.len() as u64,
            unit_ns: times[n].value(),
            count: Some(count),
            #[expect(clippy::cast_precision_loss, reason = "2^53 calls take a while")]
            per_second: Some(count as f64 / seconds(sides[n].recording.report.window_ns)),
            per_unit: Some(rates[n].value()),
            p50: percentile(0),
            p90: percentile(1),
            p99: percentile(2),
            max: pooled[n].max_ns().filter(|_| count > 0),
        }
    };
    let (base, new) = (figures(0), figures(1));
    let fewest = pooled[0].count().min(pooled[1].count());
    let mut ratios = [const { None }; 5];
    if fewest >= FEWEST[0] {
        let [[base_time, new_time], [base_rate, new_rate]] = [times.clone(), rates];
        ratios[0] = Contrast::ratio(base_time, new_time);
        ratios[1] = Contrast::ratio(base_rate, new_rate);
    }
    let [of_base, of_new] = quantiles;
    for (at, (base, new)) in of_base.into_iter().zip(of_new).enumerate() {
        if fewest >= FEWEST[at] {
            ratios[2 + at] = Contrast::ratio(base, new);
        }
    }
    let [base_time, new_time] = times;
    Draft {
        role: role.to_string(),
        kind: key.0,
        name: key.1.clone(),
        base,
        new,
        change: change(base_time, new_time, crews, sides),
        ratios,
        missing: (fewest < FEWEST[2]).then_some("too few of them for each figure"),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was an integer")]
fn whole(ns: f64) -> u64 {
    ns as u64
}

impl Draft {
    /// All that wants an interval, with what runs may differ by in it.
    pub(super) fn contrasts(
        &self,
        allowance: &Allowance,
    ) -> impl Iterator<Item = (&Contrast, f64)> {
        let runs = match self.kind {
            Kind::Budget => allowance.of_line(&self.name),
            Kind::Syscall | Kind::Scheduler => allowance.of_rest(),
        };
        let all = [&self.change].into_iter().chain(self.ratios.iter().flatten());
        all.map(move |contrast| (contrast, runs))
    }

    /// The row; `next` has the intervals of [`contrasts`](Self::contrasts), in their order.
    pub(super) fn row(self, next: &mut impl FnMut() -> Option<(f64, f64)>) -> Row {
        let ends = next();
        let (low_ns, high_ns) = (ends.map(|e| rounded(e.0)), ends.map(|e| rounded(e.1)));
        let mut excluded = ends.map(|(low, high)| low > 0.0 || high < 0.0);
        let intervals = self.ratios.map(|contrast| contrast.and_then(|_| next()));
        for (low, high) in intervals.iter().flatten() {
            excluded = Some(excluded.unwrap_or(false) || *low > 0.0 || *high < 0.0);
        }
        let ratio = |n: usize, base: Option<f64>, new: Option<f64>| {
            let value = new? / base?;
            (value.is_finite() && value > 0.0).then(|| Ratio {
                value,
                low: intervals[n].map(|(low, _)| low.exp()),
                high: intervals[n].map(|(_, high)| high.exp()),
            })
        };
        #[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days")]
        let percentile = |n, base: Option<u64>, new: Option<u64>| {
            ratio(n, base.map(|ns| ns as f64), new.map(|ns| ns as f64))
        };
        let Self { role, kind, name, base, new, change, missing, .. } = self;
        let max = percentile(4, base.max, new.max);
        Row {
            role,
            kind,
            name,
            change_ns: rounded(change.value()),
            low_ns,
            high_ns,
            ratio: Ratios {
                time: ratio(0, Some(base.unit_ns), Some(new.unit_ns)),
                rate: ratio(1, base.per_unit, new.per_unit),
                p50: percentile(2, base.p50, new.p50),
                p90: percentile(3, base.p90, new.p90),
                p99: percentile(4, base.p99, new.p99),
                max: max.map(|max| Ratio { low: None, high: None, ..max }),
            },
            base,
            new,
            significant: excluded,
            no_interval: if change.is_told() {
                missing.map(str::to_owned)
            } else {
                Some("one process on a side".to_owned())
            },
        }
    }
}
