//! Inputs keep the names that the file gives them.

use std::error::Error;
use std::fs;
use std::path::Path;

use ferrocast_engine::{EngineLoader as _, LoadOptions, ModelSource};
use ferrocast_engine_tract::TractLoader;

/// The first operator over the text only reshapes it to what it is, and tract calls the input after that.
#[test]
fn an_operator_that_changes_nothing_does_not_rename_its_input() {
    assert_eq!(inputs("text_count").unwrap(), ["text"]);
    assert_eq!(inputs("text_tfidf").unwrap(), ["text"]);
    assert_eq!(inputs("table_text").unwrap(), ["text", "stars"]);
}

fn inputs(export: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../onnx-ml/tests/exports");
    let bytes = fs::read(folder.join(export).with_extension("onnx"))?;
    let source = ModelSource { name: export, bytes: &bytes };
    let engine = TractLoader::new().load(source, &LoadOptions::default())?;
    Ok(engine.signature().inputs().iter().map(|input| input.name.to_string()).collect())
}
