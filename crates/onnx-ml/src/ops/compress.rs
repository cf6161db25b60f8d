//! `Compress`: keeps the slices along an axis that a condition is true for. tract has no typed form of it.
//!
//! A constant condition is a list of indices, and becomes `Gather` if it fits. With any other the length of the result is a symbol
//! that tract binds when the operator runs.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_ndarray::Axis;
use tract_onnx::prelude::{
    Datum, DatumType, IntoTensor as _, SpecialOps as _, Symbol, TDim, TValue, TVec, Tensor, TractResult, TypedModel,
    tensor1, tvec,
};
use tract_onnx::tract_core::ops::array::Gather;
use tract_onnx::tract_hir::infer::{InferenceResult, Solver, TensorProxy, check_input_arity, check_output_arity};
use tract_onnx::tract_hir::internal::{Expansion, OutletId, StaticName, bail, expand};

use crate::attributes::Attributes;
use crate::axes::axis;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::refused_value::refuse;
use crate::tensors::{exactly, values};

const NAME: &str = "Compress";

/// The operator before the shapes are known.
#[derive(Clone, Debug)]
struct CompressNode {
    /// Counted from the end if negative; `None` for all elements in a row.
    axis: Option<i64>,
    /// How many slices stay, if nothing tells before a run.
    kept: Symbol,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let axis = Attributes::new(node).int("axis")?;
    let kept = ctx.template.symbols.new_with_prefix("kept");
    Ok((expand(CompressNode { axis, kept }), vec![]))
}

impl Expansion for CompressNode {
    fn name(&self) -> StaticName {
        NAME.into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        solver: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 2)?;
        check_output_arity(outputs, 1)?;
        let [input, condition] = exactly(NAME, inputs)?;
        let [output] = exactly(NAME, outputs)?;
        solver.equals(&input.datum_type, &output.datum_type)?;
        solver.equals(&condition.datum_type, DatumType::Bool)?;
        solver.equals(&condition.rank, 1)?;
        solver.given(&input.shape, move |solver, shape| {
            let (rank, along) = match self.axis {
                Some(given) => (shape.len(), axis(NAME, given, shape.len())?),
                None => (1, 0),
            };
            solver.equals(&output.rank, rank as i64)?;
            for (position, length) in shape.into_iter().enumerate() {
                if position != along && position < rank {
                    solver.equals(&output.shape[position], length)?;
                }
            }
            solver.given(&condition.value, move |solver, condition| {
                solver.equals(&output.shape[along], TDim::from(kept(&condition)?.len()))
            })
        })
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let &[input, condition] = exactly(NAME, inputs)?;
        let shape = &model.outlet_fact(input)?.shape;
        let along = self.axis.map(|given| axis(NAME, given, shape.rank())).transpose()?;
        let length = along.and_then(|along| usize::try_from(shape.get(along)?.as_i64()?).ok());
        let constant = model.outlet_fact(condition)?.konst.as_deref().map(kept).transpose()?;
        match (along, length, constant) {
            (Some(along), Some(length), Some(indices)) => {
                expect_within(&indices, length)?;
                let indices: Vec<i64> = indices.into_iter().map(|index| index as i64).collect();
                let indices = model.add_const(format!("{name}.kept"), tensor1(&indices))?;
                model.wire_node(name, Gather::new(along), &[input, indices])
            }
            (axis, _, constant) => {
                let kept = constant.map_or_else(|| self.kept.clone().into(), |indices| indices.len().into());
                model.wire_node(name, Eager::of(Compress { axis, kept }), inputs)
            }
        }
    }
}

/// The indices of what is true.
fn kept(condition: &Tensor) -> TractResult<Vec<usize>> {
    let condition = values::<bool>(condition)?.iter().enumerate();
    Ok(condition.filter_map(|(index, &kept)| kept.then_some(index)).collect())
}

/// Fails unless all indices are below `length`.
fn expect_within(indices: &[usize], length: usize) -> TractResult<()> {
    match indices.last() {
        Some(&last) if last >= length => refuse!("{NAME}: the condition is true for element {last} of {length}"),
        _ => Ok(()),
    }
}

/// The operator as it runs.
#[derive(Debug)]
struct Compress {
    axis: Option<usize>,
    /// How many slices stay: a symbol if only a run tells.
    kept: TDim,
}

impl Compress {
    fn compress<T: Datum>(&self, input: &Tensor, indices: &[usize]) -> TractResult<Tensor> {
        let view = input.to_plain_array_view::<T>()?;
        expect_within(indices, self.axis.and_then(|axis| view.shape().get(axis).copied()).unwrap_or(view.len()))?;
        Ok(match self.axis {
            Some(axis) => view.select(Axis(axis), indices).into_tensor(),
            None => {
                let all = values::<T>(input)?;
                let picked: Vec<T> = indices.iter().filter_map(|&index| all.get(index).cloned()).collect();
                tensor1(&picked)
            }
        })
    }
}

impl Kernel for Compress {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input, condition] = exactly(NAME, inputs)?;
        if condition.datum_type != DatumType::Bool || condition.shape.len() != 1 {
            bail!("{NAME}: the condition is {:?} of rank {}", condition.datum_type, condition.shape.len());
        }
        let shape = match self.axis {
            Some(along) => {
                let axes = input.shape.iter().enumerate();
                axes.map(|(axis, length)| if axis == along { self.kept.clone() } else { length.clone() }).collect()
            }
            None => tvec!(self.kept.clone()),
        };
        Ok(tvec!(Fact { datum_type: input.datum_type, shape }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input, condition] = exactly(NAME, &inputs)?;
        let indices = kept(condition)?;
        let output = match input.datum_type() {
            DatumType::F32 => self.compress::<f32>(input, &indices),
            DatumType::F64 => self.compress::<f64>(input, &indices),
            DatumType::I32 => self.compress::<i32>(input, &indices),
            DatumType::I64 => self.compress::<i64>(input, &indices),
            DatumType::Bool => self.compress::<bool>(input, &indices),
            DatumType::String => self.compress::<String>(input, &indices),
            other => bail!("{NAME}: of {other:?}"),
        };
        Ok(tvec!(output?.into()))
    }

    fn mints_symbols(&self) -> bool {
        self.kept.as_i64().is_none()
    }
}
