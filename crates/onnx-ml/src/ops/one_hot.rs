//! `OneHot`: a row of one value, with another at the index. For an index outside of the row there is no other: tract
//! panics there.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{
    Datum, DatumType, OutletId, SpecialOps as _, TValue, TVec, Tensor, TractResult, TypedModel, tvec,
};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::axes::axis;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::rewired::{self, Wiring};
use crate::tensors::{exactly, expect_numbers, numbers, tensor, values};

const NAME: &str = "OneHot";

/// More than any category needs: a row of it takes 64 MB.
const MAX_DEPTH: i64 = 1 << 24;

#[derive(Debug)]
struct OneHotNode {
    axis: i64,
}

/// The operator with what its constant inputs say.
#[derive(Debug)]
struct OneHot {
    axis: usize,
    depth: usize,
    /// Off and on.
    pair: Tensor,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let axis = Attributes::new(node).int("axis")?.unwrap_or(-1);
    rewired::build(ctx, node, OneHotNode { axis })
}

impl Wiring for OneHotNode {
    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let &[indices, depth, pair] = exactly(NAME, inputs)?;
        let (Some(depth), Some(pair)) = (&model.outlet_fact(depth)?.konst, &model.outlet_fact(pair)?.konst) else {
            bail!("{NAME}: depth and values must be constants")
        };
        let depth = depth.cast_to::<i64>()?;
        let (&[depth], 2) = (values::<i64>(&depth)?, pair.len()) else {
            bail!("{NAME}: depth has {} values and values {}, expected 1 and 2", depth.len(), pair.len())
        };
        if !(0..=MAX_DEPTH).contains(&depth) {
            bail!("{NAME}: depth is {depth}, expected 0 to {MAX_DEPTH}");
        }
        let axis = axis(NAME, self.axis, model.outlet_fact(indices)?.rank() + 1)?;
        let kernel = OneHot { axis, depth: depth as usize, pair: pair.as_ref().clone() };
        model.wire_node(name, Eager::of(kernel), &[indices])
    }
}

impl OneHot {
    fn shape<D: Clone + From<usize>>(&self, indices: &[D]) -> TVec<D> {
        let mut shape: TVec<D> = indices.iter().cloned().collect();
        shape.insert(self.axis, self.depth.into());
        shape
    }

    fn encode<T: Datum>(&self, indices: &Tensor) -> TractResult<TValue> {
        let [off, on] = exactly(NAME, values::<T>(&self.pair)?)?;
        let shape = self.shape(indices.shape());
        let Some(size) = shape.iter().try_fold(1usize, |size, &axis| size.checked_mul(axis)) else {
            bail!("{NAME}: the output is too large")
        };
        let mut encoded = vec![off.clone(); size];
        // The elements behind the new axis: so far apart are two neighbours on it.
        let step = shape.iter().skip(self.axis + 1).product::<usize>().max(1);
        let depth = self.depth as i64;
        for (position, &index) in numbers::<i64>(NAME, indices)?.iter().enumerate() {
            let index = if index < 0 { index.saturating_add(depth) } else { index };
            if let Some(index) = usize::try_from(index).ok().filter(|&index| index < self.depth) {
                let start = position / step * step * self.depth + position % step;
                if let Some(element) = encoded.get_mut(start + index * step) {
                    *element = on.clone();
                }
            }
        }
        tensor(&shape, encoded)
    }
}

impl Kernel for OneHot {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [indices] = exactly(NAME, inputs)?;
        expect_numbers(NAME, indices.datum_type)?;
        Ok(tvec!(Fact { datum_type: self.pair.datum_type(), shape: self.shape(&indices.shape) }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [indices] = exactly(NAME, &inputs)?;
        let encoded = match self.pair.datum_type() {
            DatumType::F32 => self.encode::<f32>(indices),
            DatumType::F64 => self.encode::<f64>(indices),
            DatumType::I32 => self.encode::<i32>(indices),
            DatumType::I64 => self.encode::<i64>(indices),
            DatumType::Bool => self.encode::<bool>(indices),
            DatumType::String => self.encode::<String>(indices),
            other => bail!("{NAME}: values of type {other:?} are not supported"),
        };
        Ok(tvec!(encoded?))
    }
}
