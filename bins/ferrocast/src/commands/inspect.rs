//! `ferrocast inspect`: what a model file says of itself, also if it cannot be loaded.

use std::io::{self, Write};
use std::path::Path;

use ferrocast_server::Inspection;

use super::{Done, model_file, with_advice};

/// Prints inputs, outputs, operators and what the file knows beside them.
pub(crate) fn run(model: &Path, out: &mut impl Write) -> Done {
    let inspection = ferrocast_server::inspect(&model_file(model)).map_err(|error| with_advice(&error))?;
    print(&inspection, out)?;
    if inspection.unsupported.is_empty() {
        writeln!(out, "\nEvery operator can be run.")?;
        Ok(())
    } else {
        Err(format!("\nCannot run: {}", inspection.unsupported.join(", ")).into())
    }
}

fn print(inspection: &Inspection, out: &mut impl Write) -> io::Result<()> {
    let hints = &inspection.hints;
    if let Some(producer) = &hints.producer {
        writeln!(out, "made by    {producer}")?;
    }
    let opsets: Vec<String> = hints.opsets.iter().map(|(domain, version)| format!("{domain} {version}")).collect();
    writeln!(out, "opsets     {}", opsets.join(", "))?;
    for input in &inspection.inputs {
        writeln!(out, "input      {}: {input}", input.name)?;
    }
    for output in &inspection.outputs {
        writeln!(out, "output     {output}")?;
    }
    if let Some(classes) = &hints.classes {
        writeln!(out, "classes    {classes:?}")?;
    }
    for (label, target) in hints.targets.iter().enumerate() {
        if let Some(classes) = &target.classes {
            writeln!(out, "classes    label {label}: {classes:?}")?;
        }
    }
    for category in &hints.categories {
        writeln!(out, "categories {} column {}: {:?}", category.input, category.column, category.values)?;
    }
    for (operator, count) in &inspection.operators {
        writeln!(out, "operator   {count:>5} x {operator}")?;
    }
    for (key, value) in &hints.metadata {
        writeln!(out, "metadata   {key} = {value}")?;
    }
    Ok(())
}
