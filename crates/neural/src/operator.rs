//! A region as tract runs it.

use std::sync::Arc;

use tract_onnx::prelude::{DatumExt as _, IntoTValue as _, TDim, TValue, TVec, Tensor, TractResult, TypedFact};
use tract_onnx::tract_core::ops::{EvalOp, Op, TypedOp};
use tract_onnx::tract_hir::internal::{
    EvalContext, StaticName, ToDim as _, as_op, bail, op_as_typed_op, op_out_of_plan,
};

use crate::lane::Shape;
use crate::program::Program;
use crate::recognise::picture;

const NAME: &str = "Blocks";

/// A region of a graph, one picture of the batch after the other.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    program: Arc<Program>,
}

impl Blocks {
    pub(crate) fn new(program: Arc<Program>) -> Blocks {
        Blocks { program }
    }
}

impl PartialEq for Blocks {
    fn eq(&self, other: &Blocks) -> bool {
        Arc::ptr_eq(&self.program, &other.program)
    }
}

impl Eq for Blocks {}

impl Op for Blocks {
    fn name(&self) -> StaticName {
        NAME.into()
    }

    op_as_typed_op!();
}

impl EvalOp for Blocks {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let rows = inputs.first().and_then(|input| input.shape().first().copied()).unwrap_or_default();
        for (input, shape) in inputs.iter().zip(self.program.inputs()) {
            if input.shape() != [rows, shape.channels, shape.height, shape.width] {
                bail!("{NAME}: a tensor of {:?} where {shape:?} was announced", input.shape());
            }
        }
        let plain = inputs.iter().map(|input| input.try_as_plain_ram()).collect::<TractResult<Vec<_>>>()?;
        let numbers = plain.iter().map(|plain| plain.as_slice::<f32>()).collect::<TractResult<Vec<_>>>()?;
        let mut outputs = Vec::new();
        for Shape { channels, height, width } in self.program.outputs() {
            outputs.push(Tensor::zero::<f32>(&[rows, channels, height, width])?);
        }
        {
            let mut plain =
                outputs.iter_mut().map(|output| output.try_as_plain_ram_mut()).collect::<TractResult<Vec<_>>>()?;
            let mut numbers_out =
                plain.iter_mut().map(|plain| plain.as_slice_mut::<f32>()).collect::<TractResult<Vec<_>>>()?;
            self.program.run(rows, &numbers, &mut numbers_out)?;
        }
        Ok(outputs.into_iter().map(|output| output.into_tvalue()).collect())
    }
}

impl TypedOp for Blocks {
    as_op!();

    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let mut rows: Option<TDim> = None;
        for (fact, expected) in inputs.iter().zip(self.program.inputs()) {
            match picture(fact) {
                Some((shape, count)) if shape == *expected && rows.as_ref().is_none_or(|rows| *rows == count) => {
                    rows = Some(count);
                }
                _ => bail!("{NAME}: an input of {fact:?}"),
            }
        }
        let Some(rows) = rows else { bail!("{NAME}: without an input") };
        let fact = |shape: Shape| {
            f32::fact([rows.clone(), shape.channels.to_dim(), shape.height.to_dim(), shape.width.to_dim()])
        };
        Ok(self.program.outputs().map(fact).collect())
    }
}
