//! A JSON array of objects as rows.

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess};

use super::capture::Excerpt;
use super::collector::RowCollector;
use super::excerpt;
use super::fault::Fault;
use super::reader::{Any, Reader};
use super::scalar::Scalar;
use super::skip::drain_array;
use crate::loc::At;

/// Reads a JSON array of objects into its [`RowCollector`] and says how many elements there are.
#[derive(Debug)]
pub struct RowListSeed<'a, 's> {
    collector: &'a mut RowCollector<'s>,
    at: At<'a>,
    max_rows: usize,
}

impl<'a, 's> RowListSeed<'a, 's> {
    pub(super) fn new(collector: &'a mut RowCollector<'s>, at: At<'a>, max_rows: usize) -> RowListSeed<'a, 's> {
        RowListSeed { collector, at, max_rows }
    }

    fn refuse(self, input: serde_json::Value) -> usize {
        self.collector.report.add(0, &self.at, Fault::LIST_TYPE, || Some(input));
        self.collector.report.end_row();
        0
    }
}

impl<'de> DeserializeSeed<'de> for RowListSeed<'_, '_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        Any(self).deserialize(deserializer)
    }
}

impl<'de> Reader<'de> for RowListSeed<'_, '_> {
    type Value = usize;

    fn scalar(self, scalar: Scalar<'_>) -> usize {
        self.refuse(excerpt::scalar(scalar))
    }

    fn array<A: SeqAccess<'de>>(self, mut elements: A) -> Result<usize, A::Error> {
        if !self.collector.report.may_enter(&self.at) {
            return drain_array(elements);
        }
        let mut count = 0;
        loop {
            let at = self.at.index(count);
            let more = if count < self.max_rows {
                elements.next_element_seed(self.collector.seed(at))?.is_some()
            } else {
                elements.next_element_seed(self.collector.skip(at))?.is_some()
            };
            if !more {
                return Ok(count);
            }
            count += 1;
        }
    }

    fn object<A: MapAccess<'de>>(self, fields: A) -> Result<usize, A::Error> {
        let input = Excerpt { report: &mut self.collector.report, at: self.at }.object(fields)?;
        Ok(self.refuse(input))
    }
}
