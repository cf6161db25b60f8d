//! Waiting for the loader thread, and what it reports.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use crate::error::LoadError;
use crate::name::Version;

/// A request that the loader thread works on. Dropping it does not cancel the request.
#[derive(Debug)]
#[must_use = "the request goes on without it, but nobody learns how it ended"]
pub struct LoadTicket {
    pub(crate) answer: Result<Receiver<LoadReport>, LoadError>,
}

impl LoadTicket {
    /// Blocks until every release that the request is about is ready, has failed, or is out of service.
    ///
    /// # Errors
    /// If the request could not be carried out. Releases that failed are in the report instead.
    pub fn wait(self) -> Result<LoadReport, LoadError> {
        self.answer?.recv().map_err(|_| LoadError::Stopped)
    }
}

/// What became of each release that a request was about, in the order of the work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// One for each version.
    pub outcomes: Vec<Outcome>,
}

impl LoadReport {
    /// Versions that failed, with reasons.
    pub fn failures(&self) -> impl Iterator<Item = (&Outcome, &Arc<str>)> {
        self.outcomes.iter().filter_map(|outcome| Some((outcome, outcome.result.as_ref().err()?)))
    }
}

/// What became of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The model.
    pub model: Arc<str>,
    /// The version.
    pub version: Version,
    /// What was done, or why it failed. After a failure an earlier load of the same version still serves.
    pub result: Result<Change, Arc<str>>,
}

/// What was done to a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Loaded and warmed up.
    Loaded {
        /// How long that took.
        took: Duration,
    },
    /// Its files are those that it serves from already.
    Unchanged,
    /// Taken out of service.
    Unloaded,
}
