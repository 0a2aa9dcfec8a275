//! The numeric kernel: `scipy.signal.spectrogram(x, 8820, window='hann', nperseg=512,
//! noverlap=256)`, with the whole-array temporaries that `NumPy` makes on the way.

use std::f64::consts::TAU;
use std::hint::black_box;
use std::sync::Arc;

use anyhow::{Context, Result};
use realfft::num_complex::Complex64;
use realfft::{RealFftPlanner, RealToComplex};

use super::break_watch::BreakWatch;

/// Samples in the signal: 30 s at [`RATE`].
const SAMPLES: u32 = 264_600;
/// Samples per second.
const RATE: f64 = 8820.0;
/// Samples in a segment.
const SEGMENT: usize = 512;
/// Samples from one segment's start to the next one's: half of them overlap.
const STEP: usize = 256;
/// Frequencies of a real segment's spectrum, 0 to half the rate.
const BINS: usize = SEGMENT / 2 + 1;

/// What is the same in every turn.
pub(super) struct Kernel {
    /// Periodic Hann window.
    window: Vec<f64>,
    /// From squared magnitudes to a density per hertz.
    scale: f64,
    fft: Arc<dyn RealToComplex<f64>>,
    scratch: Vec<Complex64>,
}

impl Kernel {
    /// Plans the transform.
    pub(super) fn new() -> Self {
        let window: Vec<f64> = (0_u32..)
            .take(SEGMENT)
            .map(|n| 0.5 - 0.5 * (TAU * f64::from(n) / SEGMENT as f64).cos())
            .collect();
        let power: f64 = window.iter().map(|w| w * w).sum();
        let fft = RealFftPlanner::new().plan_fft_forward(SEGMENT);
        let scratch = fft.make_scratch_vec();
        Self { window, scale: 1.0 / (RATE * power), fft, scratch }
    }

    /// One spectrogram of `signal`: segments × [`BINS`] power densities (complex with an imaginary
    /// part of 0, as `SciPy` keeps them until it returns their real part).
    ///
    /// Each temporary is made and dropped where `SciPy` 1.1 on `NumPy` 1.14 does. With 1,032
    /// segments a real one takes R = 4.03 MiB and a complex one C = 4.05 MiB, and the break moves
    /// as the comments say.
    pub(super) fn turn(&mut self, signal: &[f64], heap: &mut BreakWatch) -> Result<Vec<Complex64>> {
        let detrended = black_box(detrended(signal));
        heap.look(); // +R
        let mut windowed = black_box(self.windowed(&detrended));
        heap.look(); // +R
        drop(detrended);
        heap.look(); // a hole below `windowed`
        let spectrum = black_box(self.spectrum(&mut windowed)?);
        heap.look(); // +C, for C does not fit into R
        drop(windowed);
        heap.look(); // a hole of 2R below `spectrum`
        let power = black_box(self.power(&spectrum));
        heap.look(); // fits into the hole
        drop(spectrum);
        heap.look(); // -2R: all above `power` is free
        let result = black_box(power.clone());
        heap.look(); // +C; the caller drops it: -2C
        drop(power);
        heap.look(); // a hole below `result`
        Ok(result)
    }

    fn windowed(&self, detrended: &[f64]) -> Vec<f64> {
        let mut product = Vec::with_capacity(detrended.len());
        for segment in detrended.chunks_exact(SEGMENT) {
            product
                .extend(segment.iter().zip(&self.window).map(|(sample, weight)| sample * weight));
        }
        product
    }

    /// Transforms each segment; `windowed` is used up.
    fn spectrum(&mut self, windowed: &mut [f64]) -> Result<Vec<Complex64>> {
        let mut spectrum = vec![Complex64::default(); windowed.len() / SEGMENT * BINS];
        for (segment, row) in
            windowed.chunks_exact_mut(SEGMENT).zip(spectrum.chunks_exact_mut(BINS))
        {
            self.fft
                .process_with_scratch(segment, row, &mut self.scratch)
                .context("cannot transform a segment")?;
        }
        Ok(spectrum)
    }

    fn power(&self, spectrum: &[Complex64]) -> Vec<Complex64> {
        let mut power: Vec<_> = spectrum.iter().map(Complex64::conj).collect();
        for (value, factor) in power.iter_mut().zip(spectrum) {
            *value *= factor;
        }
        for row in power.chunks_exact_mut(BINS) {
            for value in &mut *row {
                *value *= self.scale;
            }
            // The negative frequencies, left out of a real signal's spectrum, count too; 0 and
            // half the rate have no such twin.
            for value in &mut row[1..BINS - 1] {
                *value *= 2.0;
            }
        }
        power
    }
}

/// The segments of `signal`, each less its mean.
fn detrended(signal: &[f64]) -> Vec<f64> {
    let segments = signal.windows(SEGMENT).step_by(STEP);
    let mut rows = Vec::with_capacity(segments.len() * SEGMENT);
    for segment in segments {
        let mean = segment.iter().sum::<f64>() / SEGMENT as f64;
        rows.extend(segment.iter().map(|sample| sample - mean));
    }
    rows
}

/// The signal: a tone that rises from 0 Hz to half the rate.
pub(super) fn chirp() -> Vec<f64> {
    let length = f64::from(SAMPLES) / RATE;
    (0..SAMPLES)
        .map(|n| f64::from(n) / RATE)
        .map(|at| (TAU * (RATE / 4.0 / length) * at * at).sin())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The power density of one frequency of one segment, by the definition of the transform.
    fn direct(segment: &[f64], bin: usize) -> f64 {
        let count = segment.len() as f64;
        let mean = segment.iter().sum::<f64>() / count;
        let (mut sum, mut power) = (Complex64::default(), 0.0);
        for (n, sample) in segment.iter().enumerate() {
            let weight = 0.5 - 0.5 * (TAU * n as f64 / count).cos();
            let turn = Complex64::from_polar(1.0, -TAU * bin as f64 * n as f64 / count);
            sum += turn * ((sample - mean) * weight);
            power += weight * weight;
        }
        let twin = if bin == 0 || bin == segment.len() / 2 { 1.0 } else { 2.0 };
        twin * sum.norm_sqr() / (RATE * power)
    }

    fn turn(signal: &[f64]) -> Vec<Complex64> {
        Kernel::new().turn(signal, &mut BreakWatch::begin()).unwrap()
    }

    #[test]
    fn a_spectrogram_agrees_with_the_transform_by_definition() {
        let tone: Vec<f64> =
            (0..2000).map(|n| 3.0 + (TAU * 1000.0 * f64::from(n) / RATE).sin()).collect();
        let fast = turn(&tone);
        assert_eq!(fast.len(), 6 * BINS);
        for (row, segment) in fast.chunks_exact(BINS).zip(tone.windows(SEGMENT).step_by(STEP)) {
            for (bin, value) in row.iter().enumerate() {
                let expected = direct(segment, bin);
                assert!((value.re - expected).abs() < 1e-12, "{bin}: {value} for {expected}");
                assert!(value.im.abs() < 1e-12, "{bin}: {value}");
            }
        }
    }

    #[test]
    fn a_tone_is_where_it_should_be_and_has_its_power() {
        let bin = 58; // 58 × 8820 / 512 = 999.1 Hz
        let tone: Vec<f64> =
            (0..SAMPLES).map(|n| (TAU * f64::from(bin) * f64::from(n) / 512.0).sin()).collect();
        let result = turn(&tone);
        assert_eq!(result.len(), 1032 * BINS);
        for row in result.chunks_exact(BINS) {
            let power: f64 = row.iter().map(|value| value.re).sum::<f64>() * RATE / SEGMENT as f64;
            assert!((power - 0.5).abs() < 1e-9, "a sine of amplitude 1 has a power of {power}");
            let top =
                row.iter().map(|value| value.re).enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
            assert_eq!(top.map(|(at, _)| at), usize::try_from(bin).ok());
        }
    }

    #[test]
    fn the_chirp_rises() {
        let result = turn(&chirp());
        let top = |row: usize| {
            let row = &result[row * BINS..(row + 1) * BINS];
            row.iter().enumerate().max_by(|a, b| a.1.re.total_cmp(&b.1.re)).map(|(at, _)| at)
        };
        assert!(top(10) < top(500) && top(500) < top(1000));
    }
}
