//! Distributions as recordings hold them, which may come from anywhere.

use std::io::Read as _;

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::read::ZlibDecoder;
use hdrhistogram::{Histogram, serialization::Deserializer};

/// A distribution of nanoseconds.
pub type Distribution = Histogram<u64>;

/// Bytes of the heads of the two forms: cookie and length; and of the inner one six fields.
const OUTER: usize = 8;
const INNER: usize = 40;
/// Digits that we write. More would only take memory: five digits take 50 MB for each histogram.
const MAX_DIGITS: u32 = 3;
/// A histogram of three digits has at most 57,344 counts, none of which we let take more.
const LONGEST: u64 = 57_344 * LONGEST_COUNT as u64;
/// Bytes of the longest count: 32 bits and a sign, seven in each byte.
const LONGEST_COUNT: usize = 5;

/// Reads a distribution in the compressed V2 form of `HdrHistogram`, in base64. An empty text is an
/// empty one.
///
/// # Errors
/// If it is none, or one that takes more memory than any recording of ours needs.
pub fn decode(text: &str) -> Result<Distribution> {
    if text.is_empty() {
        return Distribution::new(2).context("cannot make an empty histogram");
    }
    let bytes = BASE64_STANDARD.decode(text).context("a histogram is not base64")?;
    ensure!(bytes.len() > OUTER, "a histogram is cut short");
    let mut plain = Vec::new();
    ZlibDecoder::new(&bytes[OUTER..])
        .take(INNER as u64 + LONGEST + 1)
        .read_to_end(&mut plain)
        .context("a histogram is not compressed as the V2 form is")?;
    check(&plain)?;
    let decoded = Deserializer::new().deserialize(&mut plain.as_slice());
    decoded.map_err(|e| anyhow::anyhow!("a histogram is damaged: {e}"))
}

/// Refuses what the library would spend memory on, or stumble over.
fn check(plain: &[u8]) -> Result<()> {
    ensure!(plain.len() >= INNER, "a histogram is cut short");
    let field = |at: usize| plain[at..at + 4].iter().fold(0u32, |n, b| n << 8 | u32::from(*b));
    let (length, digits) = (field(4), field(12));
    ensure!(
        (1..=MAX_DIGITS).contains(&digits),
        "a histogram of {digits} significant digits is none of ours"
    );
    let counts = &plain[INNER..];
    if u32::try_from(counts.len()) != Ok(length) || counts.len() as u64 > LONGEST {
        bail!("a histogram's length of {length} bytes is not that of its {} bytes", counts.len());
    }
    let mut run = 0;
    for byte in counts {
        run = if byte & 0x80 == 0 { 0 } else { run + 1 };
        ensure!(run < LONGEST_COUNT, "a histogram has a count that is too large");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Hist;

    #[test]
    fn a_distribution_comes_back_as_it_was() {
        let mut hist = Hist::default();
        for n in 0..10_000u64 {
            hist.record(n * n * n);
        }
        let back = decode(&hist.encoded()).unwrap();
        assert_eq!(back.len(), 10_000);
        for quantile in [0.1, 0.5, 0.9, 0.99, 0.999] {
            // The live one never shows more than the maximum, which it knows exactly.
            let value = back.value_at_quantile(quantile).min(hist.max().unwrap());
            assert_eq!(Some(value), hist.quantile(quantile));
        }
    }

    #[test]
    fn nothing_is_an_empty_distribution() {
        assert_eq!(decode(&Hist::default().encoded()).unwrap().len(), 0);
    }

    /// The compressed form of these bytes.
    fn wrapped(plain: &[u8]) -> String {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut zlib, plain).unwrap();
        let zlib = zlib.finish().unwrap();
        let mut bytes = 0x1c84_9314u32.to_be_bytes().to_vec();
        bytes.extend(u32::try_from(zlib.len()).unwrap().to_be_bytes());
        bytes.extend(zlib);
        BASE64_STANDARD.encode(bytes)
    }

    fn plain(digits: u32, length: u32, low: u64, high: u64, counts: &[u8]) -> Vec<u8> {
        let mut plain = 0x1c84_9313u32.to_be_bytes().to_vec();
        plain.extend(length.to_be_bytes());
        plain.extend(0u32.to_be_bytes());
        plain.extend(digits.to_be_bytes());
        plain.extend(low.to_be_bytes());
        plain.extend(high.to_be_bytes());
        plain.extend(1f64.to_be_bytes());
        plain.extend(counts);
        plain
    }

    #[test]
    fn absurd_parameters_are_refused_before_they_cost_anything() {
        let good = plain(2, 1, 1, 1_000, &[2]);
        assert_eq!(decode(&wrapped(&good)).unwrap().len(), 1);
        for bad in [
            plain(5, 1, 1, u64::MAX, &[2]),
            plain(0, 1, 1, 1_000, &[2]),
            plain(2, u32::MAX, 1, 1_000, &[2]),
            plain(2, 1, 0, 1_000, &[2]),
            plain(2, 1, u64::MAX, 1, &[2]),
            plain(2, 9, 1, 1_000, &[0xff; 9]),
            plain(2, 400_000, 1, 1_000, &vec![0; 400_000]),
            good[..20].to_vec(),
        ] {
            let error = decode(&wrapped(&bad)).unwrap_err().to_string();
            assert!(error.starts_with("a histogram"), "{error}");
        }
        for bad in ["!", "AAAA", "HISTFAAAAAA="] {
            decode(bad).unwrap_err();
        }
    }
}
