//! Figures in the sentences of verdicts.

use crate::units::Count;

/// A share as `45 %`.
pub(super) fn percent(share: f64) -> String {
    // A sum of nothing is a negative 0.
    let percent = share * 100.0 + 0.0;
    match percent {
        p if p > 0.0 && p < 0.95 => format!("{p:.1} %"),
        p => format!("{p:.0} %"),
    }
}

/// A number, to three digits or so: `0.95`, `15.5`, `122,000`.
pub(super) fn number(value: f64) -> String {
    match value {
        v if v < 9.95 => format!("{v:.2}"),
        v if v < 99.5 => format!("{v:.1}"),
        v => Count(three_digits(v)).to_string(),
    }
}

/// A number of CPUs: `2`, or `1.5` of a quota.
pub(super) fn cpus(value: f64) -> String {
    let tenths = (value * 10.0).round() / 10.0;
    let what = if tenths == 1.0 { "CPU" } else { "CPUs" };
    format!("{tenths} {what}")
}

/// A count per second: `122,000/s`.
pub(super) fn rate(count: u64, seconds: f64) -> String {
    format!("{}/s", number(per(count, seconds)))
}

/// Bytes as `8.1 MiB`.
pub(super) fn bytes(bytes: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = if value >= 9.95 || unit == 0 { 0 } else { 1 };
    format!("{value:.digits$} {}", UNITS[unit])
}

/// `part` for each of `whole`; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "shares and rates to a few digits")]
pub(super) fn per(part: u64, whole: f64) -> f64 {
    if whole > 0.0 { part as f64 / whole } else { 0.0 }
}

/// The share that `part` is of `whole`; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "shares and rates to a few digits")]
pub(super) fn share(part: u64, whole: u64) -> f64 {
    per(part, whole as f64)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count per second is far below 2^64, and not below 0"
)]
fn three_digits(value: f64) -> u64 {
    let digits = value.max(1.0).log10().floor() - 2.0;
    let unit = 10_f64.powf(digits.max(0.0));
    ((value / unit).round() * unit).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_as_many_digits_as_they_are_worth() {
        assert_eq!([0.449, 0.004, 0.0, 1.0].map(percent), ["45 %", "0.4 %", "0 %", "100 %"]);
        assert_eq!(percent([0.0; 0].iter().sum()), "0 %");
        assert_eq!(
            [0.949, 15.52, 122_345.0, 999.6].map(number),
            ["0.95", "15.5", "122,000", "1,000"]
        );
        assert_eq!([512.0, 8.5e6, 1.3e9].map(bytes), ["512 B", "8.1 MiB", "1.2 GiB"]);
        assert_eq!([2.0, 1.5, 1.0].map(cpus), ["2 CPUs", "1.5 CPUs", "1 CPU"]);
        assert_eq!(rate(5, 2.0), "2.50/s");
        assert_eq!((share(1, 0), per(3, 0.0)), (0.0, 0.0));
    }
}
