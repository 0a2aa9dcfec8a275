//! The Universal Scalability Law, fitted to throughputs.
//!
//! X(N) = λN / (1 + σ(N − 1) + κN(N − 1)), after N. J. Gunther, *Guerrilla Capacity Planning* (2007),
//! chapter 4: λ is the throughput of one, σ the share of the work that only one can do at a time, and
//! κ what each pair costs by keeping each other informed. Where κ is above 0 the throughput has a
//! maximum at N\* = √((1 − σ)/κ).

use rmpfit::{MPFitter, MPPar, MPResult};
use serde::Serialize;

/// So many values of N at least: with three, the law goes through every point whatever they are.
pub const FEWEST: usize = 4;

/// Starts of the search for σ and κ; κ is multiplied by 1/N² of the largest N.
const STARTS: [(f64, f64); 5] = [(0.02, 0.01), (0.3, 0.01), (0.02, 1.0), (0.3, 1.0), (0.9, 0.1)];

/// A fitted law.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Law {
    /// λ: throughput of one, in units a second.
    pub lambda: Estimate,
    /// σ: share of the work that only one can do at a time, from 0 to 1.
    pub sigma: Estimate,
    /// κ: cost of each pair, as a share of the work of one.
    pub kappa: Estimate,
    /// Share of the variance of the throughputs that the law explains: 1 is all.
    pub r2: f64,
    /// Typical distance of a run from the law, as a share of the law's throughput.
    pub deviation: f64,
    /// N\*, where throughput is largest; null if it grows without end. Outside of `measured` it is a
    /// guess.
    pub knee: Option<f64>,
    /// The smallest and the largest N that were measured.
    pub measured: [f64; 2],
}

/// A fitted figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// What fits best.
    pub value: f64,
    /// Its standard error; null where it lies at the edge of what is possible.
    pub error: Option<f64>,
}

/// Why no law can be fitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLaw {
    /// There are too few values.
    #[error("no law can be fitted to fewer than {FEWEST} values: here are {0}")]
    TooFew(usize),
    /// The parameter is no number of anything.
    #[error("no law can be fitted: the values of {0} are not all positive numbers")]
    NotNumbers(String),
    /// A throughput is 0.
    #[error("no law can be fitted: no unit of work was done in some run")]
    NoWork,
    /// The search found nothing.
    #[error("no law fits these figures")]
    NoFit,
}

impl Law {
    /// Fits the law to runs, each an N and a throughput above 0. Distances are shares of the law's
    /// throughput, as what disturbs a run slows it by a share; so many workers do not outweigh few.
    ///
    /// # Errors
    /// If the runs do not determine a law.
    pub fn fit(runs: &[(f64, f64)]) -> Result<Self, NoLaw> {
        let mut values: Vec<f64> = runs.iter().map(|(n, _)| *n).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        if values.len() < FEWEST {
            return Err(NoLaw::TooFew(values.len()));
        }
        if runs.iter().any(|(_, throughput)| *throughput <= 0.0) {
            return Err(NoLaw::NoWork);
        }
        let (smallest, largest) = (values[0], values[values.len() - 1]);
        // Of the order of 1, whatever the unit of work is.
        let first = runs.iter().find(|(n, _)| *n == smallest);
        let scale = first.map_or(1.0, |(n, throughput)| throughput / n);
        let mut problem = Problem {
            runs: runs.iter().map(|(n, throughput)| (*n, throughput / scale)).collect(),
            bounds: [
                between(f64::MIN_POSITIVE, f64::INFINITY),
                between(0.0, 1.0),
                between(0.0, 1.0),
            ],
        };
        let fits = STARTS.iter().filter_map(|(sigma, kappa)| {
            let mut found = [1.0, *sigma, kappa / (largest * largest)];
            let status = problem.mpfit(&mut found).ok()?;
            status.best_norm.is_finite().then_some((status.best_norm, found, status.xerror))
        });
        let (distance, [lambda, sigma, kappa], errors) =
            fits.min_by(|(a, ..), (b, ..)| a.total_cmp(b)).ok_or(NoLaw::NoFit)?;
        let free = count(runs.len()) - 3.0;
        let deviation = (distance / free).sqrt();
        let estimate = |which: usize, value: f64, scale: f64| {
            // At a bound there is no error to either side; errors are for distances of 1.
            let error = errors.get(which).copied().filter(|error| *error > 0.0);
            Estimate { value: value * scale, error: error.map(|error| error * deviation * scale) }
        };
        let at = |n: f64| scale * throughput([lambda, sigma, kappa], n);
        Ok(Self {
            lambda: estimate(0, lambda, scale),
            sigma: estimate(1, sigma, 1.0),
            kappa: estimate(2, kappa, 1.0),
            r2: explained(runs, at),
            deviation,
            knee: (kappa > 0.0).then(|| ((1.0 - sigma) / kappa).sqrt().max(1.0)),
            measured: [smallest, largest],
        })
    }

    /// The throughput that the law gives for N.
    #[must_use]
    pub fn throughput(&self, n: f64) -> f64 {
        throughput([self.lambda.value, self.sigma.value, self.kappa.value], n)
    }

    /// The knee, if it lies where something was measured.
    #[must_use]
    pub fn measured_knee(&self) -> Option<f64> {
        self.knee.filter(|knee| (self.measured[0]..=self.measured[1]).contains(knee))
    }
}

fn throughput([lambda, sigma, kappa]: [f64; 3], n: f64) -> f64 {
    lambda * n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0))
}

/// R²: one less the variance around the law over that around the mean. 1 if nothing varies.
fn explained(runs: &[(f64, f64)], law: impl Fn(f64) -> f64) -> f64 {
    let mean = runs.iter().map(|(_, throughput)| throughput).sum::<f64>() / count(runs.len());
    let squares = |distance: &dyn Fn(f64, f64) -> f64| {
        runs.iter().map(|(n, throughput)| distance(*n, *throughput).powi(2)).sum::<f64>()
    };
    let around_law = squares(&|n, throughput| throughput - law(n));
    let around_mean = squares(&|_, throughput| throughput - mean);
    if around_mean > 0.0 { 1.0 - around_law / around_mean } else { 1.0 }
}

fn count(of: usize) -> f64 {
    of as f64
}

fn between(low: f64, up: f64) -> MPPar {
    MPPar {
        limited_low: true,
        limit_low: low,
        limited_up: up.is_finite(),
        limit_up: if up.is_finite() { up } else { 0.0 },
        ..MPPar::new()
    }
}

/// The law as a problem of least squares.
struct Problem {
    runs: Vec<(f64, f64)>,
    bounds: [MPPar; 3],
}

impl MPFitter for Problem {
    fn eval(&mut self, parameters: &[f64], deviates: &mut [f64]) -> MPResult<()> {
        let &[lambda, sigma, kappa] = parameters else { return Err(rmpfit::MPError::Eval) };
        for (deviate, (n, measured)) in deviates.iter_mut().zip(&self.runs) {
            // The same share above and below is the same distance.
            *deviate = (measured / throughput([lambda, sigma, kappa], *n)).ln();
        }
        Ok(())
    }

    fn number_of_points(&self) -> usize {
        self.runs.len()
    }

    fn parameters(&self) -> &[MPPar] {
        &self.bounds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

    /// Runs that follow the law, `repeat` of each value, off by about `noise`; the same each time.
    fn runs(values: &[f64], law: [f64; 3], repeat: usize, noise: f64) -> Vec<(f64, f64)> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut uniform = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / 9_007_199_254_740_992.0
        };
        // The sum of twelve uniform figures, less 6, is very nearly normal with variance 1.
        let mut normal = move || (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        let all = values.iter().flat_map(|n| std::iter::repeat_n(*n, repeat));
        all.map(|n| (n, throughput(law, n) * (noise * normal()).exp())).collect()
    }

    #[track_caller]
    fn assert_near(found: f64, truth: f64, tolerance: f64) {
        assert!((found - truth).abs() <= tolerance, "{found} is not {truth} ±{tolerance}");
    }

    #[test]
    fn a_law_is_found_again_to_the_digit_where_nothing_disturbs() {
        for law in [
            [100.0, 0.05, 0.001],
            [0.003, 0.3, 0.0005],
            [2e9, 0.001, 0.02],
            [50.0, 0.9, 0.0001],
            [7.0, 0.02, 0.3],
        ] {
            let found = Law::fit(&runs(&VALUES, law, 1, 0.0)).unwrap();
            assert_near(found.lambda.value / law[0], 1.0, 1e-5);
            assert_near(found.sigma.value, law[1], 1e-5);
            assert_near(found.kappa.value, law[2], 1e-6);
            assert_near(found.knee.unwrap(), ((1.0 - law[1]) / law[2]).sqrt().max(1.0), 0.01);
            assert_near(found.r2, 1.0, 1e-6);
            assert!(found.deviation < 1e-4, "{found:?}");
        }
    }

    #[test]
    fn with_noise_the_truth_lies_within_the_errors_that_are_given() {
        let law = [100.0, 0.06, 0.0008];
        let found = Law::fit(&runs(&VALUES, law, 5, 0.03)).unwrap();
        for (estimate, truth) in [found.lambda, found.sigma, found.kappa].iter().zip(law) {
            let error = estimate.error.unwrap();
            assert_near(estimate.value, truth, 3.0 * error);
            // And the errors are small enough to mean something.
            assert!(error < 0.4 * truth, "{found:?}");
        }
        assert_near(found.deviation, 0.03, 0.01);
        assert_near(found.knee.unwrap(), 34.3, 4.0);
        assert_eq!(found.measured_knee(), found.knee);
    }

    #[test]
    fn errors_are_as_large_as_what_they_speak_of_varies() {
        // Of many fits, two thirds should lie within one error, and nearly all within three.
        let law = [100.0, 0.1, 0.002];
        let all = runs(&VALUES, law, 200, 0.05);
        let (mut near, mut far) = (0, 0);
        for sample in 0..200 {
            let one: Vec<_> = (0..VALUES.len()).map(|value| all[value * 200 + sample]).collect();
            let sigma = Law::fit(&one).unwrap().sigma;
            let errors = (sigma.value - law[1]).abs() / sigma.error.unwrap_or(f64::INFINITY);
            near += u32::from(errors < 1.0);
            far += u32::from(errors > 3.0);
        }
        // With four degrees of freedom: Student's t has 63 % within one, and 4 % outside of three.
        assert!((90..=160).contains(&near), "{near} of 200 within one error");
        assert!(far < 30, "{far} of 200 outside of three errors");
    }

    #[test]
    fn what_scales_without_end_has_no_knee() {
        let found = Law::fit(&runs(&VALUES, [10.0, 0.0, 0.0], 2, 0.0)).unwrap();
        assert_near(found.sigma.value, 0.0, 1e-6);
        assert_near(found.throughput(64.0), 640.0, 0.1);
        assert_eq!(found.measured_knee(), None);
        // Better than linear is at the edge of the law.
        let better: Vec<_> = VALUES.iter().map(|n| (*n, n.powf(1.2))).collect();
        let found = Law::fit(&better).unwrap();
        assert_eq!((found.sigma.value, found.sigma.error), (0.0, None));
        assert_eq!((found.knee, found.kappa.value), (None, 0.0));
    }

    #[test]
    fn a_knee_behind_the_last_value_is_none_that_was_measured() {
        let found = Law::fit(&runs(&VALUES[..5], [10.0, 0.02, 0.0001], 2, 0.0)).unwrap();
        assert_near(found.knee.unwrap(), 99.0, 1.0);
        assert_eq!(found.measured_knee(), None);
    }

    #[test]
    fn too_few_values_determine_nothing_however_often_they_are_measured() {
        let few = runs(&VALUES[..3], [10.0, 0.1, 0.01], 9, 0.0);
        assert_eq!(Law::fit(&few), Err(NoLaw::TooFew(3)));
        assert_eq!(Law::fit(&[]), Err(NoLaw::TooFew(0)));
        let idle = [(1.0, 1.0), (2.0, 0.0), (3.0, 1.0), (4.0, 1.0)];
        assert_eq!(Law::fit(&idle), Err(NoLaw::NoWork));
    }
}
