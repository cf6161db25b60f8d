//! Pictures become the tensors that Pillow and numpy make of them: the check of `cargo xtask ci` that is called `images`.
//!
//! `models/train/image_matrix.py` makes some hundreds of pictures and says what each becomes; the example `picture_matrix` of
//! the pipeline compares. It is optimised, since the sample model judges some of them.

use std::fs;

use xshell::{Shell, cmd};

use crate::{
    python,
    workspace::{Metadata, root},
};

/// Fails if a picture becomes something else than it should.
pub(crate) fn images(sh: &Shell) -> anyhow::Result<()> {
    let python = python::ensure(sh, python::MODELS)?;
    let target = Metadata::load(sh)?.target_directory;
    let folder = target.join("image-matrix");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let (script, model) = (root().join("models/train/image_matrix.py"), root().join("models/imagenet/1"));
    cmd!(sh, "{python} {script} {folder}").run()?;
    // With the server, so that both need tract with the same features, and it is built once.
    let packages = ["--package", "ferrocast", "--package", "ferrocast-pipeline"];
    cmd!(sh, "cargo build --release --locked {packages...} --example picture_matrix").run()?;
    let compare = target.join("release/examples/picture_matrix");
    cmd!(sh, "{compare} {folder} {model}").run()?;
    Ok(())
}
