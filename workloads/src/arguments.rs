//! Arguments that several workloads take.

use std::time::Duration;

/// Parses a number of seconds above 0, such as `10` or `0.5`.
///
/// # Errors
/// If it is none.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("'{text}' is not a number of seconds"))?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("the number of seconds has to be above 0 and not without end".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_above_nothing_and_below_eternity() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds("10"), Ok(Duration::from_secs(10)));
        for wrong in ["0", "-1", "nan", "inf", "1e300", "", "1s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
