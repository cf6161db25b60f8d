//! From model bytes to an engine, with every failure of ONNX Runtime turned into ours.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ferrocast_engine::{EngineLoader, InferenceEngine, Inspection, LoadError, LoadOptions, ModelSource};

use crate::Runtime;
use crate::engine::OrtEngine;

/// The domains of operators that ONNX Runtime has code for, beside the main one.
const DOMAINS: [&str; 3] = ["ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc"];

/// Loads ONNX files with ONNX Runtime, on the processor.
#[derive(Debug)]
pub struct OrtLoader {
    runtime: Runtime,
    inspector: Box<dyn EngineLoader>,
}

impl OrtLoader {
    /// A loader that runs models with `runtime`, and learns what a file says of itself from [`EngineLoader::inspect`] of
    /// `inspector`: its hints, and that its weights are not in other files.
    pub fn new(runtime: Runtime, inspector: impl EngineLoader + 'static) -> OrtLoader {
        OrtLoader { runtime, inspector: Box::new(inspector) }
    }

    fn try_load(&self, source: ModelSource<'_>) -> Result<OrtEngine, LoadError> {
        let Inspection { unsupported: ops, hints, .. } = self.inspect(source)?;
        if !ops.is_empty() {
            return Err(LoadError::Unsupported { ops });
        }
        OrtEngine::new(source.name, self.runtime.session(source.bytes)?, hints)
    }
}

impl EngineLoader for OrtLoader {
    fn name(&self) -> &'static str {
        "onnxruntime"
    }

    fn load(&self, source: ModelSource<'_>, _: &LoadOptions) -> Result<Arc<dyn InferenceEngine>, LoadError> {
        // `ort` expects some answers of the library.
        catch_unwind(AssertUnwindSafe(|| self.try_load(source)))
            .unwrap_or_else(|panic| Err(LoadError::from_panic(panic.as_ref())))
            .map(|engine| Arc::new(engine) as Arc<dyn InferenceEngine>)
    }

    /// As the inspector has it, but for the operators that cannot be run. Those are the ones of domains that ONNX Runtime does not
    /// know: which of its own it lacks only a load tells.
    fn inspect(&self, source: ModelSource<'_>) -> Result<Inspection, LoadError> {
        let mut inspection = self.inspector.inspect(source)?;
        inspection.unsupported = foreign(&inspection.operators);
        Ok(inspection)
    }
}

/// The operators, as `domain:Operator`, that are of no known domain. Those of the main one stand without it.
fn foreign(operators: &BTreeMap<String, usize>) -> Vec<String> {
    let is_known = |operator: &str| operator.rsplit_once(':').is_none_or(|(domain, _)| DOMAINS.contains(&domain));
    operators.keys().filter(|operator| !is_known(operator)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::foreign;

    #[test]
    fn operators_of_unknown_domains_cannot_be_run() {
        let operators = ["Relu", "ai.onnx.ml:Scaler", "com.microsoft:FusedMatMul", "org.example:FooBar", "my:own:Op"];
        let operators = operators.map(|operator| (operator.to_owned(), 1)).into();
        assert_eq!(foreign(&operators), ["my:own:Op", "org.example:FooBar"]);
    }
}
