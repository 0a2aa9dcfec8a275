//! How far a difference between two crowds of workers can be trusted.
//!
//! The calls of one worker are not independent of each other, but workers are of workers: so
//! workers are what is drawn again, with replacement, as many as there were, each side for itself.
//! The spread of a figure over such draws is its standard error. All intervals of a comparison
//! hold together in 19 of 20 cases: the widest deviation of any figure decides for all, so that
//! many figures do not make a false alarm likely. Few workers show too little of their spread;
//! Student's t makes up for it.
//!
//! What makes one run differ from the next all workers of a run share, so they cannot show it. It is
//! taken to be a factor on either side, and every interval is widened by it.

use fastrand::Rng;
use statrs::distribution::{ContinuousCDF as _, Normal, StudentsT};

/// Draws of each side.
pub(super) const DRAWS: usize = 1_000;
/// Share of comparisons of like with like in which nothing at all is called different.
const CONFIDENCE: f64 = 0.95;
/// So many workers on one side tell how much a lone one on the other may be off.
const ENOUGH: usize = 4;
/// The same figures give the same intervals.
const SEED: u64 = 0x7472_6163_6572;
/// What a percentile of two digits may be off by, as a share, and any figure is taken to be.
pub(super) const RESOLUTION: f64 = 0.005;

/// How often each worker of a crowd is in each draw. The first draw is the crowd itself.
#[derive(Clone, Debug)]
pub(super) struct Draws(Vec<Vec<f64>>);

impl Draws {
    /// For so many workers. Crowds are told apart by `number`.
    pub(super) fn of(workers: usize, number: u64) -> Self {
        let mut rng = Rng::with_seed(SEED ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut draws = vec![vec![1.0; workers]];
        for _ in 0..if workers == 0 { 0 } else { DRAWS } {
            let mut times = vec![0.0; workers];
            (0..workers).for_each(|_| times[rng.usize(..workers)] += 1.0);
            draws.push(times);
        }
        Self(draws)
    }

    /// Each draw: how often each worker is in it.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[f64]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// The sum of what each worker has, for each draw.
    pub(super) fn sums(&self, of_each: &[f64]) -> Vec<f64> {
        self.iter().map(|times| times.iter().zip(of_each).map(|(n, x)| n * x).sum()).collect()
    }
}

/// A figure of one side: as it was, and as the draws have it.
#[derive(Clone, Debug)]
pub(super) struct Estimate {
    pub(super) draws: Vec<f64>,
    pub(super) workers: usize,
}

impl Estimate {
    pub(super) fn value(&self) -> f64 {
        self.draws.first().copied().unwrap_or(f64::NAN)
    }

    /// Its variance, freed of what small crowds hide of it.
    #[expect(clippy::cast_precision_loss, reason = "there are not that many workers")]
    fn variance(&self) -> f64 {
        let (value, n) = (self.value(), self.workers as f64);
        let draws = &self.draws[1..];
        let spread = draws.iter().map(|draw| (draw - value).powi(2)).sum::<f64>();
        spread / draws.len().max(1) as f64 * n / (n - 1.0)
    }
}

/// A figure of both sides, to be compared by difference; a ratio is a difference of logarithms.
#[derive(Clone, Debug)]
pub(super) struct Contrast {
    pub(super) base: Estimate,
    pub(super) new: Estimate,
    /// It is known no better than this.
    pub(super) resolution: f64,
    /// These are logarithms.
    pub(super) is_ratio: bool,
}

impl Contrast {
    /// A ratio; `None` where one of the sides, or one of its draws, has nothing.
    pub(super) fn ratio(base: Estimate, new: Estimate) -> Option<Self> {
        let log = |mut side: Estimate| {
            let is_there = side.draws.iter().all(|&draw| draw > 0.0 && draw.is_finite());
            side.draws.iter_mut().for_each(|draw| *draw = draw.ln());
            is_there.then_some(side)
        };
        Some(Self { base: log(base)?, new: log(new)?, resolution: RESOLUTION, is_ratio: true })
    }

    /// A difference, of figures that are parts of `whole`.
    pub(super) fn difference(base: Estimate, new: Estimate, whole: f64) -> Self {
        Self { base, new, resolution: RESOLUTION * whole.abs(), is_ratio: false }
    }

    pub(super) fn value(&self) -> f64 {
        self.new.value() - self.base.value()
    }

    /// The least and the most it may be if either side is off by a factor of `e` to the power of
    /// half of `runs`.
    fn range(&self, runs: f64) -> (f64, f64) {
        if self.is_ratio {
            return (self.value() - runs, self.value() + runs);
        }
        let factor = (runs / 2.0).exp();
        let (base, new) = (self.base.value(), self.new.value());
        let (one, other) = (new / factor - base * factor, new * factor - base / factor);
        (one.min(other), one.max(other))
    }

    /// Whether there are workers enough to tell how far it can be trusted.
    pub(super) fn is_told(&self) -> bool {
        can_tell(self.base.workers, self.new.workers)
    }

    /// How far it can be trusted; `None` where too few workers tell.
    #[expect(clippy::cast_precision_loss, reason = "there are not that many workers")]
    fn spread(&self) -> Option<Spread> {
        let [base, new] = [&self.base, &self.new];
        if !self.is_told() {
            return None;
        }
        let (mut variance, mut lost, mut drawn) = (0.0, 0.0, self.resolution.powi(2));
        let mut fewest = f64::INFINITY;
        for (side, other) in [(base, new), (new, base)] {
            let is_lone = side.workers < 2;
            let mut of_side = if is_lone { 0.0 } else { side.variance() };
            drawn += of_side;
            if side.workers < other.workers {
                // Few workers may be alike by chance: they are taken to vary as much as many do.
                let scale = if self.is_ratio { 1.0 } else { side.value() / other.value() };
                let others = other.variance() * scale.powi(2);
                of_side = of_side.max(others * other.workers as f64 / side.workers as f64);
            }
            let degrees = (if is_lone { other.workers } else { side.workers }) as f64 - 1.0;
            variance += of_side;
            lost += of_side.powi(2) / degrees;
            fewest = fewest.min(degrees);
        }
        // Half of what Welch's formula gives: with all of it, one comparison of like with like in
        // eight was called different instead of one in twenty, for times are no normal distribution.
        let welch = variance.powi(2) / lost;
        let degrees = if welch.is_finite() { fewest.max(welch / 2.0) } else { fewest };
        let error = (variance + self.resolution.powi(2)).sqrt();
        // Draws of a lone worker are all alike: they show the spread of the other side alone.
        let drawn = if base.workers.min(new.workers) < 2 { drawn.sqrt() } else { error };
        (error.is_finite() && error > 0.0).then_some(Spread { error, degrees, drawn })
    }
}

/// How far a contrast can be trusted.
#[derive(Clone, Copy, Debug)]
struct Spread {
    /// Its standard error.
    error: f64,
    /// With so many degrees of freedom.
    degrees: f64,
    /// The part of the error that draws show.
    drawn: f64,
}

/// Whether so many workers on either side tell how much workers differ. A lone one is taken to be one
/// of those on the other side, if there are enough of them.
pub(super) fn can_tell(base: usize, new: usize) -> bool {
    let (fewer, more) = (base.min(new), base.max(new));
    fewer >= 2 || (fewer == 1 && more >= ENOUGH)
}

/// An interval for each, all of which hold together; `None` where there can be none. Each comes with the
/// logarithm of the factor by which runs of one thing differ in it.
pub(super) fn intervals(contrasts: &[(&Contrast, f64)]) -> Vec<Option<(f64, f64)>> {
    let spreads: Vec<_> = contrasts.iter().map(|(contrast, _)| contrast.spread()).collect();
    let widest = widest(contrasts, &spreads);
    contrasts
        .iter()
        .zip(spreads)
        .map(|((contrast, runs), spread)| {
            let Spread { error, degrees, drawn: _ } = spread?;
            let reach = error * student(widest?, degrees);
            let (least, most) = contrast.range(*runs);
            reach.is_finite().then_some((least - reach, most + reach))
        })
        .collect()
}

/// The deviation, in standard errors, that no figure of a draw exceeds in 19 of 20 draws.
fn widest(contrasts: &[(&Contrast, f64)], spreads: &[Option<Spread>]) -> Option<f64> {
    let mut deviations = vec![0.0f64; DRAWS];
    for ((contrast, _), spread) in contrasts.iter().zip(spreads) {
        let Some(Spread { drawn, .. }) = spread else { continue };
        let draws = contrast.base.draws[1..].iter().zip(&contrast.new.draws[1..]);
        for (deviation, (base, new)) in deviations.iter_mut().zip(draws) {
            *deviation = deviation.max(((new - base - contrast.value()) / drawn).abs());
        }
    }
    deviations.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place among a thousand"
    )]
    let place = (DRAWS as f64 * CONFIDENCE) as usize;
    let usual = Normal::standard().inverse_cdf(f64::midpoint(CONFIDENCE, 1.0));
    // Never less than for a single figure; beyond six there is nothing more to be sure of.
    deviations.get(place).map(|widest| widest.clamp(usual, 6.0))
}

/// The deviation that is as rare with so many degrees of freedom as this one is with very many.
fn student(deviation: f64, degrees: f64) -> f64 {
    let rest = Normal::standard().sf(deviation);
    StudentsT::new(0.0, 1.0, degrees).map_or(f64::INFINITY, |t| -t.inverse_cdf(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean of these workers' figures.
    fn mean(of_each: &[f64], number: u64) -> Estimate {
        let draws = Draws::of(of_each.len(), number).sums(of_each);
        let workers = of_each.len();
        let draws = draws.into_iter().map(|sum| sum / workers as f64).collect();
        Estimate { draws, workers }
    }

    #[test]
    fn the_standard_error_of_a_mean_is_the_textbooks() {
        let workers: Vec<f64> = (0..20).map(f64::from).collect();
        // Variance of 0 … 19 is 35, of their mean 35 / 20.
        let error = mean(&workers, 1).variance().sqrt();
        assert!((error / 1.75f64.sqrt() - 1.0).abs() < 0.08, "{error}");
    }

    #[test]
    fn one_worker_has_no_interval() {
        let contrast = Contrast::difference(mean(&[3.0], 1), mean(&[1.0, 2.0], 2), 3.0);
        assert_eq!(intervals(&[(&contrast, 0.0)]), [None]);
    }

    #[test]
    fn a_lone_worker_is_taken_to_be_one_of_the_others() {
        let width = |base: &[f64], new: &[f64]| {
            let contrast = Contrast::difference(mean(base, 1), mean(new, 2), 10.0);
            intervals(&[(&contrast, 0.0)])[0].map(|(low, high)| high - low)
        };
        let crowd: Vec<f64> = (0..16).map(|n| f64::from(8 + n % 5)).collect();
        assert_eq!(width(&[10.0], &crowd[..3]), None, "three tell too little");
        let (lone, few) = (width(&[10.0], &crowd).unwrap(), width(&[9.0, 11.0], &crowd).unwrap());
        // One of them is off by their standard deviation, 1.44, and their mean by a quarter of that: with
        // fifteen degrees of freedom 2.13 times either way.
        let expected = 2.0 * 2.13 * (1.44f64.powi(2) * (1.0 + 1.0 / 16.0) + 0.05f64.powi(2)).sqrt();
        assert!((lone / expected - 1.0).abs() < 0.1, "{lone}, not {expected}");
        assert!(few > 0.0);
        assert_eq!(width(&crowd, &[10.0]).map(|it| (it / lone - 1.0).abs() < 0.05), Some(true));
    }

    #[test]
    fn fewer_workers_make_wider_intervals() {
        let width = |n: usize| {
            let workers: Vec<f64> = (0..n).map(|i| (i % 2) as f64).collect();
            let contrast = Contrast::difference(mean(&workers, 1), mean(&workers, 2), 1.0);
            let (low, high) = intervals(&[(&contrast, 0.0)])[0].unwrap();
            high - low
        };
        assert!(width(2) > 2.0 * width(4) && width(4) > 2.0 * width(16));
    }

    #[test]
    fn students_deviation_is_the_tables() {
        // 95 % two-sided: 1.96, 12.71 with one degree of freedom, 2.228 with ten.
        for (degrees, expected) in [(1.0, 12.706), (10.0, 2.228), (1e6, 1.960)] {
            let found = student(1.959_964, degrees);
            assert!((found / expected - 1.0).abs() < 2e-3, "{degrees}: {found}");
        }
    }

    #[test]
    fn the_same_workers_give_the_same_interval_again() {
        let contrast =
            || Contrast::difference(mean(&[1.0, 4.0, 2.0], 1), mean(&[2.0, 2.0, 5.0], 2), 1.0);
        assert_eq!(intervals(&[(&contrast(), 0.0)]), intervals(&[(&contrast(), 0.0)]));
    }
}
