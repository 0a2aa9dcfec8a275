//! A distribution of times: count, sum and maximum exact, the shape to two significant digits.

use std::borrow::Cow;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Serializer as _, V2DeflateSerializer},
};

/// Significant digits of the shape. Two keep 64 processes × 50 metrics within 64 MiB.
const DIGITS: u8 = 2;

/// A distribution of nanoseconds. Takes next to no memory while it is empty.
#[derive(Clone, Debug, Default)]
pub struct Hist {
    count: u64,
    sum: u64,
    max: u64,
    /// Times of 0, as long as there is no other one: most calls wait for nothing, and the parts of
    /// theirs that are waits take no memory.
    zeros: u64,
    shape: Option<Box<Histogram<u32>>>,
}

impl Hist {
    /// Adds one time.
    pub fn record(&mut self, ns: u64) {
        self.count += 1;
        self.sum = self.sum.saturating_add(ns);
        self.max = self.max.max(ns);
        if ns == 0 && self.shape.is_none() {
            self.zeros += 1;
        } else if let Some(shape) = self.shape_mut()
            && let Err(e) = shape.record(ns)
        {
            log::warn!("percentiles leave out a time of {ns} ns: {e}");
        }
    }

    /// Adds so many times of which only sum and maximum are known. Percentiles are unknown until
    /// [`shape`](Self::shape) has told of as many.
    pub fn fold(&mut self, count: u64, sum: u64, max: u64) {
        self.count += count;
        self.sum = self.sum.saturating_add(sum);
        self.max = self.max.max(max);
    }

    /// Says that so many of the folded times were about this long.
    pub fn shape(&mut self, ns: u64, count: u32) {
        if ns == 0 && self.shape.is_none() {
            self.zeros += u64::from(count);
        } else if let Some(shape) = self.shape_mut()
            && let Err(e) = shape.record_n(ns, count)
        {
            log::warn!("percentiles leave out {count} times of about {ns} ns: {e}");
        }
    }

    /// The shape, as far as it is known; `None` of nothing.
    fn known_shape(&self) -> Option<Cow<'_, Histogram<u32>>> {
        match &self.shape {
            Some(shape) => Some(Cow::Borrowed(shape.as_ref())),
            None if self.zeros > 0 => of_zeros(self.zeros).map(Cow::Owned),
            None => None,
        }
    }

    /// The shape, if it is that of all times.
    fn whole_shape(&self) -> Option<Cow<'_, Histogram<u32>>> {
        self.known_shape().filter(|shape| self.count > 0 && shape.len() == self.count)
    }

    /// Adds all that is in another one.
    pub fn absorb(&mut self, other: &Self) {
        self.count += other.count;
        self.sum = self.sum.saturating_add(other.sum);
        self.max = self.max.max(other.max);
        if self.shape.is_none() && other.shape.is_none() {
            self.zeros += other.zeros;
        } else if let (Some(theirs), Some(shape)) = (other.known_shape(), self.shape_mut())
            && let Err(e) = shape.add(theirs.as_ref())
        {
            log::warn!("percentiles leave out {} times: {e}", other.count);
        }
    }

    fn shape_mut(&mut self) -> Option<&mut Histogram<u32>> {
        if self.shape.is_none() {
            self.shape = of_zeros(self.zeros).map(Box::new);
            self.zeros = 0;
        }
        self.shape.as_deref_mut()
    }

    /// How many times there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// Their mean; `None` without any.
    #[must_use]
    pub fn mean(&self) -> Option<u64> {
        self.sum.checked_div(self.count)
    }

    /// The largest; `None` without any.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// The time that a share `quantile` (0 to 1) of them does not exceed; `None` without any, or
    /// where it is unknown.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        let shape = self.whole_shape()?;
        // A bucket's upper edge may lie above every time in it.
        Some(shape.value_at_quantile(quantile).min(self.max))
    }

    /// Its shape in the compressed V2 form of `HdrHistogram`, in base64, which the tools of all its
    /// implementations read. Empty if there is nothing in it.
    #[must_use]
    pub fn encoded(&self) -> String {
        let Some(shape) = self.known_shape().filter(|_| self.count > 0) else {
            return String::new();
        };
        let mut bytes = Vec::new();
        match V2DeflateSerializer::new().serialize(shape.as_ref(), &mut bytes) {
            Ok(_) => BASE64_STANDARD.encode(bytes),
            Err(e) => {
                log::warn!("a recorded distribution is left empty: {e}");
                String::new()
            }
        }
    }

    /// The numbers of times between one power of two and the next: lower edge, upper edge, count.
    /// None where they are unknown.
    pub fn octaves(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        let mut octaves = [0u64; 64];
        if let Some(shape) = self.whole_shape() {
            for step in shape.iter_recorded() {
                let value = shape.lowest_equivalent(step.value_iterated_to()).max(1);
                octaves[value.ilog2() as usize] += step.count_since_last_iteration();
            }
        }
        let used = |n: &usize| octaves[*n] > 0;
        let first = (0..64).find(used).unwrap_or(0);
        let past = (0..64).rfind(used).map_or(0, |last| last + 1);
        (first..past).map(move |n| {
            let from = if n == 0 { 0 } else { 1 << n };
            (from, (1u64 << n).saturating_mul(2), octaves[n])
        })
    }
}

/// The shape of so many times of 0.
fn of_zeros(mut count: u64) -> Option<Histogram<u32>> {
    let mut shape = Histogram::new(DIGITS).ok()?;
    shape.auto(true);
    while count > 0 {
        let some = u32::try_from(count).unwrap_or(u32::MAX);
        shape.record_n(0, some).ok()?;
        count -= u64::from(some);
    }
    Some(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: &[u64]) -> Hist {
        let mut hist = Hist::default();
        times.iter().for_each(|&ns| hist.record(ns));
        hist
    }

    #[test]
    fn count_sum_mean_and_max_are_exact() {
        let hist = of(&[1, 1_000_003, 17, 123_456_789_012]);
        assert_eq!(hist.count(), 4);
        assert_eq!(hist.sum(), 1 + 1_000_003 + 17 + 123_456_789_012);
        assert_eq!(hist.max(), Some(123_456_789_012));
        assert_eq!(hist.mean(), Some(hist.sum() / 4));
    }

    #[test]
    fn percentiles_are_right_to_one_per_cent() {
        let hist = of(&(1..=100_000).map(|n| n * 1_000).collect::<Vec<_>>());
        for (quantile, exact) in [(0.5, 50_000_000.0), (0.9, 90_000_000.0), (0.99, 99_000_000.0)] {
            let got = hist.quantile(quantile).unwrap() as f64;
            assert!((got / exact - 1.0).abs() < 0.01, "{quantile}: {got} for {exact}");
        }
    }

    #[test]
    fn no_percentile_exceeds_the_maximum() {
        let hist = of(&[1_001]);
        assert_eq!(hist.quantile(0.5), Some(1_001));
        assert_eq!(hist.quantile(1.0), Some(1_001));
    }

    #[test]
    fn nothing_is_known_of_an_empty_one() {
        let hist = Hist::default();
        assert_eq!((hist.mean(), hist.max(), hist.quantile(0.5)), (None, None, None));
        assert_eq!(hist.octaves().count(), 0);
    }

    #[test]
    fn two_put_together_are_as_one_recorded_at_once() {
        let mut left = of(&[1, 2, 3_000_000]);
        left.absorb(&of(&[5, 7_000_000_000]));
        left.absorb(&Hist::default());
        let both = of(&[1, 2, 3_000_000, 5, 7_000_000_000]);
        assert_eq!((left.count(), left.sum(), left.max()), (both.count(), both.sum(), both.max()));
        assert_eq!(left.quantile(0.5), both.quantile(0.5));
    }

    #[test]
    fn percentiles_of_folded_times_are_unknown_until_their_shape_is() {
        let mut hist = of(&[100]);
        hist.fold(2, 900, 600);
        assert_eq!((hist.count(), hist.sum(), hist.max()), (3, 1_000, Some(600)));
        assert_eq!((hist.mean(), hist.quantile(0.5)), (Some(333), None));
        assert_eq!(hist.octaves().count(), 0);
        hist.shape(310, 1);
        assert_eq!(hist.quantile(0.5), None, "one is still missing");
        hist.shape(620, 1);
        assert_eq!(hist.quantile(0.1), Some(100));
        assert_eq!(hist.quantile(1.0), Some(600), "no more than the maximum");
    }

    #[test]
    fn times_of_zero_are_times_like_any_other() {
        let mut hist = of(&[0, 0, 0]);
        assert_eq!((hist.count(), hist.max(), hist.quantile(0.99)), (3, Some(0), Some(0)));
        assert_eq!(hist.octaves().collect::<Vec<_>>(), [(0, 2, 3)]);
        assert!(!hist.encoded().is_empty());
        hist.record(500);
        assert_eq!((hist.quantile(0.75), hist.quantile(1.0)), (Some(0), Some(500)));
        let mut later = of(&[0, 0]);
        later.absorb(&hist);
        assert_eq!(later.quantile(5.0 / 6.0), Some(0));
        hist.absorb(&of(&[0, 0]));
        assert_eq!((hist.count(), hist.quantile(5.0 / 6.0)), (6, Some(0)));
        assert_eq!(hist.octaves().map(|(_, _, n)| n).sum::<u64>(), 6);
    }

    #[test]
    fn octaves_cover_every_time_once() {
        let hist = of(&[0, 1, 2, 3, 4, 1_000, 1_000_000]);
        assert_eq!(hist.octaves().map(|(_, _, n)| n).sum::<u64>(), 7);
        assert_eq!(hist.octaves().next(), Some((0, 2, 2)));
        assert!(hist.octaves().all(|(from, to, _)| from < to));
    }
}
