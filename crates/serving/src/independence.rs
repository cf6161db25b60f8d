//! Whether a row's answer depends on the rows beside it.
//!
//! For nearly every model it does not, and rows of different requests may run together. It does where a graph reduces
//! over its batch axis: a softmax over the wrong axis, or a dynamic quantisation whose scale is that of the whole batch.

use ferrocast_engine::{EngineError, Tensor};
use ferrocast_pipeline::{Encoded, Pipeline, PredictError, split_outputs};

use crate::varied::Variation;

/// How far a number may be from the one that the row gives alone: kernels for several rows add up in another order.
const TOLERANCE: f64 = 1e-4;

/// What rows are to each other in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Company {
    /// Each is answered as it is alone.
    Independent,
    /// The answer to a row depends on the others: requests are neither joined nor cut.
    Dependent,
    /// A run takes one row: requests are cut, and never joined.
    Alone,
}

impl Company {
    /// Tries it.
    pub(crate) fn of(pipeline: &Pipeline) -> Company {
        if pipeline.is_row_by_row() {
            return Company::Alone;
        }
        match rows_are_independent(pipeline) {
            Ok(true) => Company::Independent,
            Ok(false) => Company::Dependent,
            // Two rows fail, where one does not.
            Err(_) => Company::Alone,
        }
    }
}

/// Runs two different rows alone and together, and compares.
///
/// # Errors
/// If the rows together fail, or the example alone does.
fn rows_are_independent(pipeline: &Pipeline) -> Result<bool, PredictError> {
    let first = pipeline.encode_examples(&pipeline.examples(1))?.into_owned();
    let alone = pipeline.infer(&first)?;
    // A model may refuse made-up numbers; it is compared with itself then.
    let varied = Variation::new().of(&first);
    let (second, second_alone) = match pipeline.infer(&varied) {
        Ok(outputs) => (varied, outputs),
        Err(_) => (first.clone(), alone.clone()),
    };
    let alone = [alone, second_alone];
    let together = pipeline.infer(&Encoded::join(&[first, second]).map_err(EngineError::from)?)?;
    let Ok(together) = split_outputs(&together, &[1, 1]) else { return Ok(false) };
    Ok(alone.iter().zip(&together).all(|(alone, together)| alike(alone, together)))
}

fn alike(alone: &[Tensor], together: &[Tensor]) -> bool {
    alone.len() == together.len() && alone.iter().zip(together).all(|(a, b)| close(a, b))
}

fn close(a: &Tensor, b: &Tensor) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= TOLERANCE * (1.0 + a.abs()) || a == b || (a.is_nan() && b.is_nan());
    match (a, b) {
        (Tensor::F32(a), Tensor::F32(b)) => {
            a.shape() == b.shape() && a.iter().zip(b).all(|(&a, &b)| near(f64::from(a), f64::from(b)))
        }
        (Tensor::F64(a), Tensor::F64(b)) => a.shape() == b.shape() && a.iter().zip(b).all(|(&a, &b)| near(a, b)),
        _ => a == b,
    }
}
