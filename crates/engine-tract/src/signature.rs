//! What a compiled graph accepts and returns.

use ferrocast_engine::{Dim, LoadError, Signature, TensorSpec};
use tract_onnx::prelude::{OutletId, Symbol, TypedFact, TypedModel};
use tract_onnx::tract_hir::internal::{DimLike, TDim};

use crate::convert;

/// Reads the signature of a graph with a symbolic batch axis.
pub(crate) fn symbolic(model: &TypedModel, batch: Option<&Symbol>) -> Result<Signature, LoadError> {
    read(model, |dim, _, _| match dim {
        TDim::Sym(symbol) if Some(symbol) == batch => Dim::Batch,
        dim => plain(dim),
    })
}

/// Finds the batch axes of a graph that compiles only with its batch pinned, by comparing the graph pinned to one row
/// with the one pinned to two.
pub(crate) fn pinned(one: &TypedModel, two: &TypedModel) -> Result<Signature, LoadError> {
    let sizes_at_two: Vec<Vec<TDim>> = outlets(two)
        .map(|outlet| two.outlet_fact(outlet).map(|fact| fact.shape.iter().cloned().collect()).unwrap_or_default())
        .collect();
    read(one, |dim, outlet, axis| {
        let doubled = sizes_at_two.get(outlet).and_then(|shape| shape.get(axis));
        let is = |dim: &TDim, size| matches!(dim.to_i64(), Ok(value) if value == size);
        if is(dim, 1) && doubled.is_some_and(|dim| is(dim, 2)) { Dim::Batch } else { plain(dim) }
    })
}

fn plain(dim: &TDim) -> Dim {
    match dim.to_usize() {
        Ok(size) => Dim::Fixed(size),
        Err(_) => Dim::Dynamic(dim.to_string().into()),
    }
}

fn outlets(model: &TypedModel) -> impl Iterator<Item = OutletId> + '_ {
    model.inputs.iter().chain(&model.outputs).copied()
}

/// Inputs and outputs of `model`; `axis_of` is told the size, the position among all inputs then outputs, and the axis.
fn read(model: &TypedModel, axis_of: impl Fn(&TDim, usize, usize) -> Dim) -> Result<Signature, LoadError> {
    let mut specs = Vec::new();
    for (ix, outlet) in outlets(model).enumerate() {
        let node_name = || model.nodes().get(outlet.node).map(|node| node.name.clone()).unwrap_or_default();
        // Where an operator changes nothing, tract gives its name to what it takes; an input's own name is its node's.
        let label = if ix < model.inputs.len() { None } else { model.outlet_label(outlet) };
        let name = label.map_or_else(node_name, str::to_owned);
        let wrong = |reason: String| LoadError::Shape { tensor: name.clone().into(), reason };
        let fact: &TypedFact = model.outlet_fact(outlet).map_err(|cause| wrong(cause.to_string()))?;
        let dtype = convert::dtype(fact.datum_type)
            .ok_or_else(|| wrong(format!("elements of type {:?} are not served", fact.datum_type)))?;
        let shape = fact.shape.iter().enumerate().map(|(axis, dim)| axis_of(dim, ix, axis)).collect();
        specs.push(TensorSpec::new(name, dtype, shape));
    }
    let outputs = specs.split_off(model.inputs.len());
    Ok(Signature::new(specs, outputs))
}
