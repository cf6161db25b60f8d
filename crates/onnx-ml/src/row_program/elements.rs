//! Activations, and the operators of other crates.

use std::fmt;
use std::sync::Arc;

use tract_onnx::prelude::{Tensor, TractResult};
use tract_onnx::tract_core::ops::TypedOp;
use tract_onnx::tract_core::ops::element_wise::ElementWiseOp;
use tract_onnx::tract_hir::internal::bail;

use super::{Buffer, Inputs, RowStep, View, only};
use crate::clamp::{bounds, keep_within};

/// Computes so many rows of floats, and puts the outcome into an empty list; nothing, of other than so many rows.
pub type RowsOf = Arc<dyn Fn(usize, &[f32], &mut Vec<f32>) + Send + Sync>;

/// What an operator of others computes, if it makes floats of floats and treats each row by itself.
pub type OthersRows<'a> = dyn Fn(&dyn TypedOp) -> Option<RowsOf> + 'a;

/// The step of an operator that treats each float by itself.
pub(super) fn step(operator: &ElementWiseOp) -> Arc<dyn RowStep> {
    match bounds(operator) {
        Some((low, high)) => {
            Arc::new(Clamp { low: low.map(|bound| bound as f32), high: high.map(|bound| bound as f32) })
        }
        None => Arc::new(Element(operator.clone())),
    }
}

/// Floats within bounds.
#[derive(Debug)]
struct Clamp {
    low: Option<f32>,
    high: Option<f32>,
}

impl RowStep for Clamp {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let output = only(outputs)?.f32s();
        output.extend_from_slice(floats(inputs)?);
        keep_within(output, self.low, self.high);
        Ok(())
    }
}

/// Any function of one float, by tract.
#[derive(Debug)]
struct Element(ElementWiseOp);

impl RowStep for Element {
    fn run(&self, _rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let values = floats(inputs)?;
        let mut tensor = Tensor::from_shape(&[values.len()], values)?;
        let ElementWiseOp(operator, datum_type) = &self.0;
        match operator.output_type(tensor.datum_type()) {
            Some(_) => tensor = operator.eval_out_of_place(&tensor, *datum_type)?,
            None => operator.eval_in_place(&mut tensor, *datum_type)?,
        }
        only(outputs)?.f32s().extend_from_slice(tensor.try_as_plain_ram()?.as_slice::<f32>()?);
        Ok(())
    }
}

/// What another crate computes.
pub(super) struct OfOthers(pub(super) RowsOf);

impl fmt::Debug for OfOthers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OfOthers")
    }
}

impl RowStep for OfOthers {
    fn run(&self, rows: usize, inputs: Inputs<'_>, outputs: &mut [Buffer]) -> TractResult<()> {
        let values = floats(inputs)?;
        let output = only(outputs)?.f32s();
        (self.0)(rows, values, output);
        if rows > 0 && output.is_empty() {
            bail!("{} numbers are not {rows} rows", values.len());
        }
        Ok(())
    }
}

fn floats(inputs: Inputs<'_>) -> TractResult<&[f32]> {
    match inputs.get(0)? {
        (View::F32(values), _) => Ok(values),
        _ => bail!("other numbers than floats are no step"),
    }
}
