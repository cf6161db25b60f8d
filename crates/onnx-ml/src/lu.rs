//! Systems of linear equations, by the LU decomposition with partial pivoting (Golub and Van Loan, *Matrix Computations*,
//! algorithm 3.4.1), in double precision.

/// A square matrix, decomposed once for many right-hand sides.
#[derive(Debug)]
pub(crate) struct Lu {
    /// Below the diagonal the lower factor, whose diagonal is ones; above and on it the upper one.
    factors: Vec<Vec<f64>>,
    /// Which row of the matrix each row of the factors was.
    order: Vec<usize>,
}

impl Lu {
    /// The decomposition of a matrix whose `rows` all have as many elements as there are rows; `None` if it is singular.
    #[allow(
        clippy::indexing_slicing,
        reason = "every index is below the number of rows, which all rows have in length"
    )]
    pub(crate) fn decompose(mut rows: Vec<Vec<f64>>) -> Option<Lu> {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        for step in 0..rows.len() {
            let pivot = (step..rows.len()).max_by(|&a, &b| rows[a][step].abs().total_cmp(&rows[b][step].abs()))?;
            rows.swap(step, pivot);
            order.swap(step, pivot);
            let (done, below) = rows.split_at_mut(step + 1);
            let pivot = &done[step];
            if pivot[step] == 0. || !pivot[step].is_finite() {
                return None;
            }
            for row in below {
                let factor = row[step] / pivot[step];
                row[step] = factor;
                subtract(&mut row[step + 1..], factor, &pivot[step + 1..]);
            }
        }
        Some(Lu { factors: rows, order })
    }

    pub(crate) fn size(&self) -> usize {
        self.order.len()
    }

    /// Solves for all columns of `right`, `size × columns` values row by row.
    #[allow(
        clippy::indexing_slicing,
        reason = "both factors have as many rows and columns as the right-hand side rows"
    )]
    pub(crate) fn solve(&self, right: &[f64], columns: usize) -> Vec<f64> {
        let mut rows: Vec<Vec<f64>> =
            self.order.iter().map(|&row| right[row * columns..(row + 1) * columns].to_vec()).collect();
        for (at, factors) in self.factors.iter().enumerate() {
            let (solved, row) = rows.split_at_mut(at);
            for (above, &factor) in solved.iter().zip(factors) {
                subtract(&mut row[0], factor, above);
            }
        }
        for (at, factors) in self.factors.iter().enumerate().rev() {
            let (row, solved) = rows[at..].split_at_mut(1);
            for (below, &factor) in solved.iter().zip(&factors[at + 1..]) {
                subtract(&mut row[0], factor, below);
            }
            row[0].iter_mut().for_each(|value| *value /= factors[at]);
        }
        rows.concat()
    }
}

/// Subtracts `factor` times `other`.
fn subtract(row: &mut [f64], factor: f64, other: &[f64]) {
    for (value, other) in row.iter_mut().zip(other) {
        *value -= factor * other;
    }
}
