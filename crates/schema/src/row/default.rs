//! What an absent field stands for, and values that a manifest itself gives.

use serde::de::DeserializeSeed;

use super::Field;
use super::cell::{CellReader, Target};
use super::reader::Any;
use super::report::Report;
use crate::carrier::Carrier;
use crate::limits::JsonLimits;
use crate::loc::At;
use crate::manifest::{Feature, ManifestError, Problem};
use crate::rows::{Column, Values};
use crate::value::{Value, ValueReader};
use crate::violation::{Violation, Violations};

/// What an absent field stands for.
#[derive(Debug)]
pub(super) enum Absent {
    /// Nothing: the field is required.
    Refused,
    /// A missing value.
    Missing,
    /// One row's worth of values.
    Default(Values),
}

/// A feature's default, under the rules of requests.
pub(super) fn values(field: &Field, feature: &Feature, value: &Value) -> Result<Values, ManifestError> {
    read(field, value).map_err(|violations| {
        let path = format!("{}.default", feature.name);
        let message = first_message(&violations);
        ManifestError::one(Problem { place: None, path, message, suggestion: None })
    })
}

/// What is wrong with a value that the manifest gives for `feature`, whose rules are consistent.
pub(crate) fn value_problem(feature: &Feature, carrier: Carrier, value: &Value) -> Option<String> {
    let without_default = Feature { default: None, ..feature.clone() };
    let field = Field::compile(&without_default, carrier).ok()?;
    read(&field, value).err().map(|violations| first_message(&violations))
}

/// One row's worth of values from `value`.
pub(super) fn read(field: &Field, value: &Value) -> Result<Values, Violations> {
    let mut column = Column { values: field.rule.empty_values(), missing: None, width: field.width };
    let mut report = Report::new(&JsonLimits { numbers: usize::MAX, ..JsonLimits::default() });
    let target = Target { field, column: &mut column, report: &mut report, order: 0, row: 0 };
    Any(CellReader { target, at: At::Body }).deserialize(ValueReader(value)).map_err(super::unreadable)?;
    report.finish()?;
    Ok(column.values)
}

fn first_message(violations: &Violations) -> String {
    let message = |violation: &Violation| violation.message.clone();
    violations.as_slice().first().map(message).unwrap_or_default()
}
