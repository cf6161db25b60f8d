//! The name of a task.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// The name of a task: a random UUID (version 4), which nobody guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(Uuid);

impl TaskId {
    /// A new one.
    pub fn random() -> TaskId {
        TaskId(Uuid::new_v4())
    }

    /// Its sixteen bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// From [`TaskId::as_bytes`].
    pub fn from_bytes(bytes: [u8; 16]) -> TaskId {
        TaskId(Uuid::from_bytes(bytes))
    }
}

/// In lower case with hyphens.
impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

/// The text is no UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no UUID")]
pub struct NoTaskId;

impl FromStr for TaskId {
    type Err = NoTaskId;

    fn from_str(text: &str) -> Result<TaskId, NoTaskId> {
        // The other spellings that the parser knows would be other names of the same task.
        if text.len() != 36 {
            return Err(NoTaskId);
        }
        text.parse().map(TaskId).map_err(|_| NoTaskId)
    }
}
