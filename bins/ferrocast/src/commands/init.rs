//! `ferrocast init`: the manifest that the server would make up, as a file to edit.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use ferrocast_pipeline::{ModelFiles, Pipeline};
use ferrocast_server::loaders;

use super::{Done, model_file, with_advice};

/// Writes the manifest beside the model.
pub(crate) fn run(model: &Path, force: bool, out: &mut impl Write) -> Done {
    let model = &model_file(model);
    let is_plain_name = model.file_name().is_some_and(|name| name == "model.onnx");
    let manifest = if is_plain_name { model.with_file_name("model.toml") } else { model.with_extension("toml") };
    let files = ModelFiles {
        folder: model.parent().map(Path::to_owned).unwrap_or_default(),
        model: model.to_owned(),
        manifest: None,
    };
    let pipeline = Pipeline::open_files(&files, &loaders()).map_err(|error| with_advice(&error))?;
    let mut text = pipeline.manifest().clone();
    text.model.file = model.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    write(&manifest, &text.to_toml(), force)?;
    writeln!(out, "wrote {}", manifest.display())?;
    writeln!(
        out,
        "Next: give the fields ranges, descriptions and examples in it, then: ferrocast check {}",
        model.display()
    )?;
    Ok(())
}

/// Never replaces what somebody may have edited, unless told to.
fn write(path: &Path, text: &str, force: bool) -> Result<(), String> {
    let refused = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => format!("{} exists; --force replaces it", path.display()),
        _ => format!("{}: {error}", path.display()),
    };
    if force {
        return fs::write(path, text).map_err(refused);
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(refused)?;
    file.write_all(text.as_bytes()).map_err(refused)
}
