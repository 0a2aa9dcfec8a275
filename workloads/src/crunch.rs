//! Arithmetic that takes time and no memory.

use std::hint::black_box;

/// Steps of the logistic map, each of which needs the one before: a few nanoseconds each.
#[inline]
pub(crate) fn crunch(steps: u64) -> f64 {
    let mut value = black_box(0.4);
    for _ in 0..steps {
        value = 3.7 * value * (1.0 - value);
    }
    black_box(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_each_other() {
        assert!((crunch(1) - 0.888).abs() < 1e-12);
        assert!((crunch(2) - 3.7 * 0.888 * 0.112).abs() < 1e-12);
    }
}
