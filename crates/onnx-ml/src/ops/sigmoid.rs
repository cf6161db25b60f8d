//! `Sigmoid`: of doubles ours; of floats tract's, but NaN of NaN.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::{DatumType, TractResult, TypedModel, TypedModelPatch, TypedNode};
use tract_onnx::tract_core::ops::math::Mul;
use tract_onnx::tract_core::ops::nn::sigmoid;
use tract_onnx::tract_core::ops::nn::silu::silu;
use tract_onnx::tract_hir::internal::TypedModelHelpers as _;
use tract_onnx::tract_hir::ops::element_wise::ElementWiseIntoHir as _;

use crate::double_formula::DoubleFormula;
use crate::eager::BuildResult;
use crate::nan_keeping::NanKeeping;

pub(crate) fn build(_ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let floats = NanKeeping { tracts: sigmoid(), declutter: Some(silu_of) };
    let formula = |value: f64, []: [f64; 0]| 1.0 / (1.0 + (-value).exp());
    DoubleFormula { name: "Sigmoid", parameters: [], formula }.beside(floats.op().into_hir(), node)
}

/// A product with the argument is a kernel of its own, as tract makes it of its own operator. It keeps NaN.
fn silu_of(model: &TypedModel, node: &TypedNode) -> TractResult<Option<TypedModelPatch>> {
    let (Some(argument), [fact]) = (node.inputs.first(), &*model.node_input_facts(node.id)?) else { return Ok(None) };
    if !matches!(fact.datum_type, DatumType::F16 | DatumType::F32) {
        return Ok(None);
    }
    let Some(product) = model.find_succ_bin_with_outlet::<Mul>(node, argument) else { return Ok(None) };
    let mut patch = TypedModelPatch::default();
    let taps = patch.taps(model, &node.inputs)?;
    for output in patch.wire_node(format!("{}.silu", node.name), silu(), &taps)? {
        patch.shunt_outside(model, product.id.into(), output)?;
    }
    Ok(Some(patch))
}
