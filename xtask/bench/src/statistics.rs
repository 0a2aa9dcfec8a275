//! A few measurements of one thing: the one in the middle, and how far they spread.

use serde::{Deserialize, Serialize};
use statrs::statistics::{Data, Median as _, OrderStatistics as _};

/// Median and quartiles. Means are of no use here: what disturbs a measurement only ever adds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    /// The value in the middle.
    pub(crate) median: f64,
    /// The lower quartile.
    pub(crate) low: f64,
    /// The upper quartile.
    pub(crate) high: f64,
}

impl Spread {
    /// Of some values; `None` of none at all, or if one is not a number.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().collect();
        if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let mut data = Data::new(values);
        Some(Self {
            median: data.median(),
            low: data.lower_quartile(),
            high: data.upper_quartile(),
        })
    }

    /// Of what each value of `all` is more than the value of `base` that was measured in the same
    /// round: what slows a whole round down falls out.
    pub(crate) fn of_differences(all: &[f64], base: &[f64]) -> Option<Self> {
        Self::of(all.iter().zip(base).map(|(value, base)| value - base))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_disturbed_round_moves_neither_the_median_nor_a_difference() {
        let spread = Spread::of([3.0, 1.0, 2.0, 4.0, 900.0]).unwrap();
        assert_eq!(spread.median, 3.0);
        assert!(spread.low >= 1.0 && spread.low <= 2.0, "{spread:?}");
        let added = Spread::of_differences(&[15.0, 115.0, 16.0], &[10.0, 110.0, 10.0]).unwrap();
        assert_eq!(added.median, 5.0);
    }

    #[test]
    fn nothing_measured_is_no_figure() {
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([1.0, f64::NAN]), None);
        assert_eq!(Spread::of([7.0]).unwrap(), Spread { median: 7.0, low: 7.0, high: 7.0 });
    }
}
