//! `Where` that picks strings. Numbers are tract's.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::tract_ndarray::Zip;
use tract_onnx::prelude::{DatumType, IntoTensor, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::broadcast::{broadcast, broadcast_shape};
use crate::by_type::{self, Takes};
use crate::eager::{BuildResult, Fact, Kernel};
use crate::tensors::exactly;

const NAME: &str = "Where";

#[derive(Debug)]
struct WhereStrings;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    by_type::build(ctx, node, WhereStrings, Takes { input: 1, types: |datum_type| datum_type == DatumType::String })
}

impl Kernel for WhereStrings {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [condition, yes, no] = exactly(NAME, inputs)?;
        if condition.datum_type != DatumType::Bool || no.datum_type != DatumType::String {
            bail!("{NAME}: picks by {:?} between strings and {:?}", condition.datum_type, no.datum_type);
        }
        let shape = broadcast_shape(&[&condition.shape, &yes.shape, &no.shape])?;
        Ok(tvec!(Fact { datum_type: DatumType::String, shape }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [condition, yes, no] = exactly(NAME, &inputs)?;
        let shape = broadcast_shape(&[condition.shape(), yes.shape(), no.shape()])?;
        let condition = condition.to_plain_array_view::<bool>()?;
        let (yes, no) = (yes.to_plain_array_view::<String>()?, no.to_plain_array_view::<String>()?);
        let picked = Zip::from(broadcast(NAME, &condition, &shape)?)
            .and(broadcast(NAME, &yes, &shape)?)
            .and(broadcast(NAME, &no, &shape)?)
            .map_collect(|&condition, yes, no| if condition { yes.clone() } else { no.clone() });
        Ok(tvec!(picked.into_tensor().into()))
    }
}
