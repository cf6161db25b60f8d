//! The classes a model chooses from: those of its manifest, else those that its file names.

use ferrocast_engine::Classes;
use ferrocast_pipeline::Pipeline;
use ferrocast_schema::ClassValue;

/// In the order of the probabilities; empty if neither manifest nor file names them.
pub(crate) fn of(pipeline: &Pipeline) -> Vec<ClassValue> {
    let named = &pipeline.manifest().output.classes;
    if !named.is_empty() {
        return named.clone();
    }
    match &pipeline.engine().hints().classes {
        Some(Classes::Int(classes)) => classes.iter().copied().map(ClassValue::Int).collect(),
        Some(Classes::Str(classes)) => classes.iter().cloned().map(ClassValue::Str).collect(),
        None => Vec::new(),
    }
}
