//! Rows that differ from the example, to measure with.
//!
//! One row again and again would flatter whatever takes a path through its weights: every tree would answer from the
//! nearest cache. What the values are does not matter, as long as they differ.

use ferrocast_engine::Tensor;
use ferrocast_pipeline::Encoded;

/// Makes rows out of rows, each time other ones, the same ones in every process.
#[derive(Debug)]
pub(crate) struct Variation {
    state: u64,
}

impl Variation {
    pub(crate) fn new() -> Variation {
        Variation { state: 0x9e37_79b9_7f4a_7c15 }
    }

    /// Rows whose floating-point numbers are about as large. What may be a position or a category stays.
    pub(crate) fn of(&mut self, rows: &Encoded) -> Encoded {
        let vary = |tensor: &Tensor| match tensor {
            Tensor::F32(array) => Tensor::from_array(array.mapv(|x| x + x.abs().max(1.0) * self.next() as f32)),
            Tensor::F64(array) => Tensor::from_array(array.mapv(|x| x + x.abs().max(1.0) * self.next())),
            other => other.clone(),
        };
        Encoded { tensors: rows.tensors.iter().map(vary).collect(), rows: rows.rows }
    }

    /// From -2 to 2, by Marsaglia's xorshift.
    fn next(&mut self) -> f64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as f64 / (1u64 << 51) as f64 - 2.0
    }
}
