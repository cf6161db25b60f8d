//! What is wrong with a request so far, and what may still be read of it.

use serde_json::Value as Json;

use super::fault::Fault;
use crate::limits::JsonLimits;
use crate::loc::At;
use crate::violation::{Violation, Violations};

/// serde_json itself stops at 128; a higher limit of ours would be no limit.
const DEEPEST: usize = 120;

/// Where in the order of a row's violations one belongs that is of no feature.
pub(crate) const AFTER_FEATURES: usize = usize::MAX;

/// Violations found and budget left.
#[derive(Debug)]
pub(crate) struct Report {
    limits: JsonLimits,
    numbers: usize,
    found: Vec<Violation>,
    /// Violations of the row being read, with their place in the order of the features.
    row: Vec<(usize, Violation)>,
    omitted: usize,
}

impl Report {
    pub(crate) fn new(limits: &JsonLimits) -> Report {
        let limits = JsonLimits { depth: limits.depth.min(DEEPEST), ..*limits };
        Report { limits, numbers: 0, found: Vec::new(), row: Vec::new(), omitted: 0 }
    }

    /// Records a fault. `input` is asked for only if the fault will be reported.
    pub(crate) fn add(&mut self, order: usize, at: &At<'_>, fault: Fault, input: impl FnOnce() -> Option<Json>) {
        if !self.has_room() {
            self.omitted += 1;
            return;
        }
        let Fault { code, message, ctx } = fault;
        self.row
            .push((order, Violation { loc: at.to_loc(), code, message: message.into_owned(), input: input(), ctx }));
    }

    /// Records what the caller found outside of any row.
    pub(crate) fn add_violation(&mut self, violation: Violation) {
        if self.has_room() {
            self.found.push(violation);
        } else {
            self.omitted += 1;
        }
    }

    /// Whether a fault recorded now would be reported; spares the search for a helpful message if not.
    pub(crate) fn has_room(&self) -> bool {
        // One is always reported, or the refusal would have no reason.
        self.found.len() + self.row.len() < self.limits.violations.max(1)
    }

    /// Puts the violations of the row just read into the order of the features.
    pub(crate) fn end_row(&mut self) {
        if !self.row.is_empty() {
            self.row.sort_by_key(|(order, _)| *order);
            self.found.extend(self.row.drain(..).map(|(_, violation)| violation));
        }
    }

    /// Takes note of `count` numbers; false when there were too many, which is reported once.
    pub(crate) fn count_numbers(&mut self, count: usize) -> bool {
        let before = self.numbers;
        self.numbers = before.saturating_add(count);
        let limit = self.limits.numbers;
        if before <= limit && self.numbers > limit {
            self.add(AFTER_FEATURES, &At::Body, Fault::too_many_numbers(limit), || None);
        }
        self.numbers <= limit
    }

    /// Whether an array or object at `at` may be entered; if not, it is reported.
    pub(crate) fn may_enter(&mut self, at: &At<'_>) -> bool {
        self.may_enter_depth(at, at.depth())
    }

    /// The same for an array or object whose depth is known but whose exact position is not kept.
    pub(crate) fn may_enter_depth(&mut self, at: &At<'_>, depth: usize) -> bool {
        let limit = self.limits.depth;
        if depth > limit {
            self.add(AFTER_FEATURES, at, Fault::too_deep(limit), || None);
        }
        depth <= limit
    }

    /// How many violations there are so far, reported or not.
    pub(crate) fn total(&self) -> usize {
        self.found.len() + self.row.len() + self.omitted
    }

    pub(crate) fn finish(mut self) -> Result<(), Violations> {
        self.end_row();
        match Violations::new(self.found, self.omitted) {
            Some(violations) => Err(violations),
            None => Ok(()),
        }
    }
}
