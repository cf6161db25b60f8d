//! Bodies of one field that holds a text.

use std::sync::OnceLock;

use ferrocast_schema::{Feature, FeatureType, JsonLimits, RowSchema, SchemaOptions, Values};

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
        let compile =
            || RowSchema::compile(&[Feature::new(self.name, FeatureType::String)], &SchemaOptions::default()).ok();
        let schema = self.schema.get_or_init(compile).as_ref().ok_or_else(ApiError::internal)?;
        let rows = schema.parse_row(body, limits)?;
        match rows.columns().first().map(|column| &column.values) {
            Some(Values::Text(texts)) => texts.first().map(ToString::to_string).ok_or_else(ApiError::internal),
            _ => Err(ApiError::internal()),
        }
    }
}
