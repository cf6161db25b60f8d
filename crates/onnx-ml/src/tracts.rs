//! tract's own operators, for those of this crate that build on them.

use std::sync::LazyLock;

use tract_onnx::Onnx;
use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::{Expansion, bail};

use crate::eager::BuildResult;
use crate::ignored::ignored_attribute;

/// tract with the operators it comes with.
static TRACT: LazyLock<Onnx> = LazyLock::new(tract_onnx::onnx);

/// What tract makes of the node.
///
/// # Errors
/// When tract has no such operator, refuses the node, or would read past one of its attributes.
pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    if let Some(attribute) = ignored_attribute(node) {
        bail!("{}: {attribute} is not supported", node.op_type);
    }
    let Some(builder) = TRACT.op_register.0.get(&node.op_type) else { bail!("tract has no operator {}", node.op_type) };
    builder(ctx, node)
}

/// The same as an operator that can be wired amid others.
///
/// # Errors
/// As [`build`], and when tract has it in another form.
pub(crate) fn expansion(ctx: &ParsingContext<'_>, node: &NodeProto) -> TractResult<Box<dyn Expansion>> {
    let (op, _) = build(ctx, node)?;
    match op.as_op().downcast_ref::<Box<dyn Expansion>>() {
        Some(expansion) => Ok(expansion.clone()),
        None => bail!("{}: tract's operator cannot be wired amid others", node.op_type),
    }
}
