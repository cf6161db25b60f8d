//! The kernel's values between rows of features and all support vectors.

use super::KernelFunction;

/// Vectors that are worked on together: as many sums as fit the registers of any processor.
const LANES: usize = 8;

/// Support vectors, laid out for the loop that reads them.
///
/// Blocks of [`LANES`] vectors are stored feature by feature, so that the inner loop adds one feature of a row to that
/// many sums at once: no sum waits for another one, and the compiler makes vector instructions of it. The sums are in
/// double precision, as the libraries' are.
#[derive(Debug)]
pub(super) struct SupportVectors {
    kernel: KernelFunction,
    count: usize,
    width: usize,
    /// `width` groups of lanes for each block; beyond the last vector they are zeros.
    lanes: Vec<[f64; LANES]>,
}

impl SupportVectors {
    /// Of `vectors`, one after the other, with `width` features each. The width is not zero.
    pub(super) fn new(kernel: KernelFunction, vectors: &[f64], width: usize) -> SupportVectors {
        let mut lanes = Vec::with_capacity(vectors.len().div_ceil(LANES));
        for block in vectors.chunks(width * LANES) {
            for feature in 0..width {
                let mut group = [0.0; LANES];
                for (lane, vector) in group.iter_mut().zip(block.chunks_exact(width)) {
                    *lane = vector.get(feature).copied().unwrap_or(0.0);
                }
                lanes.push(group);
            }
        }
        SupportVectors { kernel, count: vectors.len() / width, width, lanes }
    }

    /// The number of features of a vector.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The number of vectors.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Writes the kernel's value between every row and every vector into `values`, row after row.
    pub(super) fn kernel_values(&self, rows: &[f64], values: &mut Vec<f64>) {
        values.clear();
        values.resize(rows.len() / self.width * self.count, 0.0);
        // A block of vectors is read from memory once for all rows.
        for (block, lanes) in self.lanes.chunks_exact(self.width).enumerate() {
            for (row, values) in rows.chunks_exact(self.width).zip(values.chunks_exact_mut(self.count)) {
                let sums = if self.kernel.takes_distance() { distances(row, lanes) } else { products(row, lanes) };
                let values = values.iter_mut().skip(block * LANES);
                values.zip(sums).for_each(|(value, sum)| *value = self.kernel.of(sum));
            }
        }
    }
}

fn products(row: &[f64], lanes: &[[f64; LANES]]) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (&x, group) in row.iter().zip(lanes) {
        sums.iter_mut().zip(group).for_each(|(sum, &vector)| *sum += x * vector);
    }
    sums
}

fn distances(row: &[f64], lanes: &[[f64; LANES]]) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (&x, group) in row.iter().zip(lanes) {
        sums.iter_mut().zip(group).for_each(|(sum, &vector)| *sum += (x - vector) * (x - vector));
    }
    sums
}
