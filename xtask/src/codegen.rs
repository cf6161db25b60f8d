//! `cargo xtask codegen`: the documents that are made from the code, by the program itself.

mod model_table;

use std::{fs, path::Path};

use anyhow::Context;
use xshell::{Shell, cmd};

use crate::{marked::Marks, models, served, workspace::root};

/// What to do with a document that is not as the code makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Write it anew.
    Write,
    /// Fail.
    Check,
}

const MODEL_TABLE: Marks =
    Marks { begin: "<!-- The models, written by `cargo xtask codegen`. -->", end: "<!-- End of the models. -->" };

/// Brings every generated document up to date, or says which are not.
pub(crate) fn run(sh: &Shell, mode: Mode) -> anyhow::Result<()> {
    let root = root();
    let program = served::build(sh)?;
    let printed = |document| printed(sh, &program, document);
    let openapi = printed("openapi")?;
    let samples = root.join("models");
    let table = model_table::render(&openapi, &models::read_golden(&samples)?, &models::picture_models(&samples)?)?;
    let documents = [
        ("docs/configuration.md", printed("configuration")?),
        ("docs/errors.md", printed("errors")?),
        ("docs/openapi.json", openapi),
        ("README.md", MODEL_TABLE.filled(&root.join("README.md"), &table)?),
    ];
    let mut outdated = Vec::new();
    for (file, made) in documents {
        if !up_to_date(&root.join(file), &made, mode)? {
            outdated.push(file);
        }
    }
    anyhow::ensure!(outdated.is_empty(), "out of date: {}; `cargo xtask codegen` writes them", outdated.join(", "));
    Ok(())
}

/// What the program prints as this document.
fn printed(sh: &Shell, program: &Path, document: &str) -> anyhow::Result<String> {
    let text = cmd!(sh, "{program} docs {document} --models models").quiet().read()?;
    Ok(text + "\n")
}

/// Whether `file` holds `made`, if need be after writing it.
fn up_to_date(file: &Path, made: &str, mode: Mode) -> anyhow::Result<bool> {
    // A missing file is an outdated one.
    let kept = fs::read_to_string(file).unwrap_or_default();
    if kept == made {
        return Ok(true);
    }
    if mode == Mode::Write {
        fs::write(file, made).with_context(|| format!("cannot write {}", file.display()))?;
        println!("wrote {}", file.display());
        return Ok(true);
    }
    println!("{}: {}", file.display(), first_difference(&kept, made));
    Ok(false)
}

/// Where two texts part, with both sides.
fn first_difference(kept: &str, made: &str) -> String {
    let shared = kept.lines().zip(made.lines()).take_while(|(kept, made)| kept == made).count();
    let side = |text: &str| text.lines().nth(shared).unwrap_or("(the end)").trim().to_owned();
    format!("line {} is\n    {}\nbut the code makes\n    {}", shared + 1, side(kept), side(made))
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn the_first_difference_is_shown() {
        assert_eq!(first_difference("a\nb\nc\n", "a\nB\nc\n"), "line 2 is\n    b\nbut the code makes\n    B");
        assert_eq!(first_difference("", "a\n"), "line 1 is\n    (the end)\nbut the code makes\n    a");
        assert_eq!(first_difference("a\n", "a\nb\n"), "line 2 is\n    (the end)\nbut the code makes\n    b");
    }
}
