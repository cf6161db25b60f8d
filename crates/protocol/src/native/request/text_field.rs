//! Bodies of one field that holds a text.

use std::sync::OnceLock;

use ferrocast_schema::{Feature, FeatureType, JsonLimits, RowSchema, Rows, SchemaOptions, Values};

use crate::ApiError;

/// A body as a row of one text, so that everything about JSON is judged and worded as everywhere else. Other fields count for
/// nothing, as in a row.
pub(crate) struct TextField {
    name: &'static str,
    schema: OnceLock<Option<RowSchema>>,
}

impl TextField {
    pub(crate) const fn new(name: &'static str) -> TextField {
        TextField { name, schema: OnceLock::new() }
    }

    /// The text.
    ///
    /// # Errors
    /// As [`decode_row`](super::decode_row).
    pub(crate) fn read(&self, body: &[u8], limits: &JsonLimits) -> Result<String, ApiError> {
        let rows = self.schema()?.parse_row(body, limits)?;
        Ok(self.text_of(&rows)?.to_owned())
    }

    /// The schema of such a row.
    ///
    /// # Errors
    /// If the field's name can be none, which is a fault of ours.
    pub(crate) fn schema(&self) -> Result<&RowSchema, ApiError> {
        let compile =
            || RowSchema::compile(&[Feature::new(self.name, FeatureType::String)], &SchemaOptions::default()).ok();
        self.schema.get_or_init(compile).as_ref().ok_or_else(ApiError::internal)
    }

    /// The text of a row of [that schema](TextField::schema).
    ///
    /// # Errors
    /// If it is a row of another, which is a fault of ours.
    pub(crate) fn text_of<'r>(&self, rows: &'r Rows) -> Result<&'r str, ApiError> {
        match rows.columns().first().map(|column| &column.values) {
            Some(Values::Text(texts)) => texts.first().map(AsRef::as_ref).ok_or_else(ApiError::internal),
            _ => Err(ApiError::internal()),
        }
    }
}
