//! Why something was not done, before it is said to whoever asked.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::StoreError;

/// Why something was not done.
#[derive(Debug)]
pub(super) enum Fault {
    /// It may not be; the file is as it should be.
    Refused(StoreError),
    /// What is read is not what was written.
    Damaged,
    /// SQLite could not.
    Sqlite(rusqlite::Error),
    /// The file, or its place, cannot be used: the end of a sentence about its path.
    Unusable(String),
}

impl Fault {
    /// Whether it is about what was asked; what others asked at the same time can still be done.
    pub(super) fn is_of_one(&self) -> bool {
        match self {
            Fault::Refused(_) | Fault::Damaged => true,
            Fault::Unusable(_) => false,
            Fault::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => {
                matches!(error.code, ErrorCode::ConstraintViolation | ErrorCode::TooBig)
            }
            // A value that is none of those that are written.
            Fault::Sqlite(_) => true,
        }
    }

    /// As it is told, with the place in it.
    pub(super) fn at(self, path: &Path) -> StoreError {
        let reason = match self {
            Fault::Refused(error) => return error,
            Fault::Unusable(reason) => reason,
            Fault::Damaged => damaged("what is stored is not what was written"),
            Fault::Sqlite(rusqlite::Error::SqliteFailure(error, said)) => match error.code {
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => damaged(&error.to_string()),
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => IN_USE.to_owned(),
                _ => format!("cannot be used: {}", said.unwrap_or_else(|| error.to_string())),
            },
            Fault::Sqlite(error) => damaged(&error.to_string()),
        };
        StoreError::Unavailable(format!("{} {reason}", path.display()))
    }
}

/// Said of a file that somebody else has.
pub(super) const IN_USE: &str = "is in use by another process";

fn damaged(how: &str) -> String {
    format!("is damaged ({how}); it is left as it is: move it away, and an empty one is begun")
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        Fault::Sqlite(error)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Unusable(format!("cannot be used: {error}"))
    }
}
