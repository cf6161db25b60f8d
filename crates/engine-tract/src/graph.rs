//! The parsed graph, its free axes turned into symbols and one of them chosen as the batch.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ferrocast_engine::LoadError;
use ferrocast_neural::{Bounds, take_over};
use tract_onnx::Onnx;
use tract_onnx::model::ParseResult;
use tract_onnx::pb::{ModelProto, NodeProto};
use tract_onnx::prelude::{DatumType, InferenceFact, InferenceModel, InferenceModelExt, Symbol, TypedModel};
use tract_onnx::tract_core::ops::TypedOp;
use tract_onnx::tract_core::ops::cnn::{Conv, Deconv, MaxPool, SumPool};
use tract_onnx::tract_hir::internal::{Factoid, TDim, ToDim, TractResult};

use crate::looked_up::look_up_first;
use crate::parse::for_each_node;
use crate::{convert, row_layout};

/// A parsed model whose inputs have complete types and shapes, symbols included.
pub(crate) struct Graph {
    model: InferenceModel,
    /// The axis of independent rows, if the model has one: the free first axis of its inputs.
    pub(crate) batch: Option<Symbol>,
    /// Whether the model has rows, and convolves or pools them.
    pub(crate) convolves: bool,
    /// The same in a graph of one of its nodes, where nobody takes convolutions over.
    convolves_inside: bool,
}

impl Graph {
    /// Parses the graph and completes its inputs.
    pub(crate) fn build(onnx: &Onnx, proto: &ModelProto) -> Result<Graph, LoadError> {
        let malformed = |cause: tract_onnx::prelude::TractError| LoadError::Malformed(format!("{cause:#}").into());
        let ParseResult { mut model, unresolved_inputs, .. } = onnx.parse(proto, None).map_err(malformed)?;
        if !unresolved_inputs.is_empty() {
            let names = unresolved_inputs.join("`, `");
            return Err(LoadError::Malformed(format!("used in the graph, but nothing makes it: `{names}`").into()));
        }
        let batch = symbolize(&mut model)?;
        batch.iter().try_for_each(|batch| row_layout::restore(&mut model, batch)).map_err(malformed)?;
        let outside = proto.graph.iter().flat_map(|graph| &graph.node).filter(|node| is_convolution(node)).count();
        let mut all = 0;
        for_each_node(proto, &mut |node| all += usize::from(is_convolution(node)));
        let convolves = batch.is_some() && all > 0;
        Ok(Graph { model, batch, convolves, convolves_inside: convolves && all > outside })
    }

    /// The optimised graph for any number of rows; `None` if tract is left with convolutions or pools, for which that would
    /// be ruinous.
    pub(crate) fn optimize_any(&self) -> TractResult<Option<TypedModel>> {
        if self.convolves_inside {
            return Ok(None);
        }
        guarded(|| {
            let model = taken_over(self.model.clone().into_typed()?);
            let is_left =
                |op: &dyn TypedOp| op.is::<Conv>() || op.is::<Deconv>() || op.is::<MaxPool>() || op.is::<SumPool>();
            if self.convolves && model.nodes().iter().any(|node| is_left(node.op.as_ref())) {
                return Ok(None);
            }
            model.into_optimized().map(Some)
        })
    }

    /// The optimised graph, its batch axis pinned to `rows`.
    pub(crate) fn optimize(&self, rows: usize) -> TractResult<TypedModel> {
        let mut model = self.model.clone();
        if let Some(batch) = &self.batch {
            model.set_symbols(&HashMap::from([(batch.clone(), rows.to_dim())]))?;
        }
        guarded(|| taken_over(model.into_typed()?).into_optimized())
    }
}

/// Recurrent layers with a symbolic batch panic while they are compiled; pinned to a size they compile.
fn guarded<T>(compile: impl FnOnce() -> TractResult<T>) -> TractResult<T> {
    catch_unwind(AssertUnwindSafe(compile)).unwrap_or_else(|panic| Err(LoadError::from_panic(panic.as_ref()).into()))
}

/// The graph with what it looks up looked up first, and with convolutions and dense layers of our own where they can be.
fn taken_over(model: TypedModel) -> TypedModel {
    let model = match look_up_first(&model) {
        Ok(Some(changed)) => changed,
        Ok(None) => model,
        Err(cause) => {
            tracing::warn!("tables are computed whole on every run: {cause:#}");
            model
        }
    };
    let bounds_of = |op: &dyn TypedOp| {
        let (low, high) = ferrocast_onnx_ml::bounds(op)?;
        let Bounds { low: lowest, high: highest } = Bounds::NONE;
        Some(Bounds { low: low.map_or(lowest, |low| low as f32), high: high.map_or(highest, |high| high as f32) })
    };
    match take_over(&model, &bounds_of) {
        Ok(Some(ours)) => ours,
        Ok(None) => model,
        Err(cause) => {
            tracing::warn!("convolutions and dense layers stay with tract: {cause:#}");
            model
        }
    }
}

fn is_convolution(node: &NodeProto) -> bool {
    matches!(
        node.op_type.as_str(),
        "Conv" | "ConvTranspose" | "ConvInteger" | "QLinearConv" | "MaxPool" | "AveragePool" | "LpPool"
    )
}

/// Gives every free axis of every input a symbol. The first axis of all inputs shares one, the batch, unless the file
/// names them differently.
fn symbolize(model: &mut InferenceModel) -> Result<Option<Symbol>, LoadError> {
    let inputs: Vec<_> = model.inputs.clone();
    let mut shapes: Vec<(String, DatumType, Vec<Option<TDim>>)> = Vec::with_capacity(inputs.len());
    for &outlet in &inputs {
        let name = model.nodes().get(outlet.node).map(|node| node.name.clone()).unwrap_or_default();
        let wrong = |reason: &str| LoadError::Shape { tensor: name.clone().into(), reason: reason.to_owned() };
        let fact = model.outlet_fact(outlet).map_err(|cause| wrong(&cause.to_string()))?;
        let datum_type = fact.datum_type.concretize().ok_or_else(|| wrong("the file gives it no element type"))?;
        convert::dtype(datum_type).ok_or_else(|| wrong(&format!("elements of type {datum_type:?} are not served")))?;
        if fact.shape.is_open() {
            return Err(wrong("the file gives it no number of axes"));
        }
        shapes.push((name, datum_type, fact.shape.dims().map(|dim| dim.concretize()).collect()));
    }
    let first_axes = || shapes.iter().filter_map(|(_, _, shape)| shape.first());
    let batch = first_axes()
        .flatten()
        .find_map(|dim| match dim {
            TDim::Sym(symbol) => Some(symbol.clone()),
            _ => None,
        })
        .or_else(|| first_axes().any(Option::is_none).then(|| model.symbols.new_with_prefix("batch")));
    for (ix, (name, datum_type, shape)) in shapes.into_iter().enumerate() {
        let dims: Vec<TDim> = shape
            .into_iter()
            .enumerate()
            .map(|(axis, dim)| match (dim, axis, &batch) {
                (Some(dim), _, _) => dim,
                (None, 0, Some(batch)) => TDim::Sym(batch.clone()),
                (None, _, _) => TDim::Sym(model.symbols.new_with_prefix(&format!("{}_{axis}", symbol_safe(&name)))),
            })
            .collect();
        model
            .set_input_fact(ix, InferenceFact::dt_shape(datum_type, dims))
            .map_err(|cause| LoadError::Shape { tensor: name.into(), reason: cause.to_string() })?;
    }
    Ok(batch)
}

/// Symbols print into expressions, where an operator sign would be read as one.
fn symbol_safe(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}
