//! Values that are kept in JSON: a whole one for the envelope, a short form for a violation. Both count towards the
//! limits.

use serde::de::{MapAccess, SeqAccess};
use serde_json::{Map, Value as Json};

use super::excerpt;
use super::reader::{Any, Reader};
use super::report::Report;
use super::scalar::Scalar;
use super::skip::{Skip, Skipped, drain_array, drain_object};
use crate::loc::At;

/// Reads a value at `depth` inside the one at `at`, whole.
pub(super) struct Capture<'a> {
    pub(super) report: &'a mut Report,
    pub(super) at: At<'a>,
    pub(super) depth: usize,
}

impl Capture<'_> {
    fn inner(&mut self) -> Any<Capture<'_>> {
        Any(Capture { report: &mut *self.report, at: self.at, depth: self.depth + 1 })
    }
}

impl<'de> Reader<'de> for Capture<'_> {
    type Value = Json;

    fn scalar(self, scalar: Scalar<'_>) -> Json {
        let room = !scalar.is_number() || self.report.count_numbers(1);
        match scalar {
            _ if !room => Json::Null,
            Scalar::Text(text) => Json::from(text),
            other => excerpt::scalar(other),
        }
    }

    fn array<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<Json, A::Error> {
        if !self.report.may_enter_depth(&self.at, self.depth) {
            return drain_array(elements).map(|_| Json::Null);
        }
        let mut all = Vec::new();
        while let Some(element) = elements.next_element_seed(self.inner())? {
            all.push(element);
        }
        Ok(Json::Array(all))
    }

    fn object<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<Json, A::Error> {
        if !self.report.may_enter_depth(&self.at, self.depth) {
            return drain_object(fields).map(|_| Json::Null);
        }
        let mut all = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            all.insert(name, fields.next_value_seed(self.inner())?);
        }
        Ok(Json::Object(all))
    }
}

/// Reads a value at `at` and keeps its short form.
pub(super) struct Excerpt<'a> {
    pub(super) report: &'a mut Report,
    pub(super) at: At<'a>,
}

impl<'de> Reader<'de> for Excerpt<'_> {
    type Value = Json;

    fn scalar(self, scalar: Scalar<'_>) -> Json {
        if scalar.is_number() {
            self.report.count_numbers(1);
        }
        excerpt::scalar(scalar)
    }

    fn array<A: SeqAccess<'de>>(self, elements: A) -> Result<Json, A::Error> {
        let depth = self.at.depth();
        Skip { report: self.report, at: self.at, depth }.array(elements).map(short_form)
    }

    fn object<A: MapAccess<'de>>(self, fields: A) -> Result<Json, A::Error> {
        let depth = self.at.depth();
        Skip { report: self.report, at: self.at, depth }.object(fields).map(short_form)
    }
}

fn short_form(skipped: Skipped) -> Json {
    match skipped {
        Skipped::Scalar => Json::Null,
        Skipped::Array(len) => excerpt::array(len),
        Skipped::Object(len) => excerpt::object(len),
    }
}
