//! `Max` and `Min` of any number of tensors: NaN where one of them is. tract's answer is then another one.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, OutletId, TDim, TVec, TractResult, TypedModel, tvec};
use tract_onnx::tract_core::ops::binary::BinMiniOp as _;
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy, check_output_arity};
use tract_onnx::tract_hir::internal::{Expansion, StaticName, bail, expand};

use crate::broadcast::broadcast_shape;
use crate::eager::BuildResult;
use crate::extreme::Extreme;

#[derive(Clone, Debug)]
struct MaxMin(Extreme);

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let extreme = if node.op_type == "Max" { Extreme::Max } else { Extreme::Min };
    Ok((expand(MaxMin(extreme)), vec![]))
}

impl Expansion for MaxMin {
    fn name(&self) -> StaticName {
        self.0.name().into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_output_arity(outputs, 1)?;
        let [output] = outputs else { bail!("{}: {} outputs", self.0.name(), outputs.len()) };
        solver.given_all(inputs.iter().map(|input| &input.datum_type), move |solver, types: Vec<DatumType>| {
            match DatumType::super_type_for(&types) {
                Some(common) => solver.equals(&output.datum_type, common),
                None => bail!("{}: of {types:?}", self.0.name()),
            }
        })?;
        solver.given_all(inputs.iter().map(|input| &input.shape), move |solver, shapes: Vec<TVec<TDim>>| {
            let shapes: Vec<&[TDim]> = shapes.iter().map(|shape| &**shape).collect();
            solver.equals(&output.shape, broadcast_shape(&shapes)?)
        })
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let Some((&first, others)) = inputs.split_first() else { bail!("{}: no input", self.0.name()) };
        let mut output = first;
        for (position, &other) in others.iter().enumerate() {
            output = self.0.wire(&format!("{name}.{position}"), model, output, other)?;
        }
        Ok(tvec!(output))
    }
}
