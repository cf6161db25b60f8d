//! What a step reads.

use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

use super::{Buffer, Operand, Source, View};

/// The operands of one step, looked up without an allocation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inputs<'a> {
    pub(super) operands: &'a [Operand],
    pub(super) feeds: &'a [View<'a>],
    pub(super) buffers: &'a [Buffer],
}

impl<'a> Inputs<'a> {
    /// The number of operands.
    pub(crate) fn len(&self) -> usize {
        self.operands.len()
    }

    /// How many values all operands together have in a row.
    pub(crate) fn width(&self) -> usize {
        self.operands.iter().map(|operand| operand.width).sum()
    }

    /// The values of the operand at `position`, and how many of them belong to a row.
    ///
    /// # Errors
    /// If there is no such operand, which would be a fault of the compilation.
    pub(crate) fn get(&self, position: usize) -> TractResult<(View<'a>, usize)> {
        let view = self.operands.get(position).and_then(|operand| {
            let view = match operand.source {
                Source::Feed(feed) => self.feeds.get(feed).copied(),
                Source::Buffer(buffer) => self.buffers.get(buffer).map(Buffer::view),
            };
            Some((view?, operand.width))
        });
        match view {
            Some(found) => Ok(found),
            None => bail!("a step has no operand {position}"),
        }
    }
}
