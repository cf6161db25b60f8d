//! From model bytes to an engine, with every failure of tract turned into ours.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ferrocast_engine::{EngineLoader, InferenceEngine, Inspection, LoadError, LoadOptions, ModelSource};
use tract_onnx::Onnx;

use crate::engine::TractEngine;
use crate::graph::Graph;
use crate::plans::Plans;
use crate::{hints, inspect, parse};

/// Loads ONNX files with tract, its operator set completed by `ferrocast-onnx-ml`.
pub struct TractLoader {
    onnx: Onnx,
}

impl TractLoader {
    /// A loader with the whole operator set.
    pub fn new() -> TractLoader {
        // Exporters of tabular models declare wrong output shapes; the graph itself knows better.
        let mut onnx = tract_onnx::onnx().with_ignore_output_shapes(true).with_ignore_output_types(true);
        ferrocast_onnx_ml::register(&mut onnx);
        TractLoader { onnx }
    }

    fn try_load(&self, source: ModelSource<'_>, options: &LoadOptions) -> Result<TractEngine, LoadError> {
        let proto = parse::model(source.bytes)?;
        parse::refuse_unsupported(&self.onnx, &proto)?;
        let graph = Graph::build(&self.onnx, &proto)?;
        let plans = Plans::compile(&graph, options)?;
        Ok(TractEngine::new(source.name, plans, hints::read(&proto)))
    }
}

impl Default for TractLoader {
    fn default() -> TractLoader {
        TractLoader::new()
    }
}

impl fmt::Debug for TractLoader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TractLoader").field("operators", &self.onnx.op_register.0.len()).finish()
    }
}

impl EngineLoader for TractLoader {
    fn name(&self) -> &'static str {
        "tract"
    }

    fn load(&self, source: ModelSource<'_>, options: &LoadOptions) -> Result<Arc<dyn InferenceEngine>, LoadError> {
        // tract panics on some malformed graphs (index out of bounds, division by zero), all of them while it builds.
        catch_unwind(AssertUnwindSafe(|| self.try_load(source, options)))
            .unwrap_or_else(|panic| Err(LoadError::from_panic(panic.as_ref())))
            .map(|engine| Arc::new(engine) as Arc<dyn InferenceEngine>)
    }

    fn inspect(&self, source: ModelSource<'_>) -> Result<Inspection, LoadError> {
        catch_unwind(AssertUnwindSafe(|| inspect::inspect(&self.onnx, &parse::model(source.bytes)?)))
            .unwrap_or_else(|panic| Err(LoadError::from_panic(panic.as_ref())))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use ferrocast_engine::LoadOptions;

    use super::TractLoader;
    use crate::graph::Graph;
    use crate::parse;
    use crate::plans::{Plan, Plans};

    /// What the sample models' speed rests on, and what an operator of ours in place of one of tract's can undo unseen.
    #[test]
    fn the_sample_models_are_row_programs() {
        let TractLoader { onnx } = TractLoader::new();
        for version in ["penguins/1", "penguins/2", "auto-mpg/1"] {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(version).join("model.onnx");
            let proto = parse::model(&fs::read(file).unwrap()).unwrap();
            let graph = Graph::build(&onnx, &proto).unwrap();
            let plans = Plans::compile(&graph, &LoadOptions::default()).unwrap();
            assert!(matches!(plans.all(), [Plan::Rows(_)]), "{version}");
        }
    }
}
