//! Where the file is, and that nobody else uses it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::fault::{Fault, IN_USE};

/// Where the file is.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
}

/// Which file it is that is at a place: another one after it was removed and begun anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

impl Place {
    /// The place of that path, wherever the process goes.
    pub(super) fn new(path: PathBuf) -> Place {
        // SQLite reads a relative path that begins with `file:` as an address.
        Place { path: std::path::absolute(&path).unwrap_or(path) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Which file is there, if there is one.
    pub(super) fn identity(&self) -> Result<Option<Identity>, Fault> {
        match fs::metadata(&self.path) {
            Ok(metadata) if metadata.is_dir() => Err(Fault::Unusable("is a directory".to_owned())),
            Ok(metadata) => Ok(Some(identity_of(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes sure that no other process uses the file, until what is given here is dropped or this process dies.
    ///
    /// The lock is on a file beside: SQLite's own would keep out the second connection of this process, too.
    pub(super) fn hold(&self) -> Result<File, Fault> {
        if let Some(directory) = self.path.parent() {
            fs::create_dir_all(directory)?;
        }
        let lock = OpenOptions::new().create(true).write(true).truncate(false).open(self.beside(".lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(Fault::Unusable(IN_USE.to_owned())),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// Whether a file could be begun there. Leaves nothing.
    pub(super) fn can_begin(&self) -> Result<(), Fault> {
        let Some(directory) = self.path.ancestors().skip(1).find(|ancestor| ancestor.exists()) else { return Ok(()) };
        // The name is that of no other file, and of no other process's probe.
        let probe = directory.join(format!(".ferrocast-{}", uuid::Uuid::new_v4()));
        File::create_new(&probe).and_then(|_| fs::remove_file(&probe)).map_err(Fault::from)
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = OsString::from(&self.path);
        name.push(suffix);
        PathBuf::from(name)
    }
}

#[cfg(unix)]
fn identity_of(metadata: &fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    Identity(metadata.dev(), metadata.ino())
}

/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
fn identity_of(_: &fs::Metadata) -> Identity {
    Identity(0, 0)
}
