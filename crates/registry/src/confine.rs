//! Looking at folders without being led out of the one that was given.
//!
//! Symbolic links are followed only while they stay inside the root, which is how volumes of Kubernetes present their
//! files; pipes, sockets and devices are never opened. A name is looked at and opened at two moments, so this confines
//! what is in the folder, not somebody who can write to it at will.

use std::fs::{self, FileType};
use std::io;
use std::path::{Component, Path, PathBuf};

/// The folder of models.
#[derive(Debug)]
pub(crate) struct Root {
    path: PathBuf,
    /// With all links resolved: what "inside" is measured against.
    real: PathBuf,
}

/// A name in a folder. Those that begin with a dot are not listed.
#[derive(Debug)]
pub(crate) struct Entry {
    /// For messages and for the check of the name; not to build paths from.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) kind: Result<Kind, Refused>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Folder,
    File,
    /// A pipe, a socket, a device.
    Other,
}

/// Why an entry is not looked at. The messages complete "`name` …".
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("is a symbolic link that leads out of the models folder")]
    Leaves,
    #[error("is a symbolic link that leads nowhere")]
    Dangling,
    #[error("cannot be looked at: {0}")]
    Io(#[from] io::Error),
}

impl Root {
    pub(crate) fn open(path: &Path) -> io::Result<Root> {
        Ok(Root { path: path.to_owned(), real: path.canonicalize()? })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What `folder` holds, sorted by name. `folder` itself must have passed this check.
    pub(crate) fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.starts_with('.') {
                let path = entry.path();
                let kind = self.kind(&path);
                entries.push(Entry { name, path, kind });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// What `path`, whose parent has passed this check, is once links are followed.
    pub(crate) fn kind(&self, path: &Path) -> Result<Kind, Refused> {
        let found = fs::symlink_metadata(path)?.file_type();
        if !found.is_symlink() {
            return Ok(kind_of(found));
        }
        let target = path.canonicalize().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Refused::Dangling,
            _ => Refused::Io(error),
        })?;
        if !target.starts_with(&self.real) {
            return Err(Refused::Leaves);
        }
        Ok(kind_of(fs::symlink_metadata(target)?.file_type()))
    }
}

fn kind_of(found: FileType) -> Kind {
    if found.is_dir() {
        Kind::Folder
    } else if found.is_file() {
        Kind::File
    } else {
        Kind::Other
    }
}

/// Whether `name`, joined to a folder, stays in that very folder.
pub(crate) fn is_plain_file_name(name: &str) -> bool {
    let mut components = Path::new(name).components();
    let first = components.next();
    matches!(first, Some(Component::Normal(only)) if only.to_str() == Some(name)) && components.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::is_plain_file_name;

    #[test]
    fn plain_file_names() {
        for good in ["model.onnx", "labels.txt", "my model.onnx", "a..b"] {
            assert!(is_plain_file_name(good), "{good}");
        }
        for bad in ["", ".", "..", "/", "/etc/passwd", "../x", "a/b", "a/", "./a", "a/.."] {
            assert!(!is_plain_file_name(bad), "{bad}");
        }
    }
}
