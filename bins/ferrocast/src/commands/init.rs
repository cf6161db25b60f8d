//! `ferrocast init`: the manifest that the server would make up, as a file to edit.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use ferrocast_pipeline::{ModelFiles, Pipeline, infer_picture_manifest};
use ferrocast_server::loaders;

use super::{Done, model_file, with_advice};

/// Writes the manifest beside the model.
pub(crate) fn run(model: &Path, pictures: bool, force: bool, out: &mut impl Write) -> Done {
    let model = &model_file(model);
    let is_plain_name = model.file_name().is_some_and(|name| name == "model.onnx");
    let manifest = if is_plain_name { model.with_file_name("model.toml") } else { model.with_extension("toml") };
    let files = ModelFiles {
        folder: model.parent().map(Path::to_owned).unwrap_or_default(),
        model: model.to_owned(),
        manifest: None,
        root: None,
        require_sha256: false,
    };
    let pipeline = Pipeline::open_files(&files, &loaders()).map_err(|error| with_advice(&error))?;
    let of_pictures = infer_picture_manifest(pipeline.signature());
    let mut text = match &of_pictures {
        Some(of_pictures) if pictures => of_pictures.clone(),
        None if pictures => return Err("--pictures: the model has no input of three colours and a known size".into()),
        _ => pipeline.manifest().clone(),
    };
    text.model.file = model.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    write(&manifest, &text.to_toml(), force)?;
    writeln!(out, "wrote {}", manifest.display())?;
    if pictures {
        let file = model.display();
        writeln!(
            out,
            "Next: say in it how pictures were prepared when the model was trained, and what its classes are called"
        )?;
        writeln!(out, "(docs/models.md, Pictures), then: ferrocast check {file}")?;
        return Ok(());
    }
    if of_pictures.is_some() {
        let file = model.display();
        writeln!(out, "Its input can be a picture. If it is: ferrocast init --pictures --force {file}")?;
    }
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
