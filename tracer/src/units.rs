//! Figures as people read them.

use std::fmt::{self, Display, Formatter};

/// What stands for a figure that there is none of, or that is not known.
pub(crate) const NONE: &str = "-";

/// Nanoseconds, to three significant digits: `16.2 µs`.
pub(crate) struct Time(pub(super) u64);

impl Display for Time {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 3] = [(1_000, "µs"), (1_000_000, "ms"), (1_000_000_000, "s")];
        const DIGITS: [(u64, usize); 3] = [(100, 2), (10, 1), (1, 0)];
        let Self(ns) = *self;
        if ns < 1_000 {
            return write!(f, "{ns} ns");
        }
        for (unit, name) in UNITS {
            for (scale, decimals) in DIGITS {
                // Rounded before it is judged: 999.9 µs are 1.00 ms, not 1000 µs.
                let scaled = rounded(ns, scale, unit);
                if scaled < 1_000 {
                    let (whole, part) = (scaled / scale, scaled % scale);
                    return match decimals {
                        0 => write!(f, "{whole} {name}"),
                        _ => write!(f, "{whole}.{part:0decimals$} {name}"),
                    };
                }
            }
        }
        write!(f, "{} s", Count(rounded(ns, 1, 1_000_000_000)))
    }
}

/// `value * scale / unit` to the nearest integer; `scale` is at most 100 and `unit` at least 1,000.
fn rounded(value: u64, scale: u64, unit: u64) -> u64 {
    let (whole, rest) = (value / unit, value % unit);
    whole * scale + (rest * scale + unit / 2) / unit
}

/// Nanoseconds as seconds, for moments: their decimals depend on what lies around them.
#[expect(clippy::cast_precision_loss, reason = "a window of 2^53 ns is 104 days long")]
pub(crate) fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

/// An integer with its thousands set apart: `1,042`.
pub(crate) struct Count(pub(super) u64);

impl Display for Count {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let (first, rest) = digits.split_at((digits.len() - 1) % 3 + 1);
        f.write_str(first)?;
        rest.as_bytes()
            .chunks(3)
            .try_for_each(|group| write!(f, ",{}", String::from_utf8_lossy(group)))
    }
}

/// A number to three significant digits, the thousands set apart: `1,042`, `46.1`, `0.00123`.
pub(super) struct Significant(pub(super) f64);

impl Display for Significant {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(value) = *self;
        if !value.is_finite() {
            return f.write_str(NONE);
        }
        // Rounded before it is judged: 9.996 is 10.0, not 10.00.
        let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
        let magnitude = if rounded == 0.0 { 0.0 } else { rounded.abs().log10().floor() };
        if magnitude < 2.0 && rounded != 0.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "from 1 to 326, the decimals of the smallest number there is"
            )]
            let decimals = (2.0 - magnitude) as usize;
            return write!(f, "{value:.decimals$}");
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast of what is too large gives the largest"
        )]
        let whole = value.abs().round() as u64;
        write!(f, "{}{}", if value < 0.0 { "-" } else { "" }, Count(whole))
    }
}

/// A part of a whole in percent, to the precision asked for; none of no whole.
pub(crate) struct Percent {
    pub(crate) part: u64,
    pub(crate) whole: u64,
}

impl Display for Percent {
    #[expect(clippy::cast_precision_loss, reason = "a share of 2^53 is exact enough")]
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.whole == 0 {
            return f.write_str(NONE);
        }
        let precision = f.precision().unwrap_or(2);
        let percent = 100.0 * self.part as f64 / self.whole as f64;
        let text = format!("{percent:.precision$}");
        // Little is not nothing.
        if self.part > 0 && text.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
            return write!(f, "<{}1", &text[..text.len() - 1]);
        }
        f.write_str(&text)
    }
}

/// A count and what is counted: `1 thread`, `8 threads`.
pub(crate) fn counted(count: u64, one: &str, several: &str) -> String {
    format!("{} {}", Count(count), if count == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(ns: u64) -> String {
        Time(ns).to_string()
    }

    #[test]
    fn a_time_has_three_significant_digits_in_the_unit_that_fits() {
        assert_eq!(time(0), "0 ns");
        assert_eq!(time(87), "87 ns");
        assert_eq!(time(1_000), "1.00 µs");
        assert_eq!(time(16_249), "16.2 µs");
        assert_eq!(time(879_400), "879 µs");
        assert_eq!(time(4_430_000), "4.43 ms");
        assert_eq!(time(1_000_000_000), "1.00 s");
        assert_eq!(time(61_260_000_000), "61.3 s");
        assert_eq!(time(12_345_600_000_000), "12,346 s");
    }

    #[test]
    fn a_time_rounds_up_into_the_next_digit_and_unit() {
        assert_eq!(time(999), "999 ns");
        assert_eq!(time(9_994), "9.99 µs");
        assert_eq!(time(9_995), "10.0 µs");
        assert_eq!(time(99_950), "100 µs");
        assert_eq!(time(999_499), "999 µs");
        assert_eq!(time(999_500), "1.00 ms");
        assert_eq!(time(999_500_000_000), "1,000 s");
    }

    #[test]
    fn the_longest_time_there_is_does_not_overflow() {
        assert_eq!(time(u64::MAX), "18,446,744,074 s");
    }

    #[test]
    fn a_count_has_its_thousands_set_apart() {
        let counts = [0, 999, 1_000, 12_345, 123_456, 1_234_567].map(|n| Count(n).to_string());
        assert_eq!(counts, ["0", "999", "1,000", "12,345", "123,456", "1,234,567"]);
    }

    #[test]
    fn a_number_has_three_significant_digits_and_no_more_decimals_than_that() {
        let numbers = [0.0, 0.001_234, 0.1, 1.0, 9.996, 46.12, 99.96, 123.4, 12_345.6, -2.714_9];
        let texts = numbers.map(|number| Significant(number).to_string());
        let expected =
            ["0", "0.00123", "0.100", "1.00", "10.0", "46.1", "100", "123", "12,346", "-2.71"];
        assert_eq!(texts, expected);
        assert_eq!(Significant(f64::INFINITY).to_string(), "-");
    }

    #[test]
    fn a_share_that_is_little_is_not_shown_as_none() {
        let share =
            |part, whole| format!("{:.2} {:.0}", Percent { part, whole }, Percent { part, whole });
        assert_eq!(share(1, 3), "33.33 33");
        assert_eq!(share(0, 3), "0.00 0");
        assert_eq!(share(1, 100_000), "<0.01 <1");
        assert_eq!(share(3, 3), "100.00 100");
    }

    #[test]
    fn a_share_of_nothing_is_unknown() {
        assert_eq!(Percent { part: 0, whole: 0 }.to_string(), "-");
        assert_eq!(Percent { part: 5, whole: 0 }.to_string(), "-");
    }
}
