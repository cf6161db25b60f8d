//! The value of one feature in one row.

use serde::de::{MapAccess, SeqAccess};

use super::Field;
use super::array;
use super::capture::Excerpt;
use super::excerpt;
use super::fault::Fault;
use super::reader::Reader;
use super::report::Report;
use super::scalar::Scalar;
use crate::loc::At;
use crate::rows::Column;

/// Where a feature's value goes, or what is wrong with it.
pub(super) struct Target<'a> {
    pub(super) field: &'a Field,
    pub(super) column: &'a mut Column,
    pub(super) report: &'a mut Report,
    /// Place of the feature's violations among those of the row.
    pub(super) order: usize,
    /// Number of the row being read, from 0.
    pub(super) row: usize,
}

impl Target<'_> {
    /// One value, or one element of an array.
    pub(super) fn store(&mut self, at: &At<'_>, scalar: Scalar<'_>) {
        let room = if scalar.is_number() || self.field.rule.is_numeric() { self.report.count_numbers(1) } else { true };
        match self.field.rule.judge(scalar) {
            Ok(cell) if room => self.column.push(cell),
            Ok(_) => {}
            Err(fault) => self.report.add(self.order, at, fault, || Some(excerpt::scalar(scalar))),
        }
    }

    pub(super) fn refuse(&mut self, at: &At<'_>, fault: Fault, input: serde_json::Value) {
        self.report.add(self.order, at, fault, || Some(input));
    }
}

/// Reads whatever stands where a feature's value belongs.
pub(super) struct CellReader<'a> {
    pub(super) target: Target<'a>,
    pub(super) at: At<'a>,
}

impl<'de> Reader<'de> for CellReader<'_> {
    type Value = ();

    fn scalar(mut self, scalar: Scalar<'_>) {
        let field = self.target.field;
        if scalar == Scalar::Null && field.nullable {
            if field.width == 1 || self.target.report.count_numbers(field.width) {
                self.target.column.push_missing(self.target.row);
            }
        } else if field.shape.is_empty() {
            self.target.store(&self.at, scalar);
        } else {
            self.target.refuse(&self.at, Fault::LIST_TYPE, excerpt::scalar(scalar));
        }
    }

    fn array<A: SeqAccess<'de>>(mut self, elements: A) -> Result<(), A::Error> {
        let field = self.target.field;
        if !field.shape.is_empty() {
            return array::read(&mut self.target, &self.at, elements);
        }
        let input = Excerpt { report: self.target.report, at: self.at }.array(elements)?;
        self.target.refuse(&self.at, field.rule.not_a_scalar(), input);
        Ok(())
    }

    fn object<A: MapAccess<'de>>(mut self, fields: A) -> Result<(), A::Error> {
        let field = self.target.field;
        let fault = if field.shape.is_empty() { field.rule.not_a_scalar() } else { Fault::LIST_TYPE };
        let input = Excerpt { report: self.target.report, at: self.at }.object(fields)?;
        self.target.refuse(&self.at, fault, input);
        Ok(())
    }
}
