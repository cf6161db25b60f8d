//! `cargo xtask snippets`: every command, program and file that the documents show is run, as a reader would who works
//! through a document from its top to its end. A block of another kind is output, and not run.
//!
//! | Block | What becomes of it |
//! |---|---|
//! | `sh` | runs in bash, beside a server that serves the sample models on the address that the documents name |
//! | `python` | runs in a Python that has what it imports |
//! | `toml` | is written to the file that its first line names, and checked by the program |
//! | `rust` | is a doctest of the crate that includes the document; here it is only checked that there is one |
//! | `json`, `text`, `console`, `mermaid`, no language | output or a picture. JSON below a command is compared with its output |

mod fence;
mod included;
mod interpreter;
mod script;
mod shown;

use std::{fs, path::Path};

use anyhow::{Context, ensure};
use xshell::{Shell, cmd};

use self::{fence::Fence, script::Script};
use crate::{
    served,
    workspace::{Metadata, root},
};

/// Runs what all documents show, or only those named.
pub(crate) fn run(sh: &Shell, only: &[String]) -> anyhow::Result<()> {
    let program = served::build(sh)?;
    let target = Metadata::load(sh)?.target_directory;
    let mut failed = Vec::new();
    for path in documents(sh)?.iter().filter(|path| only.is_empty() || only.contains(path)) {
        let text = fs::read_to_string(root().join(path)).with_context(|| format!("cannot read {path}"))?;
        let fences = fence::all(&text).with_context(|| path.clone())?;
        included::check(sh, path, &fences)?;
        let count = fences.iter().filter(|fence| fence.is_run()).count();
        if count == 0 {
            continue;
        }
        let folder = target.join("snippets").join(path.replace('/', "-"));
        match run_document(sh, path, &fences, &program, &folder) {
            Ok(()) => println!("{path}: {count} snippets run"),
            Err(error) => {
                println!("{path}: FAILED: {error:#}");
                failed.push(path.clone());
            }
        }
    }
    ensure!(failed.is_empty(), "what these documents show does not work: {}", failed.join(", "));
    Ok(())
}

/// The Markdown files of the checkout, relative to its root.
fn documents(sh: &Shell) -> anyhow::Result<Vec<String>> {
    Ok(cmd!(sh, "git ls-files *.md").quiet().read()?.lines().map(str::to_owned).collect())
}

fn run_document(sh: &Shell, path: &str, fences: &[Fence], program: &Path, folder: &Path) -> anyhow::Result<()> {
    copy_checkout(sh, folder)?;
    let script = Script::new(sh, fences)?;
    let start = folder.join(starting_folder(path));
    script.run(program, &start)?;
    for pair in fences.windows(2) {
        if let [command, shown] = pair
            && command.language == "sh"
            && shown.language == "json"
            && shown.follows
        {
            let output = fs::read_to_string(start.join(script::output(command)))?;
            shown::compare(&shown.text, &output).with_context(|| format!("line {}", shown.line))?;
        }
    }
    Ok(())
}

/// Where a document says that its commands are to be run.
fn starting_folder(document: &str) -> &Path {
    if document.starts_with("models/train/") { Path::new("models/train") } else { Path::new("") }
}

/// What a reader has who follows a document: the files of the checkout, in a folder of their own.
fn copy_checkout(sh: &Shell, folder: &Path) -> anyhow::Result<()> {
    sh.remove_path(folder)?;
    sh.create_dir(folder)?;
    cmd!(sh, "bash -c 'git ls-files -z | xargs -0 cp --parents --no-dereference --target-directory \"$0\"' {folder}")
        .quiet()
        .run()?;
    let _in_copy = sh.push_dir(folder);
    cmd!(sh, "git init --quiet").quiet().run()?;
    cmd!(sh, "git add --all").quiet().run()?;
    Ok(())
}
