//! The numeric kernel: rows of a product of two square matrices.

use std::ops::Range;

use anyhow::{Context, Result};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayViewMut2, s};

/// What is multiplied.
#[derive(Debug)]
pub(super) struct Factors {
    left: Array2<f64>,
    right: Array2<f64>,
}

impl Factors {
    /// Two matrices of `size` rows and columns.
    pub(super) fn new(size: usize) -> Self {
        let left = Array2::from_shape_fn((size, size), |(row, column)| ((row + column) % 7) as f64);
        let right = Array2::from_shape_fn((size, size), |(row, column)| (row * column % 5) as f64);
        Self { left, right }
    }

    /// Computes `rows` of the product into `strip`, which has as many rows of the matrices' length.
    ///
    /// # Errors
    /// If `strip` has another length.
    #[inline(never)]
    pub(super) fn multiply_strip(&self, rows: Range<usize>, strip: &mut [f64]) -> Result<()> {
        let shape = (rows.len(), self.right.ncols());
        let mut strip = ArrayViewMut2::from_shape(shape, strip)
            .context("a strip of a product has another size than its rows")?;
        general_mat_mul(1.0, &self.left.slice(s![rows, ..]), &self.right, 0.0, &mut strip);
        Ok(())
    }
}

/// The rows of strip `index`, of `count` nearly equal ones that make up `size` rows.
pub(super) fn rows_of(index: usize, count: usize, size: usize) -> Range<usize> {
    index * size / count..(index + 1) * size / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_of_a_product_are_the_product_by_definition() {
        let size = 33;
        let factors = Factors::new(size);
        for count in [1, 4, 50] {
            let mut product = Vec::new();
            for rows in (0..count).map(|index| rows_of(index, count, size)) {
                let mut strip = vec![f64::NAN; rows.len() * size];
                factors.multiply_strip(rows, &mut strip).unwrap();
                product.extend(strip);
            }
            assert_eq!(product.len(), size * size);
            for (at, value) in product.into_iter().enumerate() {
                let (row, column) = (at / size, at % size);
                let terms = (0..size).map(|k| (row + k) % 7 * (k * column % 5));
                assert!((value - terms.sum::<usize>() as f64).abs() < 1e-9, "{row}, {column}");
            }
        }
    }

    #[test]
    fn a_strip_of_another_size_is_an_error() {
        assert!(Factors::new(4).multiply_strip(0..2, &mut [0.0; 7]).is_err());
    }
}
