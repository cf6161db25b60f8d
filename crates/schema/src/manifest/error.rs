//! What is wrong with a manifest, told so that it can be mended without searching.

use std::fmt;

use thiserror::Error;

/// One mistake in a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1, and column in characters, from 1; absent for manifests that were made in code.
    pub place: Option<(usize, usize)>,
    /// The key, such as `feature[2].range.ge`; empty for the whole document.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub suggestion: Option<String>,
}

impl Problem {
    pub(crate) fn without_place(found: Finding) -> Problem {
        Problem { place: None, path: found.path, message: found.message, suggestion: found.suggestion }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(out, "line {line}, column {column}: ")?;
        }
        if !self.path.is_empty() {
            write!(out, "{}: ", self.path)?;
        }
        write!(out, "{}", self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(out, " ({suggestion})"),
            None => Ok(()),
        }
    }
}

/// A manifest that cannot be used: at least one problem.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ManifestError {
    problems: Vec<Problem>,
}

impl ManifestError {
    /// `Ok` when there is no problem, else all of them in the order of the document.
    pub(crate) fn from_problems(mut problems: Vec<Problem>) -> Result<(), ManifestError> {
        problems.sort_by_key(|problem| problem.place);
        if problems.is_empty() { Ok(()) } else { Err(ManifestError { problems }) }
    }

    pub(crate) fn one(problem: Problem) -> ManifestError {
        ManifestError { problems: vec![problem] }
    }

    /// All problems, in the order of the document.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// A problem before it is known where in the text its key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) message: String,
    pub(crate) suggestion: Option<String>,
    /// Nothing is wrong with it.
    pub(crate) is_note: bool,
}

impl Finding {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding { path: path.into(), message: message.into(), suggestion: None, is_note: false }
    }

    /// What is only to be known.
    pub(crate) fn note(path: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding { is_note: true, ..Finding::new(path, message) }
    }

    pub(crate) fn suggest(mut self, suggestion: impl Into<String>) -> Finding {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// Adds "did you mean …?" when a known word is near.
    pub(crate) fn did_you_mean<'c>(self, word: &str, known: impl IntoIterator<Item = &'c str>) -> Finding {
        match crate::suggest::nearest(word, known) {
            Some(near) => self.suggest(format!("did you mean \"{near}\"?")),
            None => self,
        }
    }
}
