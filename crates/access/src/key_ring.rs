//! The keys of a file, exchanged when it changes.

mod look;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use std::{fmt, io};

use arc_swap::ArcSwap;

use self::look::{Look, Mark};
use crate::keys::{Keys, KeysError};
use crate::principal::Principal;

pub use look::MAX_FILE_BYTES;
pub use watch::KeyWatch;

/// The keys of a file. Readers never wait; who holds the file exchanges all keys at once.
pub struct KeyRing {
    path: PathBuf,
    keys: ArcSwap<Keys>,
    /// What the file was when it was last read for its keys, whether they were good or not.
    read: Mutex<Mark>,
}

/// Why there are no keys in a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// It cannot be read, is no file, has more than [`MAX_FILE_BYTES`] or is not UTF-8.
    #[error("cannot read the keys in {path}: {source}", path = .path.display())]
    Unreadable {
        /// Where the file should be.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What it says is not a set of keys.
    #[error("the keys in {path} cannot be used:\n{source}", path = .path.display())]
    Invalid {
        /// Where the file is.
        path: PathBuf,
        /// What is wrong.
        source: KeysError,
    },
}

/// Why keys were not exchanged. Those from before stay in force.
#[derive(Debug, thiserror::Error)]
#[error("the keys from before stay in force: {0}")]
pub struct NotReloaded(#[from] pub KeyFileError);

impl KeyRing {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`KeyFileError`], if there are no keys in it.
    pub fn open(path: impl Into<PathBuf>) -> Result<KeyRing, KeyFileError> {
        let path = path.into();
        let look = Look::at(&path);
        let read = Mutex::new(look.mark());
        let keys = ArcSwap::from_pointee(look.keys(&path)?);
        Ok(KeyRing { path, keys, read })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The keys that are in force. Others may be in the next moment.
    pub fn keys(&self) -> Arc<Keys> {
        self.keys.load_full()
    }

    /// [`Keys::authenticate`] with the keys that are in force.
    pub fn authenticate(&self, presented: &[u8], now: SystemTime) -> Option<Arc<Principal>> {
        self.keys.load().authenticate(presented, now).cloned()
    }

    /// Reads the file anew, and puts its keys in force.
    ///
    /// # Errors
    /// [`NotReloaded`], if there are no keys in it; nothing has changed then.
    pub fn reload(&self) -> Result<Arc<Keys>, NotReloaded> {
        self.take(Look::at(&self.path))
    }

    /// Looks at the file again and again from a thread of its own, until the watch is dropped. What has changed is read
    /// once two looks have seen the same, so that a file that is being written is left alone. `report` learns what came of
    /// every change, and nothing else: a file that is gone or bad is told of once, until it is another.
    ///
    /// # Errors
    /// That of the system, if it gives no thread.
    pub fn watch(
        self: &Arc<KeyRing>,
        every: Duration,
        report: impl FnMut(Result<Arc<Keys>, NotReloaded>) + Send + 'static,
    ) -> io::Result<KeyWatch> {
        KeyWatch::start(Arc::clone(self), every, report)
    }

    fn take(&self, look: Look) -> Result<Arc<Keys>, NotReloaded> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        *read = look.mark();
        let keys = Arc::new(look.keys(&self.path)?);
        self.keys.store(Arc::clone(&keys));
        Ok(keys)
    }

    /// Whether the file was as `mark` has it when it was last read for its keys.
    fn has_read(&self, mark: &Mark) -> bool {
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) == *mark
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("path", &self.path).field("keys", &self.keys.load()).finish_non_exhaustive()
    }
}
