//! Operators that treat each row of a table by itself: dense layers and their probabilities.

use std::fmt;
use std::sync::Arc;

use fearless_simd::{Level, dispatch};
use tract_onnx::prelude::{
    Datum as _, DatumExt as _, DatumType, IntoTValue as _, OutletId, TValue, TVec, Tensor, TractResult, TypedFact,
    TypedModel, TypedModelPatch, TypedNode, tvec,
};
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::einsum::EinSum;
use tract_onnx::tract_core::ops::math::Add;
use tract_onnx::tract_core::ops::nn::{Softmax, SoftmaxKind};
use tract_onnx::tract_core::ops::{EvalOp, Op, TypedOp};
use tract_onnx::tract_hir::internal::{
    EvalContext, InOut, StaticName, ToDim as _, as_op, bail, op_as_typed_op, op_out_of_plan,
};

use crate::kernel::dense::Dense;
use crate::packed::groups;
use crate::region::BoundsOf;

/// Probabilities of so many classes are computed here: a few, for which a call for each row costs more than it computes.
const CLASSES: usize = 64;

/// Weights of the largest layers that are computed here: 128 KiB. Of many rows by more weights, tract's blocks are faster.
const WEIGHTS: usize = 32 << 10;

/// Computes so many rows of numbers, and puts the outcome into an empty list; nothing, of other than so many rows.
pub type RowsOf = Arc<dyn Fn(usize, &[f32], &mut Vec<f32>) + Send + Sync>;

/// An operator over rows of `inputs` numbers, of which it makes rows of `outputs`.
#[derive(Clone)]
struct Rows {
    name: &'static str,
    inputs: usize,
    outputs: usize,
    work: RowsOf,
}

/// What an operator of this crate computes, if it is one that treats each row of a table by itself.
pub fn row_wise(op: &dyn TypedOp) -> Option<RowsOf> {
    op.downcast_ref::<Rows>().map(|rows| rows.work.clone())
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} to {}", self.name, self.inputs, self.outputs)
    }
}

impl PartialEq for Rows {
    fn eq(&self, other: &Rows) -> bool {
        Arc::ptr_eq(&self.work, &other.work)
    }
}

impl Eq for Rows {}

impl Op for Rows {
    fn name(&self) -> StaticName {
        self.name.into()
    }

    op_as_typed_op!();
}

impl EvalOp for Rows {
    op_out_of_plan!();

    fn eval(&self, _ctx: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = inputs.as_slice() else { bail!("{}: of {} inputs", self.name, inputs.len()) };
        let &[rows, width] = input.shape() else { bail!("{}: of no table", self.name) };
        if width != self.inputs {
            bail!("{}: of {width} columns instead of {}", self.name, self.inputs);
        }
        let mut numbers = Vec::new();
        (self.work)(rows, input.try_as_plain_ram()?.as_slice::<f32>()?, &mut numbers);
        Ok(tvec!(Tensor::from_shape(&[rows, self.outputs], &numbers)?.into_tvalue()))
    }
}

impl TypedOp for Rows {
    as_op!();

    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        match inputs {
            [input] if table(input) == Some(self.inputs) => {
                let rows = input.shape.dims().first().cloned().unwrap_or_default();
                Ok(tvec!(f32::fact([rows, self.outputs.to_dim()])))
            }
            _ => bail!("{}: of {inputs:?}", self.name),
        }
    }
}

/// The columns of a table of single precision.
fn table(fact: &TypedFact) -> Option<usize> {
    let [_, width] = fact.shape.dims() else { return None };
    let width = usize::try_from(width.as_i64()?).ok().filter(|&width| width > 0)?;
    (fact.datum_type == f32::datum_type() && !fact.is_exotic()).then_some(width)
}

/// Puts operators of this crate in the place of dense layers and of their probabilities. Whether there were any.
pub(crate) fn replace(level: Level, model: &mut TypedModel, bounds_of: &BoundsOf<'_>) -> TractResult<bool> {
    let mut changed = false;
    // Each change leaves the numbers of nodes as they are.
    for id in model.eval_order()? {
        let node = model.node(id);
        let found = match layer(level, model, node, bounds_of) {
            Some(layer) => Some(layer),
            None => probabilities(model, node).map(|rows| (rows, node.inputs.first().copied(), id.into())),
        };
        let Some((operator, Some(input), outlet)) = found else { continue };
        let mut patch = TypedModelPatch::new("rows");
        let tap = patch.tap_model(model, input)?;
        let made = patch.wire_node(format!("{}.rows", node.name), operator, &[tap])?;
        let [made] = *made else { bail!("an operator of {} outputs", made.len()) };
        patch.shunt_outside(model, outlet, made)?;
        patch.apply(model)?;
        changed = true;
    }
    Ok(changed)
}

/// A product with constant weights, with the addends and the bounds behind it: the operator, its input, and what it makes.
fn layer(
    level: Level,
    model: &TypedModel,
    node: &TypedNode,
    bounds_of: &BoundsOf<'_>,
) -> Option<(Rows, Option<OutletId>, OutletId)> {
    let product = node.op_as::<EinSum>()?;
    let &[input, weights] = node.inputs.as_slice() else { return None };
    let inputs = table(model.outlet_fact(input).ok()?)?;
    let outputs = table(&node.outputs.first()?.fact)?;
    (inputs.checked_mul(outputs)? <= WEIGHTS).then_some(())?;
    let constant = model.outlet_fact(weights).ok()?.konst.clone()?;
    if product.q_params.is_some() || product.operating_dt != DatumType::F32 || constant.datum_type() != DatumType::F32 {
        return None;
    }
    let goes = |from: (InOut, usize), to: (InOut, usize)| {
        let axis = |place: (InOut, usize)| product.axes.axis(place).ok().map(|axis| axis.repr);
        axis(from).is_some() && axis(from) == axis(to)
    };
    let (left, right, out) = (InOut::In(0), InOut::In(1), InOut::Out(0));
    let is_transposed = goes((left, 1), (right, 1));
    let (row, column) = if is_transposed { (1, 0) } else { (0, 1) };
    let is_product = goes((left, 0), (out, 0)) && goes((left, 1), (right, row)) && goes((right, column), (out, 1));
    let shape = if is_transposed { [outputs, inputs] } else { [inputs, outputs] };
    if !is_product || product.axes.iter_all_axes().count() != 3 || constant.shape() != shape {
        return None;
    }
    let mut last = node;
    let mut bias = vec![0.0; outputs];
    if let Some((next, addend)) = addend(model, last, outputs) {
        (last, bias) = (next, addend);
    }
    let mut bounds = None;
    if let Some(next) = only_successor(model, last) {
        bounds = bounds_of(next.op.as_ref());
        last = if bounds.is_some() { next } else { last };
    }
    let plain = constant.try_as_plain_ram().ok()?;
    let numbers = plain.as_slice::<f32>().ok()?;
    let weight = |channel: usize, term: usize| {
        let place = if is_transposed { channel * inputs + term } else { term * outputs + channel };
        numbers.get(place).copied().unwrap_or_default()
    };
    let dense = Dense { inputs, outputs, groups: groups(level, outputs, inputs, &bias, weight), bounds };
    let work = move |rows: usize, numbers: &[f32], out: &mut Vec<f32>| {
        if numbers.len() == rows * inputs {
            out.resize(rows * outputs, 0.0);
            dispatch!(level, simd => dense.run(simd, rows, numbers, out));
        }
    };
    Some((Rows { name: "Dense", inputs, outputs, work: Arc::new(work) }, Some(input), last.id.into()))
}

/// The one node that takes what the node makes, if it leaves the graph nowhere else.
fn only_successor<'m>(model: &'m TypedModel, node: &TypedNode) -> Option<&'m TypedNode> {
    let [output] = node.outputs.as_slice() else { return None };
    let [successor] = output.successors.as_slice() else { return None };
    let leaves = model.output_outlets().ok()?.contains(&node.id.into());
    (!leaves).then(|| model.node(successor.node))
}

/// Constants that are added to the columns of what the node makes.
fn addend<'m>(model: &'m TypedModel, node: &TypedNode, columns: usize) -> Option<(&'m TypedNode, Vec<f32>)> {
    let next = only_successor(model, node)?;
    let TypedBinOp(operator, None) = next.op_as::<TypedBinOp>()? else { return None };
    let other = next.inputs.iter().find(|input| input.node != node.id)?;
    let constant = model.outlet_fact(*other).ok()?.konst.clone()?;
    let fits = constant.shape() == [1, columns] && constant.datum_type() == DatumType::F32;
    if !operator.is::<Add>() || !fits || table(&next.outputs.first()?.fact) != Some(columns) {
        return None;
    }
    Some((next, constant.try_as_plain_ram().ok()?.as_slice::<f32>().ok()?.to_vec()))
}

/// The soft-max of the columns of a table, if they are few.
fn probabilities(model: &TypedModel, node: &TypedNode) -> Option<Rows> {
    let softmax = node.op_as::<Softmax>()?;
    let width = table(model.outlet_fact(*node.inputs.first()?).ok()?)?;
    let is_plain = softmax.kind == SoftmaxKind::Softmax && softmax.quant_output_dt.is_none();
    if !is_plain || softmax.axes.as_slice() != [1] || width > CLASSES {
        return None;
    }
    let work = move |rows: usize, numbers: &[f32], out: &mut Vec<f32>| {
        if numbers.len() == rows * width {
            out.extend_from_slice(numbers);
            out.chunks_exact_mut(width).for_each(soft_max);
        }
    };
    Some(Rows { name: "Probabilities", inputs: width, outputs: width, work: Arc::new(work) })
}

/// NaN among the numbers makes all of them NaN, and so does infinity.
fn soft_max(row: &mut [f32]) {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, |most, number| if number > most { number } else { most });
    row.iter_mut().for_each(|number| *number = (*number - most).exp());
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|number| *number /= sum);
}
