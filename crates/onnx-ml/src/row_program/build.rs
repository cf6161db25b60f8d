//! From tract's graph to steps, or to the answer that the graph does not qualify.

use std::collections::HashMap;
use std::sync::Arc;

use tract_onnx::prelude::{DatumType, OutletId, Symbol, TypedFact, TypedModel, TypedNode};
use tract_onnx::tract_core::ops::array::{Gather, Slice, TypedConcat};
use tract_onnx::tract_core::ops::binary::TypedBinOp;
use tract_onnx::tract_core::ops::cast::Cast;
use tract_onnx::tract_core::ops::change_axes::AxisOp;
use tract_onnx::tract_core::ops::element_wise::ElementWiseOp;
use tract_onnx::tract_core::ops::konst::Const;
use tract_onnx::tract_core::ops::source::TypedSource;
use tract_onnx::tract_hir::internal::TDim;

use super::arithmetic::{self, OfConstant, OfTensors};
use super::elements::{self, OfOthers, OthersRows};
use super::steps::{Concat, Pick, RowStep, convert};
use super::{Operand, RowProgram, Source, Step};
use crate::eager::Eager;

/// The program of `model`, or `None` if some tensor or operator does not qualify.
pub(super) fn build(model: &TypedModel, batch: &Symbol, others: &OthersRows<'_>) -> Option<RowProgram> {
    let mut builder = Builder { model, batch, others, operands: HashMap::new(), steps: Vec::new(), buffers: 0 };
    for id in model.eval_order().ok()? {
        builder.node(model.node(id))?;
    }
    let outputs = model.outputs.iter().map(|outlet| Some(builder.operands.get(outlet)?.source));
    let outputs = outputs.collect::<Option<_>>()?;
    Some(RowProgram { steps: builder.steps, buffers: builder.buffers, outputs })
}

struct Builder<'m> {
    model: &'m TypedModel,
    batch: &'m Symbol,
    others: &'m OthersRows<'m>,
    /// The tensors so far; constants are not among them.
    operands: HashMap<OutletId, Operand>,
    steps: Vec<Step>,
    buffers: usize,
}

impl Builder<'_> {
    fn node(&mut self, node: &TypedNode) -> Option<()> {
        let op = &node.op;
        if op.is::<Const>() {
            return Some(());
        }
        if op.is::<TypedSource>() {
            let feed = self.model.inputs.iter().position(|input| input.node == node.id)?;
            let width = self.width(node, 0)?;
            self.operands.insert(OutletId::new(node.id, 0), Operand { source: Source::Feed(feed), width });
            return Some(());
        }
        if let Some(eager) = op.downcast_ref::<Eager>() {
            if eager.is_column_pick() {
                let last = self.model.outlet_fact(*node.inputs.first()?).ok()?.rank().checked_sub(1)?;
                return self.pick(node, last, &self.constant_indices(*node.inputs.get(1)?)?);
            }
            let facts = node.inputs.iter().map(|&input| self.model.outlet_fact(input).ok());
            let (step, used) = eager.row_step(&facts.collect::<Option<Vec<_>>>()?)?;
            return self.step(node, step, used);
        }
        if let Some(axes) = op.downcast_ref::<AxisOp>() {
            let behind_the_batch = match axes {
                AxisOp::Add(axis) | AxisOp::Rm(axis) | AxisOp::Reshape(axis, ..) => *axis > 0,
                AxisOp::Move(..) => false,
            };
            return if behind_the_batch { self.alias(node) } else { None };
        }
        if let Some(concat) = op.downcast_ref::<TypedConcat>() {
            values_per_index(&node.outputs.first()?.fact, concat.axis)?;
            return self.step(node, Arc::new(Concat), &[0]);
        }
        if let Some(cast) = op.downcast_ref::<Cast>() {
            let from = self.model.outlet_fact(*node.inputs.first()?).ok()?.datum_type;
            return self.step(node, convert(from, cast.to)?, &[0]);
        }
        if let Some(binary) = op.downcast_ref::<TypedBinOp>() {
            return self.arithmetic(node, binary);
        }
        if let Some(operator) = op.downcast_ref::<ElementWiseOp>() {
            let facts = [self.model.outlet_fact(*node.inputs.first()?).ok()?, &node.outputs.first()?.fact];
            facts.iter().all(|fact| fact.datum_type == DatumType::F32).then_some(())?;
            return self.step(node, elements::step(operator), &[0]);
        }
        if let Some(work) = (self.others)(op.as_ref()) {
            return self.step(node, Arc::new(OfOthers(work)), &[0]);
        }
        if let Some(gather) = op.downcast_ref::<Gather>() {
            return self.pick(node, gather.axis, &self.constant_indices(*node.inputs.get(1)?)?);
        }
        if let Some(slice) = op.downcast_ref::<Slice>() {
            let indices: Vec<i64> = (slice.start.to_i64().ok()?..slice.end.to_i64().ok()?).collect();
            return self.pick(node, slice.axis, &indices);
        }
        None
    }

    /// A step for all inputs of the node; `used` are the step's outputs that the graph uses.
    fn step(&mut self, node: &TypedNode, work: Arc<dyn RowStep>, used: &[usize]) -> Option<()> {
        if work.is_alias() {
            return self.alias(node);
        }
        let inputs = node.inputs.iter().map(|input| self.operands.get(input).copied()).collect::<Option<Vec<_>>>()?;
        self.step_of(node, work, inputs, used)
    }

    /// A step for some inputs of the node.
    fn step_of(
        &mut self,
        node: &TypedNode,
        work: Arc<dyn RowStep>,
        inputs: Vec<Operand>,
        used: &[usize],
    ) -> Option<()> {
        let first_output = self.buffers;
        let outputs = used.iter().max()? + 1;
        self.buffers += outputs;
        for (slot, &output) in used.iter().enumerate() {
            let operand = Operand { source: Source::Buffer(first_output + output), width: self.width(node, slot)? };
            self.operands.insert(OutletId::new(node.id, slot), operand);
        }
        self.steps.push(Step { work, inputs, outputs, first_output });
        Some(())
    }

    /// Floats of one shape, or of one shape and a constant that is the same for each row.
    fn arithmetic(&mut self, node: &TypedNode, binary: &TypedBinOp) -> Option<()> {
        let operation = arithmetic::operation(binary)?;
        let [left, right] = *node.inputs.as_slice() else { return None };
        let facts = [self.model.outlet_fact(left).ok()?, self.model.outlet_fact(right).ok()?];
        let output = &node.outputs.first()?.fact;
        if facts.iter().any(|fact| fact.datum_type != DatumType::F32) || output.datum_type != DatumType::F32 {
            return None;
        }
        let (constant, constant_is_left, tensor) = match facts.map(|fact| fact.konst.as_ref()) {
            [None, None] if facts.iter().all(|fact| fact.shape == output.shape) => {
                return self.step(node, Arc::new(OfTensors(operation)), &[0]);
            }
            [Some(constant), None] => (constant, true, right),
            [None, Some(constant)] => (constant, false, left),
            _ => return None,
        };
        let operand = *self.operands.get(&tensor)?;
        let rows_share_it = constant.shape().first().is_none_or(|&rows| rows == 1);
        if !rows_share_it || self.model.outlet_fact(tensor).ok()?.shape != output.shape {
            return None;
        }
        let work = OfConstant::of(operation, constant, constant_is_left, operand.width)?;
        self.step_of(node, work, vec![operand], &[0])
    }

    /// The node's output is its first input, under another shape or name.
    fn alias(&mut self, node: &TypedNode) -> Option<()> {
        let input = *self.operands.get(node.inputs.first()?)?;
        let width = self.width(node, 0)?;
        if width != input.width {
            return None;
        }
        self.operands.insert(OutletId::new(node.id, 0), input);
        Some(())
    }

    /// What lies at the given indices of an axis of the node's first input. Negative ones count from the end.
    fn pick(&mut self, node: &TypedNode, axis: usize, indices: &[i64]) -> Option<()> {
        let input = *node.inputs.first()?;
        let operand = *self.operands.get(&input)?;
        let fact = self.model.outlet_fact(input).ok()?;
        let each = values_per_index(fact, axis)?;
        let length = fact.shape.get(axis)?.to_i64().ok()?;
        let mut columns = Vec::with_capacity(indices.len() * each);
        for &index in indices {
            let index = if index < 0 { index + length } else { index };
            if !(0..length).contains(&index) {
                return None;
            }
            let first = usize::try_from(index).ok()? * each;
            columns.extend(first..first + each);
        }
        if columns.iter().copied().eq(0..operand.width) {
            return self.alias(node);
        }
        (self.width(node, 0)? == columns.len()).then_some(())?;
        self.step_of(node, Arc::new(Pick { columns }), vec![operand], &[0])
    }

    fn constant_indices(&self, outlet: OutletId) -> Option<Vec<i64>> {
        let constant = self.model.outlet_fact(outlet).ok()?.konst.clone()?;
        let indices = constant.cast_to::<i64>().ok()?;
        let indices = indices.try_as_plain_ram().ok()?;
        Some(indices.as_slice::<i64>().ok()?.to_vec())
    }

    /// The number of values that one row has in the node's output at `slot`; `None` unless the batch is the first axis
    /// and no other, and the element type is one that buffers hold.
    fn width(&self, node: &TypedNode, slot: usize) -> Option<usize> {
        let fact: &TypedFact = &node.outputs.get(slot)?.fact;
        let held = matches!(
            fact.datum_type,
            DatumType::F32 | DatumType::F64 | DatumType::I64 | DatumType::I32 | DatumType::Bool | DatumType::String
        );
        let mut axes = fact.shape.iter();
        let leads = axes.next().is_some_and(|axis| *axis == TDim::Sym(self.batch.clone()));
        if !held || !leads {
            return None;
        }
        axes.try_fold(1usize, |width, axis| width.checked_mul(usize::try_from(axis.to_i64().ok()?).ok()?))
    }
}

/// How many values of a row lie at one index of `axis`; `None` unless they lie side by side, which they do if only axes
/// of length one are between the batch and `axis`.
fn values_per_index(fact: &TypedFact, axis: usize) -> Option<usize> {
    let mut axes = fact.shape.iter().skip(1);
    let between = axis.checked_sub(1)?;
    if axes.by_ref().take(between).any(|axis| *axis != TDim::Val(1)) {
        return None;
    }
    axes.skip(1).try_fold(1usize, |product, axis| product.checked_mul(usize::try_from(axis.to_i64().ok()?).ok()?))
}
