//! Every way to be refused, with what the one who asked needs to ask better.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::name::NameError;
use crate::state::ModelState;

/// Names that a refusal lists at most.
const MAX_LISTED: usize = 20;

/// Characters of a client's own text that a refusal repeats at most.
const MAX_ECHOED: usize = 80;

/// Why a reference to a model did not lead to something that serves. The messages are fit for clients.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// No model has that name, or none was named and there is no default.
    #[error("{}", unknown_model(.name.as_deref(), .known))]
    UnknownModel {
        /// What was asked for, shortened; `None` if the default was.
        name: Option<String>,
        /// Names that exist.
        known: Known,
    },
    /// The model has no such version and no such alias.
    #[error("Model {model} has no version {version:?}; it has {known}")]
    UnknownVersion {
        /// The model.
        model: Arc<str>,
        /// What was asked for, shortened.
        version: String,
        /// Versions and aliases that exist.
        known: Known,
    },
    /// The version exists and does not serve at present.
    #[error("Model {model} version {version} is not ready: {state}")]
    NotReady {
        /// The model.
        model: Arc<str>,
        /// The version.
        version: Arc<str>,
        /// What it does instead, with the reason if it failed.
        state: ModelState,
    },
}

fn unknown_model(name: Option<&str>, known: &Known) -> String {
    match name {
        Some(name) => format!("Model {name:?} not found; there is {known}"),
        None if known.names.is_empty() => "No model is served".to_owned(),
        None => format!("No model is the default one; name one of {known}"),
    }
}

/// Names that exist, sorted, at most 20 of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The first names.
    pub names: Vec<Arc<str>>,
    /// How many more there are.
    pub more: usize,
}

impl Known {
    pub(crate) fn new(names: impl IntoIterator<Item = Arc<str>>) -> Known {
        let mut names: Vec<Arc<str>> = names.into_iter().collect();
        let more = names.len().saturating_sub(MAX_LISTED);
        names.truncate(MAX_LISTED);
        Known { names, more }
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.names.is_empty() {
            return f.write_str("none");
        }
        for (position, name) in self.names.iter().enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            f.write_str(name)?;
        }
        if self.more > 0 {
            write!(f, " and {} more", self.more)?;
        }
        Ok(())
    }
}

/// A client's text, short enough to be sent back.
pub(crate) fn echo(text: &str) -> String {
    match text.char_indices().nth(MAX_ECHOED) {
        Some((end, _)) => format!("{}…", text.split_at(end).0),
        None => text.to_owned(),
    }
}

/// Why an alias was not set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AliasError {
    /// The alias, or the version or model that it is for, cannot be a name.
    #[error("the name {name:?} {why}")]
    Name {
        /// The text refused, shortened.
        name: String,
        /// Why.
        why: NameError,
    },
    /// The model has a version of that very name.
    #[error("model {model} has a version called {alias}, which an alias cannot hide")]
    IsVersion {
        /// The model.
        model: String,
        /// The alias wanted.
        alias: String,
    },
    /// The model or the version does not exist.
    #[error(transparent)]
    Unknown(#[from] ResolveError),
}

/// Why a registry did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An alias or the default model of the configuration cannot be.
    #[error(transparent)]
    Alias(#[from] AliasError),
    /// The operating system gave no thread.
    #[error("cannot start the loader thread")]
    Thread(#[source] io::Error),
}

/// Why a request to load or unload was not carried out at all. (A release that fails is an
/// [`Outcome`](crate::Outcome), not one of these.)
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The folder of models cannot be read.
    #[error("cannot read the models folder: {0}")]
    Root(#[source] io::Error),
    /// There is no such model or version: in the folder (load) or among those known (unload).
    #[error("no model {name:?}{} was found", version_suffix(.version.as_deref()))]
    NotFound {
        /// What was asked for, shortened.
        name: String,
        /// The version asked for, if one was, shortened.
        version: Option<String>,
    },
    /// Too many requests wait for the loader thread already.
    #[error("the loader is busy and {queued} requests wait for it already")]
    Busy {
        /// Requests waiting.
        queued: usize,
    },
    /// The registry was dropped before the request's turn came.
    #[error("the registry has shut down")]
    Stopped,
}

fn version_suffix(version: Option<&str>) -> String {
    version.map(|version| format!(" with a version {version:?}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Known, echo};

    #[test]
    fn long_lists_are_cut_and_say_so() {
        let known = Known::new((10..32).map(|n| Arc::from(format!("m{n}"))));
        assert_eq!((known.names.len(), known.more), (20, 2));
        assert!(known.to_string().starts_with("m10, m11, ") && known.to_string().ends_with("m29 and 2 more"));
        assert_eq!(Known::default().to_string(), "none");
    }

    #[test]
    fn echoes_are_cut_between_characters() {
        assert_eq!(echo("short"), "short");
        assert_eq!(echo(&"é".repeat(1000)), format!("{}…", "é".repeat(80)));
    }
}
