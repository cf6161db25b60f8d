//! `Add`, `Sub`, `Mul` and `Div` of floats: what exporters make of scalers, and of averages over models.

use std::sync::Arc;

use tract_onnx::prelude::{Tensor, TractResult};
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::math::{Add, Div, Mul, Sub};
use tract_onnx::tract_hir::internal::bail;

use super::{Buffer, Inputs, RowStep, View, only};

type Operation = fn(f32, f32) -> f32;

/// The function that `op` computes for each pair of elements, if it is one of these.
pub(super) fn operation(op: &TypedBinOp) -> Option<Operation> {
    let op = &op.0;
    if op.is::<Add>() {
        Some(|left, right| left + right)
    } else if op.is::<Sub>() {
        Some(|left, right| left - right)
    } else if op.is::<Mul>() {
        Some(|left, right| left * right)
    } else if op.is::<Div>() {
        Some(|left, right| left / right)
    } else {
        None
    }
}

/// Two tensors of the same width, element by element.
#[derive(Debug)]
pub(super) struct OfTensors(pub(super) Operation);

impl RowStep for OfTensors {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let ((View::F32(left), _), (View::F32(right), _)) = (inputs.get(0)?, inputs.get(1)?) else {
            bail!("arithmetic of other numbers than floats is no step")
        };
        only(outputs)?.f32s().extend(left.iter().zip(right).map(|(&left, &right)| self.0(left, right)));
        Ok(())
    }
}

/// A tensor and the same numbers for each row.
#[derive(Debug)]
pub(super) struct OfConstant {
    operation: Operation,
    /// As many as a row has, at least one.
    constant: Vec<f32>,
    constant_is_left: bool,
}

impl OfConstant {
    /// `None` unless `constant` is one float, or as many as the `width` of a row.
    pub(super) fn of(
        operation: Operation,
        constant: &Tensor,
        constant_is_left: bool,
        width: usize,
    ) -> Option<Arc<dyn RowStep>> {
        let plain = constant.try_as_plain_ram().ok()?;
        let constant = match *plain.as_slice::<f32>().ok()? {
            [same] => vec![same; width],
            ref each => each.to_vec(),
        };
        if width == 0 || constant.len() != width {
            return None;
        }
        Some(Arc::new(OfConstant { operation, constant, constant_is_left }))
    }
}

impl RowStep for OfConstant {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let (View::F32(values), _) = inputs.get(0)? else {
            bail!("arithmetic of other numbers than floats is no step")
        };
        let output = only(outputs)?.f32s();
        for row in values.chunks_exact(self.constant.len()) {
            let pairs = row.iter().zip(&self.constant);
            if self.constant_is_left {
                output.extend(pairs.map(|(&value, &constant)| (self.operation)(constant, value)));
            } else {
                output.extend(pairs.map(|(&value, &constant)| (self.operation)(value, constant)));
            }
        }
        Ok(())
    }
}
