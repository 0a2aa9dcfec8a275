//! Percentiles of all calls of a crowd of workers, for each draw of them.

use std::collections::BTreeSet;

use super::{
    bootstrap::{Draws, Estimate},
    measure::Series,
};

/// What one crowd did many times.
pub(super) struct Pooled<'a> {
    series: Vec<Option<&'a Series>>,
    /// The lengths there are, rising.
    lengths: Vec<u64>,
    /// For each worker, how many there are of each length.
    counts: Vec<Vec<f64>>,
}

impl<'a> Pooled<'a> {
    pub(super) fn of(series: Vec<Option<&'a Series>>) -> Self {
        let known = series.iter().flatten().flat_map(|series| series.shape.keys().copied());
        let lengths: Vec<u64> = known.collect::<BTreeSet<_>>().into_iter().collect();
        #[expect(clippy::cast_precision_loss, reason = "2^53 calls take a while")]
        let count = |series: Option<&Series>, ns: &u64| {
            series.and_then(|series| series.shape.get(ns)).map_or(0.0, |count| *count as f64)
        };
        let counts = series
            .iter()
            .map(|series| lengths.iter().map(|ns| count(*series, ns)).collect())
            .collect();
        Self { series, lengths, counts }
    }

    /// What all workers have together.
    fn sum(&self, of: impl Fn(&Series) -> u64) -> u64 {
        self.series.iter().flatten().map(|series| of(series)).fold(0, u64::saturating_add)
    }

    pub(super) fn count(&self) -> u64 {
        self.sum(|series| series.count)
    }

    pub(super) fn max_ns(&self) -> Option<u64> {
        self.series.iter().flatten().map(|series| series.max_ns).max()
    }

    /// What each worker has.
    #[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days")]
    pub(super) fn of_each(&self, of: impl Fn(&Series) -> u64) -> Vec<f64> {
        self.series.iter().map(|series| series.map_or(0.0, |series| of(series) as f64)).collect()
    }

    /// The lengths that shares of them, rising, do not exceed, in each draw.
    #[expect(clippy::cast_precision_loss, reason = "2^53 ns are 104 days")]
    pub(super) fn quantiles<const N: usize>(
        &self,
        draws: &Draws,
        shares: [f64; N],
    ) -> [Estimate; N] {
        let mut found = [const { Vec::new() }; N];
        let mut pooled = vec![0.0; self.lengths.len()];
        for times in draws.iter() {
            pooled.fill(0.0);
            for (n, counts) in times.iter().zip(&self.counts).filter(|(n, _)| **n > 0.0) {
                pooled.iter_mut().zip(counts).for_each(|(sum, count)| *sum += n * count);
            }
            let all: f64 = pooled.iter().sum();
            let (mut place, mut up_to) = (0, pooled.first().copied().unwrap_or(0.0));
            for (share, found) in shares.iter().zip(&mut found) {
                while up_to < share * all && place + 1 < pooled.len() {
                    place += 1;
                    up_to += pooled[place];
                }
                found.push(self.lengths.get(place).map_or(0.0, |ns| *ns as f64));
            }
        }
        let workers = self.series.iter().flatten().filter(|series| series.count > 0).count();
        found.map(|draws| Estimate { draws, workers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(lengths: &[u64]) -> Series {
        let mut series = Series::default();
        for &ns in lengths {
            *series.shape.entry(ns).or_default() += 1;
            series.count += 1;
        }
        series
    }

    #[test]
    fn percentiles_are_those_of_all_calls_together() {
        let (short, long) = (series(&(1..=90).collect::<Vec<_>>()), series(&[500; 10]));
        let pooled = Pooled::of(vec![Some(&short), None, Some(&long)]);
        let draws = Draws::of(3, 1);
        let [p50, p90, p99] = pooled.quantiles(&draws, [0.5, 0.9, 0.99]);
        assert_eq!([p50.value(), p90.value(), p99.value()], [50.0, 90.0, 500.0]);
        assert_eq!(p50.workers, 2);
    }
}
