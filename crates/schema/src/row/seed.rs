//! One JSON object as one row.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::json;

use super::capture::{Capture, Excerpt};
use super::cell::{CellReader, Target};
use super::collector::RowCollector;
use super::excerpt;
use super::fault::Fault;
use super::names::{Name, Names};
use super::reader::{Any, Reader};
use super::report::AFTER_FEATURES;
use super::scalar::Scalar;
use super::skip::{Skip, drain_object};
use crate::loc::At;
use crate::suggest;

/// Reads one JSON object and appends one row, or violations, to its [`RowCollector`].
#[derive(Debug)]
pub struct RowSeed<'a, 's> {
    collector: &'a mut RowCollector<'s>,
    at: At<'a>,
}

impl<'a, 's> RowSeed<'a, 's> {
    pub(super) fn new(collector: &'a mut RowCollector<'s>, at: At<'a>) -> RowSeed<'a, 's> {
        RowSeed { collector, at }
    }

    fn feature<'de, A: MapAccess<'de>>(&mut self, name: &'s Name, fields: &mut A) -> Result<(), A::Error> {
        let schema = self.collector.schema;
        let at = self.at.field(&name.text);
        if let Some(first) = self.collector.first_given_as(name) {
            let input = fields.next_value_seed(Any(Excerpt { report: &mut self.collector.report, at }))?;
            self.collector.report.add(name.feature, &at, Fault::duplicate(&first.text, &name.text), || Some(input));
            return Ok(());
        }
        let RowCollector { columns, report, rows, .. } = &mut *self.collector;
        let (Some(field), Some(column)) = (schema.fields.get(name.feature), columns.get_mut(name.feature)) else {
            return Skip { report, depth: at.depth(), at }.read_from(fields);
        };
        let target = Target { field, column, report, order: name.feature, row: *rows };
        fields.next_value_seed(Any(CellReader { target, at }))
    }

    fn other<'de, A: MapAccess<'de>>(&mut self, name: &str, fields: &mut A) -> Result<(), A::Error> {
        let at = self.at.field(name);
        if let Some(key) = self.collector.envelope_key(name) {
            let depth = at.depth();
            let value = fields.next_value_seed(Any(Capture { report: &mut self.collector.report, at, depth }))?;
            if !self.collector.capture(key, value) {
                self.collector.report.add(AFTER_FEATURES, &at, Fault::duplicate(key, name), || None);
            }
            return Ok(());
        }
        if !self.collector.forbids_extra_fields() {
            return Skip { report: &mut self.collector.report, depth: at.depth(), at }.read_from(fields);
        }
        let input = fields.next_value_seed(Any(Excerpt { report: &mut self.collector.report, at }))?;
        let mut fault = Fault::EXTRA_FORBIDDEN;
        if self.collector.report.has_room()
            && let Some(near) = suggest::nearest(name, self.collector.schema.names.iter())
        {
            fault = fault.with_ctx(json!({ "did_you_mean": near }));
        }
        self.collector.report.add(AFTER_FEATURES, &at, fault, || Some(input));
        Ok(())
    }

    fn refuse(self, input: impl FnOnce() -> serde_json::Value) {
        self.collector.report.add(0, &self.at, Fault::NOT_AN_OBJECT, || Some(input()));
        self.collector.end_broken_row();
    }
}

impl<'de> DeserializeSeed<'de> for RowSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        Any(self).deserialize(deserializer)
    }
}

impl<'de> Reader<'de> for RowSeed<'_, '_> {
    type Value = ();

    fn scalar(self, scalar: Scalar<'_>) {
        self.refuse(|| excerpt::scalar(scalar));
    }

    fn array<A: SeqAccess<'de>>(self, elements: A) -> Result<(), A::Error> {
        let input = Excerpt { report: &mut self.collector.report, at: self.at }.array(elements)?;
        self.refuse(|| input);
        Ok(())
    }

    fn object<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        if !self.collector.report.may_enter(&self.at) {
            drain_object(fields)?;
            self.collector.end_broken_row();
            return Ok(());
        }
        let names = &self.collector.schema.names;
        let mut guess = 0;
        while let Some(key) = fields.next_key_seed(KeySeed { names, guess })? {
            match key {
                Key::Feature(name) => {
                    guess = name.feature + 1;
                    self.feature(name, &mut fields)?;
                }
                Key::Other(name) => self.other(&name, &mut fields)?,
            }
        }
        self.collector.end_row(&self.at);
        Ok(())
    }
}

/// What a key stands for.
enum Key<'n, 'de> {
    Feature(&'n Name),
    Other(Cow<'de, str>),
}

struct KeySeed<'n> {
    names: &'n Names,
    guess: usize,
}

impl<'de, 'n> DeserializeSeed<'de> for KeySeed<'n> {
    type Value = Key<'n, 'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key<'n, 'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, 'n> Visitor<'de> for KeySeed<'n> {
    type Value = Key<'n, 'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a field name")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Key<'n, 'de>, E> {
        Ok(self.names.find(text, self.guess).map_or(Key::Other(Cow::Borrowed(text)), Key::Feature))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Key<'n, 'de>, E> {
        Ok(self.names.find(text, self.guess).map_or_else(|| Key::Other(Cow::Owned(text.to_owned())), Key::Feature))
    }
}
