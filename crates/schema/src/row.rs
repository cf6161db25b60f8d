//! [`RowSchema`]: a manifest's features compiled for speed, and the reading of rows with it.
//!
//! The way of a row: if it is [`plain`], that reads it; else [`seed`] meets an object's keys, [`names`] turns a key into a feature, [`cell`] or [`array`] reads
//! the value, [`rule`] judges it (with [`lax`]'s conversions), and it lands in its column. Whatever is wrong goes to
//! the [`report`], and reading goes on.

mod array;
mod capture;
mod category;
mod cell;
mod collector;
mod default;
mod example;
mod excerpt;
mod fault;
mod lax;
mod list;
mod names;
mod plain;
mod reader;
mod report;
mod rule;
mod scalar;
mod seed;
mod skip;

use serde::de::DeserializeSeed;
use serde::de::value::{Error as AnyError, MapDeserializer};

use crate::carrier::Carrier;
use crate::json::read_json;
use crate::limits::JsonLimits;
use crate::loc::{At, Loc};
use crate::manifest::{ExtraFields, Feature, FeatureType, ManifestError, Problem, feature_problems};
use crate::rows::Rows;
use crate::value::{Value, ValueReader};
use crate::violation::{Violation, Violations, code};

use default::Absent;
use names::Names;
use rule::Rule;

pub(crate) use default::value_problem;
pub(crate) use example::example_value;
pub(crate) use rule::compile_pattern;

pub use collector::RowCollector;
pub use list::RowListSeed;
pub use plain::PlainJson;
pub use seed::RowSeed;
pub use skip::SkipSeed;

/// What the features alone do not say.
#[derive(Debug, Clone, Default)]
pub struct SchemaOptions {
    /// What happens to fields that are no features.
    pub extra_fields: ExtraFields,
    /// Per feature, what the model's tensor holds; when empty, f32 for floats, i64 for ints.
    pub carriers: Vec<Carrier>,
}

/// One feature, compiled.
#[derive(Debug)]
struct Field {
    rule: Rule,
    /// Axes of an array feature; empty for a single value.
    shape: Box<[usize]>,
    width: usize,
    nullable: bool,
    absent: Absent,
}

/// Features compiled for reading requests: names to columns, patterns and category sets built once.
#[derive(Debug)]
pub struct RowSchema {
    features: Vec<Feature>,
    fields: Vec<Field>,
    names: Names,
    extra_fields: ExtraFields,
    /// Per feature, a value that its rules accept.
    examples: Vec<Value>,
}

impl RowSchema {
    /// Compiles `features`, after checking that they are consistent.
    pub fn compile(features: &[Feature], options: &SchemaOptions) -> Result<RowSchema, ManifestError> {
        let problems: Vec<Problem> = feature_problems(features).into_iter().map(Problem::without_place).collect();
        ManifestError::from_problems(problems)?;
        if !options.carriers.is_empty() && options.carriers.len() != features.len() {
            let message = format!("{} carriers for {} features", options.carriers.len(), features.len());
            return Err(ManifestError::one(Problem { place: None, path: String::new(), message, suggestion: None }));
        }
        let mut fields = Vec::with_capacity(features.len());
        let mut examples = Vec::with_capacity(features.len());
        for (index, feature) in features.iter().enumerate() {
            let carrier = options.carriers.get(index).copied().unwrap_or_else(|| default_carrier(feature.kind));
            let field = Field::compile(feature, carrier)?;
            examples.push(field.example(feature)?);
            fields.push(field);
        }
        let schema = RowSchema {
            features: features.to_vec(),
            fields,
            names: Names::of(features),
            extra_fields: options.extra_fields,
            examples,
        };
        Ok(schema)
    }

    /// The features, in the order of the columns.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// What happens to fields that are no features.
    pub fn extra_fields(&self) -> ExtraFields {
        self.extra_fields
    }

    /// Per feature, a value that its rules accept.
    pub(crate) fn examples(&self) -> &[Value] {
        &self.examples
    }

    /// Per feature, what stands for it when it is absent, if something does.
    pub(crate) fn defaults(&self) -> impl Iterator<Item = Option<Value>> {
        self.fields.iter().zip(&self.features).map(|(field, feature)| match &field.absent {
            Absent::Default(values) => example::plain(values, feature),
            Absent::Refused | Absent::Missing => None,
        })
    }

    /// Number of features.
    pub fn width(&self) -> usize {
        self.features.len()
    }

    /// Reads one JSON object as one row, in a single pass over the bytes. All violations are collected; only broken
    /// JSON hides those after it. An empty body is a `missing` body.
    pub fn parse_row(&self, json: &[u8], limits: &JsonLimits) -> Result<Rows, Violations> {
        if let Some(rows) = plain::row(json, self, limits) {
            return Ok(rows);
        }
        let mut collector = self.collector(limits);
        read_json(json, collector.seed(At::Body))?;
        collector.finish()
    }

    /// Reads any number of rows that share one budget of numbers and violations.
    pub fn collector(&self, limits: &JsonLimits) -> RowCollector<'_> {
        RowCollector::new(self, limits)
    }

    /// Rows from Rust values, under the same rules as rows from JSON. Violations are located as in a list of rows:
    /// `["body", 0, "island"]`.
    ///
    /// ```
    /// use ferrocast_schema::{Feature, FeatureType, RowSchema, SchemaOptions};
    ///
    /// let features = [Feature::new("length_mm", FeatureType::Float), Feature::new("island", FeatureType::String)];
    /// let schema = RowSchema::compile(&features, &SchemaOptions::default())?;
    /// let rows = schema.rows([[("length_mm", 39.1.into()), ("island", "Biscoe".into())]])?;
    /// assert_eq!(rows.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rows<'k, R, F>(&self, rows: R) -> Result<Rows, Violations>
    where
        R: IntoIterator<Item = F>,
        F: IntoIterator<Item = (&'k str, Value)>,
    {
        let unlimited = JsonLimits { numbers: usize::MAX, ..JsonLimits::default() };
        let mut collector = self.collector(&unlimited);
        for (index, row) in rows.into_iter().enumerate() {
            let fields: Vec<(&str, Value)> = row.into_iter().collect();
            let values = MapDeserializer::new(fields.iter().map(|(name, value)| (*name, ValueReader(value))));
            collector.seed(At::Body.index(index)).deserialize(values).map_err(unreadable)?;
        }
        collector.finish()
    }
}

/// Reading values that are in memory has nothing to fail on; if it does, the caller hears of it.
fn unreadable(error: AnyError) -> Violations {
    Violations::one(Violation::new(Loc::body(), code::JSON_INVALID, error.to_string()))
}

/// What a feature's tensor most often is.
fn default_carrier(kind: FeatureType) -> Carrier {
    match kind {
        FeatureType::Float => Carrier::F32,
        FeatureType::Int => Carrier::I64,
        FeatureType::Bool => Carrier::Bool,
        FeatureType::String => Carrier::Str,
    }
}

impl Field {
    fn compile(feature: &Feature, carrier: Carrier) -> Result<Field, ManifestError> {
        let rule = Rule::compile(feature, carrier)?;
        let shape = feature.shape.clone().into_boxed_slice();
        let absent = if feature.required { Absent::Refused } else { Absent::Missing };
        let mut field = Field { rule, shape, width: feature.width(), nullable: feature.nullable, absent };
        if let Some(value) = &feature.default {
            field.absent = Absent::Default(default::values(&field, feature, value)?);
        }
        Ok(field)
    }

    /// The feature's example, or one made up. An example of the manifest's own must be one that the model can hold.
    fn example(&self, feature: &Feature) -> Result<Value, ManifestError> {
        let fits = feature.example.iter().all(|value| default::read(self, value).is_ok());
        example::find(self, feature).filter(|_| fits).ok_or_else(|| {
            let path = format!("{}.example", feature.name);
            let message = "the model's tensor cannot hold it, or none that fits could be made up".to_owned();
            ManifestError::one(Problem { place: None, path, message, suggestion: None })
        })
    }
}
