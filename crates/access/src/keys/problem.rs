//! What is wrong with a file of keys, told without repeating what may be a key.

use std::fmt;

use crate::key_name::{KeyName, KeyNameError};
use crate::rate::RateError;
use crate::scope::UnknownScope;

/// A text that holds no set of keys: at least one problem, one a line.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct KeysError(pub(super) Vec<KeyProblem>);

impl KeysError {
    /// All problems: those of the whole text, then key by key.
    pub fn problems(&self) -> &[KeyProblem] {
        &self.0
    }
}

/// One mistake: its place and what it is, such as ``key 2 (`billing`), scopes: must name at least one scope``.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyProblem {
    pub(super) place: Option<Place>,
    pub(super) fault: Fault,
}

/// A key in the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// Counted from 1.
    pub(super) position: usize,
    pub(super) name: Option<KeyName>,
    pub(super) field: Option<&'static str>,
}

/// What is wrong there.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum Fault {
    #[error("line {line}, column {column}: this is not TOML")]
    Syntax { line: usize, column: usize },
    #[error("there is no key, which would lock everybody out; each key begins with a line `[[key]]`")]
    NoKeys,
    #[error("each key must be a table of its own that begins with a line `[[key]]`")]
    NotATable,
    #[error("there is no field {0} here; {known} can be given", known = .1.join(", "))]
    Unknown(ShownField, &'static [&'static str]),
    #[error("is missing")]
    Missing,
    #[error(transparent)]
    Name(KeyNameError),
    #[error(
        "must be 64 hex digits, the SHA-256 of the key. If this is the key itself, replace it by its SHA-256, and by a \
         new key if others may have read it here"
    )]
    Digest,
    #[error("is that of key {0} already")]
    Taken(usize),
    #[error("must be a list of scopes such as [\"predict\"]")]
    ScopesForm,
    #[error("must name at least one scope")]
    NoScope,
    #[error("item {0}: {UnknownScope}")]
    Scope(usize),
    #[error("must be a moment since 1970 with its offset, such as 2027-01-01T00:00:00Z")]
    Expires,
    #[error("must be a number of requests a second")]
    RateForm,
    #[error(transparent)]
    Rate(RateError),
    #[error("must be a whole number of requests from 1 to {}", u32::MAX)]
    Burst,
    #[error("has no effect without `rate`")]
    BurstAlone,
}

/// The name of a field that nobody knows; kept only if it is a short word, as it may be a key in a wrong place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ShownField(Option<String>);

impl ShownField {
    pub(super) fn new(name: &str) -> ShownField {
        let is_word = name.len() <= 16 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        ShownField(is_word.then(|| name.to_owned()))
    }
}

impl fmt::Display for ShownField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(name) => write!(f, "`{name}`"),
            None => f.write_str("of such a name"),
        }
    }
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { position, name, field }) = &self.place {
            write!(f, "key {position}")?;
            if let Some(name) = name {
                write!(f, " (`{name}`)")?;
            }
            if let Some(field) = field {
                write!(f, ", {field}")?;
            }
            f.write_str(": ")?;
        }
        self.fault.fmt(f)
    }
}
