//! `Tile` of strings. Other types are tract's.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_ndarray::{Axis, concatenate};
use tract_onnx::prelude::{
    DatumType, IntoTensor as _, OutletId, SpecialOps as _, TValue, TVec, TractResult, TypedModel, tvec,
};
use tract_onnx::tract_hir::internal::bail;

use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::rewired::{self, Wiring};
use crate::tensors::{exactly, numbers};

const NAME: &str = "Tile";

#[derive(Debug)]
struct TileNode;

/// How often each axis is repeated.
#[derive(Debug)]
struct Tile(Vec<usize>);

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    rewired::build(ctx, node, TileNode)
}

impl Wiring for TileNode {
    fn takes(&self, datum_type: DatumType) -> bool {
        datum_type == DatumType::String
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let &[input, repeats] = exactly(NAME, inputs)?;
        let Some(repeats) = &model.outlet_fact(repeats)?.konst else { bail!("{NAME}: the repeats are no constant") };
        let repeats = numbers::<i64>(NAME, repeats)?;
        let repeats: TractResult<_> = repeats.iter().map(|&times| Ok(usize::try_from(times)?)).collect();
        model.wire_node(name, Eager::of(Tile(repeats?)), &[input])
    }
}

impl Kernel for Tile {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        if input.shape.len() != self.0.len() {
            bail!("{NAME}: {} repeats of {} axes", self.0.len(), input.shape.len());
        }
        let shape = input.shape.iter().zip(&self.0).map(|(length, &times)| length.clone() * times);
        Ok(tvec!(Fact { datum_type: input.datum_type, shape: shape.collect() }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        let mut tiled = input.to_plain_array_view::<String>()?.to_owned();
        for (axis, &times) in self.0.iter().enumerate() {
            tiled = match times {
                0 => tiled.select(Axis(axis), &[]),
                1 => tiled,
                _ => concatenate(Axis(axis), &vec![tiled.view(); times])?,
            };
        }
        Ok(tvec!(tiled.into_tensor().into()))
    }
}
