//! What a look at the file of keys sees.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::KeyFileError;
use crate::keys::Keys;

/// Longest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

/// What was in the file, or why it could not be read.
pub(super) struct Look(io::Result<String>);

/// Tells two looks apart. By content: names, times and sizes of files stay the same in some changes, and change in others
/// that change nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    Text([u8; 32]),
    Unreadable(io::ErrorKind),
}

impl Look {
    pub(super) fn at(path: &Path) -> Look {
        Look(read(path))
    }

    pub(super) fn mark(&self) -> Mark {
        match &self.0 {
            Ok(text) => Mark::Text(Sha256::digest(text).into()),
            Err(error) => Mark::Unreadable(error.kind()),
        }
    }

    pub(super) fn keys(self, path: &Path) -> Result<Keys, KeyFileError> {
        let text = self.0.map_err(|source| KeyFileError::Unreadable { path: path.to_owned(), source })?;
        text.parse().map_err(|source| KeyFileError::Invalid { path: path.to_owned(), source })
    }
}

fn read(path: &Path) -> io::Result<String> {
    // Opening a pipe would wait for a writer.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let message = format!("it is longer than {MAX_FILE_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    // The error of the conversion would hold the bytes.
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}
