//! `ferrocast inspect`: what a model file says of itself, also if it cannot be loaded.

use std::path::Path;

use ferrocast_server::Inspection;

use super::{Done, with_advice};

/// Prints inputs, outputs, operators and what the file knows beside them.
pub(crate) fn run(model: &Path) -> Done {
    let inspection = ferrocast_server::inspect(model).map_err(|error| with_advice(&error))?;
    print(&inspection);
    if inspection.unsupported.is_empty() {
        println!("\nEvery operator can be run.");
        Ok(())
    } else {
        Err(format!("\nCannot run: {}", inspection.unsupported.join(", ")).into())
    }
}

fn print(inspection: &Inspection) {
    let hints = &inspection.hints;
    if let Some(producer) = &hints.producer {
        println!("made by    {producer}");
    }
    let opsets: Vec<String> = hints.opsets.iter().map(|(domain, version)| format!("{domain} {version}")).collect();
    println!("opsets     {}", opsets.join(", "));
    for input in &inspection.inputs {
        println!("input      {}: {input}", input.name);
    }
    for output in &inspection.outputs {
        println!("output     {output}");
    }
    if let Some(classes) = &hints.classes {
        println!("classes    {classes:?}");
    }
    for category in &hints.categories {
        println!("categories {} column {}: {:?}", category.input, category.column, category.values);
    }
    for (operator, count) in &inspection.operators {
        println!("operator   {count:>5} x {operator}");
    }
    for (key, value) in &hints.metadata {
        println!("metadata   {key} = {value}");
    }
}
