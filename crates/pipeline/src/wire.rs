//! Tensors of other shapes than the graph takes and gives, with the same elements.

use ferrocast_engine::{Dim, Signature, Tensor, TensorError, TensorSpec};

/// What callers see of a model whose tensors are reshaped.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) signature: Signature,
    /// With free rows.
    pub(crate) graph: Signature,
}

impl Wire {
    pub(crate) fn inputs_for_graph(&self, inputs: Vec<Tensor>, rows: usize) -> Result<Vec<Tensor>, TensorError> {
        reshaped(inputs, self.graph.inputs(), rows)
    }

    pub(crate) fn outputs_for_callers(&self, outputs: Vec<Tensor>, rows: usize) -> Result<Vec<Tensor>, TensorError> {
        reshaped(outputs, self.signature.outputs(), rows)
    }
}

/// Tensors whose specs have a free axis that is none of rows stay as they are: they are not reshaped.
fn reshaped(tensors: Vec<Tensor>, specs: &[TensorSpec], rows: usize) -> Result<Vec<Tensor>, TensorError> {
    let reshape = |(tensor, spec): (Tensor, &TensorSpec)| {
        let sizes = spec.shape.iter().map(|dim| match dim {
            Dim::Fixed(size) => Some(*size),
            Dim::Batch => Some(rows),
            Dim::Dynamic(_) => None,
        });
        match sizes.collect::<Option<Vec<usize>>>() {
            Some(shape) if shape != tensor.shape() => tensor.reshaped(&shape),
            _ => Ok(tensor),
        }
    };
    tensors.into_iter().zip(specs).map(reshape).collect()
}
