//! `Tanh`: of NaN NaN. tract's is then -1 or 1.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::tract_core::ops::math::tanh;
use tract_onnx::tract_hir::ops::element_wise::ElementWiseIntoHir as _;

use crate::eager::BuildResult;
use crate::nan_keeping::NanKeeping;

pub(crate) fn build(_ctx: &ParsingContext<'_>, _node: &NodeProto) -> BuildResult {
    Ok((NanKeeping { tracts: tanh(), declutter: None }.op().into_hir(), vec![]))
}
