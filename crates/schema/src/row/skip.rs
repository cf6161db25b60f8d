//! Values that nobody asked for: read to the end, counted, not kept.

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess};

use super::reader::{Any, Reader};
use super::report::Report;
use super::scalar::Scalar;
use crate::loc::At;

/// Skips one JSON value, while its numbers and its depth count towards the limits. For fields of an envelope that
/// the caller does not know.
#[derive(Debug)]
pub struct SkipSeed<'a> {
    report: &'a mut Report,
    at: At<'a>,
}

impl<'a> SkipSeed<'a> {
    pub(crate) fn new(report: &'a mut Report, at: At<'a>) -> SkipSeed<'a> {
        SkipSeed { report, at }
    }
}

impl<'de> DeserializeSeed<'de> for SkipSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let depth = self.at.depth();
        Any(Skip { report: self.report, at: self.at, depth }).deserialize(deserializer).map(drop)
    }
}

/// What was skipped.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Skipped {
    Scalar,
    Array(usize),
    Object(usize),
}

/// Skips a value at `depth` inside the one at `at`.
pub(crate) struct Skip<'a> {
    pub(crate) report: &'a mut Report,
    pub(crate) at: At<'a>,
    pub(crate) depth: usize,
}

impl Skip<'_> {
    fn inner(&mut self) -> Any<Skip<'_>> {
        Any(Skip { report: &mut *self.report, at: self.at, depth: self.depth + 1 })
    }

    /// Skips the value of the field whose key was just read.
    pub(crate) fn read_from<'de, A: MapAccess<'de>>(self, fields: &mut A) -> Result<(), A::Error> {
        fields.next_value_seed(Any(self)).map(drop)
    }

    /// Skips the rest of an array that was entered already; says how many elements that were.
    fn elements<'de, A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while elements.next_element_seed(self.inner())?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    /// Skips the rest of an object that was entered already; says how many fields that were.
    fn fields<'de, A: MapAccess<'de>>(mut self, mut fields: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while fields.next_key::<IgnoredAny>()?.is_some() {
            fields.next_value_seed(self.inner())?;
            count += 1;
        }
        Ok(count)
    }
}

impl<'de> Reader<'de> for Skip<'_> {
    type Value = Skipped;

    fn scalar(self, scalar: Scalar<'_>) -> Skipped {
        if scalar.is_number() {
            self.report.count_numbers(1);
        }
        Skipped::Scalar
    }

    fn array<A: SeqAccess<'de>>(self, elements: A) -> Result<Skipped, A::Error> {
        if self.report.may_enter_depth(&self.at, self.depth) {
            self.elements(elements).map(Skipped::Array)
        } else {
            drain_array(elements).map(Skipped::Array)
        }
    }

    fn object<A: MapAccess<'de>>(self, fields: A) -> Result<Skipped, A::Error> {
        if self.report.may_enter_depth(&self.at, self.depth) {
            self.fields(fields).map(Skipped::Object)
        } else {
            drain_object(fields).map(Skipped::Object)
        }
    }
}

/// To the end of an array that may not be entered, without recursion.
pub(crate) fn drain_array<'de, A: SeqAccess<'de>>(mut elements: A) -> Result<usize, A::Error> {
    let mut count = 0;
    while elements.next_element::<IgnoredAny>()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// To the end of an object that may not be entered, without recursion.
pub(crate) fn drain_object<'de, A: MapAccess<'de>>(mut fields: A) -> Result<usize, A::Error> {
    let mut count = 0;
    while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
        count += 1;
    }
    Ok(count)
}
