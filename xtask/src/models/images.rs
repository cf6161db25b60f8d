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
    let python = python::ensure(sh)?;
    let folder = Metadata::load(sh)?.target_directory.join("image-matrix");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let (script, model) = (root().join("models/train/image_matrix.py"), root().join("models/imagenet/1"));
    cmd!(sh, "{python} {script} {folder}").run()?;
    cmd!(
        sh,
        "cargo run --quiet --release --locked --package ferrocast-pipeline --example picture_matrix -- {folder} {model}"
    )
    .run()?;
    Ok(())
}
