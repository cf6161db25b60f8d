//! Looking at folders and reading files without being led out of the one that was given.
//!
//! Everything goes through a handle of that folder, below which each path is opened step by step or by the system in one
//! (`openat2`), so that what is exchanged for a link between two looks leads nowhere. Links are followed while they stay
//! inside, which is how volumes of Kubernetes present their files. A file that has other names is not taken: whoever made
//! the link may change it, or may have meant to have it read.

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata};

/// The folder of models.
#[derive(Debug)]
pub(crate) struct Root {
    path: PathBuf,
    folder: Dir,
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
    #[error("has other names as well (hard links), and could be changed through them; copy the file")]
    HardLinked,
    #[error("cannot be looked at: {0}")]
    Io(#[from] io::Error),
}

impl Root {
    pub(crate) fn open(path: &Path) -> io::Result<Root> {
        Ok(Root { path: path.to_owned(), folder: Dir::open_ambient_dir(path, ambient_authority())? })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What `folder` holds, sorted by name.
    pub(crate) fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in self.folder.read_dir(self.inside(folder)?)? {
            let file_name = entry?.file_name();
            let name = file_name.to_string_lossy().into_owned();
            if !name.starts_with('.') {
                let path = folder.join(file_name);
                let kind = self.kind(&path);
                entries.push(Entry { name, path, kind });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// What `path` is once links are followed.
    pub(crate) fn kind(&self, path: &Path) -> Result<Kind, Refused> {
        let inside = self.inside(path)?;
        let is_link = self.folder.symlink_metadata(inside)?.is_symlink();
        let found = self.folder.metadata(inside).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound if is_link => Refused::Dangling,
            // Of the confinement, not of the system.
            io::ErrorKind::PermissionDenied if error.raw_os_error().is_none() => Refused::Leaves,
            _ => Refused::Io(error),
        })?;
        kind_of(&found)
    }

    /// Opens a regular file to read it.
    pub(crate) fn read(&self, path: &Path) -> io::Result<File> {
        let file = self.folder.open(self.inside(path)?)?;
        match kind_of(&file.metadata()?) {
            Ok(Kind::File) => Ok(file.into_std()),
            Ok(Kind::Folder | Kind::Other) => Err(io::Error::other("not a regular file")),
            Err(refused) => Err(io::Error::other(refused)),
        }
    }

    /// What the system says of the file that `path` leads to.
    pub(crate) fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.folder.metadata(self.inside(path)?)
    }

    /// `path` as seen from the folder.
    fn inside<'p>(&self, path: &'p Path) -> io::Result<&'p Path> {
        let inside = path.strip_prefix(&self.path).map_err(|_| io::Error::other("not below the models folder"))?;
        Ok(if inside.as_os_str().is_empty() { Path::new(".") } else { inside })
    }
}

fn kind_of(found: &Metadata) -> Result<Kind, Refused> {
    if found.is_dir() {
        Ok(Kind::Folder)
    } else if !found.is_file() {
        Ok(Kind::Other)
    } else if has_other_names(found) {
        Err(Refused::HardLinked)
    } else {
        Ok(Kind::File)
    }
}

#[cfg(unix)]
fn has_other_names(file: &Metadata) -> bool {
    use cap_std::fs::MetadataExt;
    file.nlink() > 1
}

#[cfg(not(unix))]
fn has_other_names(_: &Metadata) -> bool {
    false
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
