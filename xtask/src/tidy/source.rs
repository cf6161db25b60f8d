//! The files of the checkout that the rules read.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

/// A text file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Relative to the root folder, with `/` between the parts.
    pub(super) path: String,
    pub(super) text: String,
}

/// Every Rust file of the workspace's crates.
pub(super) fn rust_files(root: &Path) -> anyhow::Result<Vec<Source>> {
    let mut found = Vec::new();
    for folder in ["bins", "crates", "xtask"] {
        collect(root, &root.join(folder), "rs", &mut found)?;
    }
    Ok(found)
}

/// Every Markdown file of the checkout.
pub(super) fn markdown_files(root: &Path) -> anyhow::Result<Vec<Source>> {
    let mut found = Vec::new();
    collect(root, root, "md", &mut found)?;
    Ok(found)
}

/// Reads all files below `folder` that end in `.{extension}`, in the order of their names.
fn collect(root: &Path, folder: &Path, extension: &str, found: &mut Vec<Source>) -> anyhow::Result<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .with_context(|| format!("cannot list {}", folder.display()))?;
    entries.sort();
    for path in entries {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            // What git ignores starts with a dot, or is one of these.
            if !name.starts_with('.') && name != "target" && name != "__pycache__" {
                collect(root, &path, extension, found)?;
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let relative = path.strip_prefix(root).unwrap_or(&path);
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            found.push(Source { path: parts.join("/"), text });
        }
    }
    Ok(())
}

#[cfg(test)]
impl Source {
    pub(super) fn new(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }
}
