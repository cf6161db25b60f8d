//! `HardSwish` of doubles: `x * min(max(x / 6 + 0.5, 0), 1)`. Floats are tract's.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;

use crate::double_formula::DoubleFormula;
use crate::eager::BuildResult;

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    DoubleFormula { name: "HardSwish", parameters: [], formula: |x, []| x * (x / 6.0 + 0.5).clamp(0.0, 1.0) }
        .build(ctx, node)
}
