//! The numeric kernel: `y = x * 1.5; z = y + x`, each result an array of its own.

/// A new array: `values` times `factor`.
#[inline(never)]
pub(super) fn multiply_by(values: &[f64], factor: f64) -> Vec<f64> {
    values.iter().map(|value| value * factor).collect()
}

/// A new array: `left` plus `right`, element by element.
#[inline(never)]
pub(super) fn add(left: &[f64], right: &[f64]) -> Vec<f64> {
    left.iter().zip(right).map(|(left, right)| left + right).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_new_arrays() {
        let x = [2.0, -4.0];
        let y = multiply_by(&x, 1.5);
        assert_eq!(y, [3.0, -6.0]);
        assert_eq!(add(&y, &x), [5.0, -10.0]);
    }
}
