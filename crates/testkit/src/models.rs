//! The small models and pictures, read from the repository.

use std::path::Path;

/// The models that load, by name.
pub const SMALL_MODELS: &[&str] =
    &["mlp", "conv", "identity_f64", "fixed_batch", "nan", "lstm", "scan", "sklearn_logreg_float_input", "strings"];

/// A cat of 40 x 30 pixels, in every kind of file that is read.
pub const SMALL_PICTURES: &[&str] = &["cat.png", "cat.jpg", "cat_progressive.jpg", "cat.webp", "cat_lossy.webp"];

/// The bytes of the small picture `name`.
///
/// # Panics
/// If there is no such picture.
pub fn small_picture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The bytes of the small model `name`.
///
/// # Panics
/// If there is no such model.
pub fn small_model(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name).with_extension("onnx");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
