//! How much the calls of functions may add to a model: calls that double at each level grow exponentially.

use tract_onnx::pb::{AttributeProto, NodeProto, TensorProto};
use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

/// In bytes. The functions of a real model add a few megabytes; its weights are no part of them.
const BUDGET: usize = 1 << 26;

/// The bytes that are left.
pub(super) struct Budget {
    left: usize,
}

impl Budget {
    pub(super) fn new() -> Budget {
        Budget { left: BUDGET }
    }

    /// Takes `bytes` off.
    ///
    /// # Errors
    /// When there are not as many left.
    pub(super) fn spend(&mut self, bytes: usize) -> TractResult<()> {
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => bail!("the functions of the model grow beyond {BUDGET} bytes where they are called"),
        }
        Ok(())
    }

    pub(super) fn spend_on_nodes(&mut self, nodes: &[NodeProto]) -> TractResult<()> {
        self.spend(nodes_weight(nodes))
    }

    pub(super) fn spend_on_attributes(&mut self, attributes: &[AttributeProto]) -> TractResult<()> {
        self.spend(attributes.iter().map(attribute_weight).sum())
    }
}

/// Roughly how many bytes the nodes are in memory.
fn nodes_weight(nodes: &[NodeProto]) -> usize {
    let node_weight = |node: &NodeProto| {
        let names = node.input.iter().chain(&node.output).chain([&node.name]);
        let names: usize = names.map(|name| size_of::<String>() + name.len()).sum();
        size_of::<NodeProto>() + names + node.attribute.iter().map(attribute_weight).sum::<usize>()
    };
    nodes.iter().map(node_weight).sum()
}

fn attribute_weight(attribute: &AttributeProto) -> usize {
    let graphs = attribute.g.iter().chain(&attribute.graphs);
    let graphs =
        graphs.map(|graph| nodes_weight(&graph.node) + graph.initializer.iter().map(tensor_weight).sum::<usize>());
    let tensors = attribute.t.iter().chain(&attribute.tensors).map(tensor_weight);
    let strings = attribute.strings.iter().map(|string| size_of::<Vec<u8>>() + string.len());
    let lists = size_of_val(&*attribute.floats) + size_of_val(&*attribute.ints) + attribute.s.len();
    size_of::<AttributeProto>() + lists + graphs.chain(tensors).chain(strings).sum::<usize>()
}

fn tensor_weight(tensor: &TensorProto) -> usize {
    let strings = tensor.string_data.iter().map(|string| size_of::<Vec<u8>>() + string.len());
    let numbers = size_of_val(&*tensor.float_data)
        + size_of_val(&*tensor.int32_data)
        + size_of_val(&*tensor.int64_data)
        + size_of_val(&*tensor.double_data)
        + size_of_val(&*tensor.uint64_data);
    size_of::<TensorProto>() + tensor.raw_data.len() + numbers + strings.sum::<usize>()
}
