//! One string feature's column in a string tensor.

use ferrocast_engine::TensorSpec;
use ferrocast_schema::{Column, Encode, Feature, FeatureType, Value, Values};

use crate::{BindError, EncodeError};

/// Writes one string feature into its column of every row.
#[derive(Debug)]
pub(crate) struct TextStep {
    /// Position of the feature among the rows' columns.
    feature: usize,
    name: Box<str>,
    /// Column of the tensor's row.
    column: usize,
    /// The texts of the categories; none for free text.
    categories: Box<[String]>,
    /// What a missing value becomes.
    missing: String,
}

impl TextStep {
    /// The step that writes `feature`, the `index`-th of the manifest, into column `column` of input `spec`.
    ///
    /// A missing value that is not imputed becomes the empty text.
    pub(crate) fn compile(
        feature: &Feature,
        index: usize,
        column: usize,
        spec: &TensorSpec,
    ) -> Result<TextStep, BindError> {
        let unfit = |reason| BindError::Type {
            tensor: spec.name.clone().into(),
            dtype: spec.dtype,
            feature: feature.name.clone(),
            reason,
        };
        match (feature.kind, feature.encode) {
            (FeatureType::String, Encode::None) => {}
            (FeatureType::String, _) => {
                return Err(unfit("the input takes the text itself; remove `encode`"));
            }
            _ => return Err(unfit("the input takes text; make the feature's `type` \"string\"")),
        }
        let missing = match &feature.impute {
            Some(Value::Text(text)) => text.clone(),
            Some(_) => return Err(unfit("`impute` is no text")),
            None => String::new(),
        };
        let categories = feature.categories.clone().into();
        Ok(TextStep { feature: index, name: feature.name.as_str().into(), column, categories, missing })
    }

    /// Feature and columns in words.
    pub(crate) fn describe(&self) -> String {
        format!("{} 1", self.name)
    }

    /// Writes the feature into `buffer`, which holds empty texts in rows of `stride` elements.
    pub(crate) fn write(&self, buffer: &mut [String], stride: usize, columns: &[Column]) -> Result<(), EncodeError> {
        let column = columns.get(self.feature).ok_or(EncodeError::ForeignRows)?;
        if column.values.len() != buffer.len() / stride {
            return Err(EncodeError::ForeignRows);
        }
        let cells = buffer.iter_mut().skip(self.column).step_by(stride).enumerate();
        match &column.values {
            Values::Text(values) => {
                for ((row, cell), text) in cells.zip(values) {
                    let text = if column.is_missing(row) { self.missing.as_str() } else { text };
                    cell.push_str(text);
                }
            }
            Values::Category(values) => {
                for ((row, cell), category) in cells.zip(values) {
                    let text = if column.is_missing(row) { Some(&self.missing) } else { self.category(*category) };
                    cell.push_str(text.ok_or(EncodeError::ForeignRows)?);
                }
            }
            _ => return Err(EncodeError::ForeignRows),
        }
        Ok(())
    }

    fn category(&self, category: u32) -> Option<&String> {
        self.categories.get(usize::try_from(category).ok()?)
    }
}
