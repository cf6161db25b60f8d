//! Many rows of one request, and what is wrong with them.

use serde_json::Value as Json;

use super::RowSchema;
use super::default::Absent;
use super::fault::Fault;
use super::list::RowListSeed;
use super::names::Name;
use super::report::Report;
use super::seed::RowSeed;
use super::skip::SkipSeed;
use crate::limits::JsonLimits;
use crate::loc::At;
use crate::manifest::ExtraFields;
use crate::rows::{Column, Rows};
use crate::violation::{Violation, Violations};

/// Gathers rows from wherever they stand in a request's JSON. All rows share one budget of numbers and violations.
///
/// ```
/// use ferrocast_schema::{At, Feature, FeatureType, JsonLimits, RowSchema, SchemaOptions, read_json};
///
/// let features = [Feature::new("x", FeatureType::Float)];
/// let schema = RowSchema::compile(&features, &SchemaOptions::default())?;
/// let mut collector = schema.collector(&JsonLimits::default());
/// let seen = read_json(br#"[{"x": 1}, {"x": 2}]"#, collector.list(At::Body, 100))?;
/// assert_eq!((seen, collector.finish()?.len()), (2, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RowCollector<'s> {
    pub(super) schema: &'s RowSchema,
    pub(super) columns: Vec<Column>,
    pub(super) report: Report,
    /// Per feature, where it was seen last.
    seen: Vec<Seen<'s>>,
    pub(super) rows: usize,
    envelope: &'s [&'s str],
    captured: Vec<(&'s str, Json)>,
}

/// The last row that had a feature, counted from 1, and what it called it.
#[derive(Debug, Clone, Copy, Default)]
struct Seen<'s> {
    row: usize,
    name: Option<&'s Name>,
}

impl<'s> RowCollector<'s> {
    pub(super) fn new(schema: &'s RowSchema, limits: &JsonLimits) -> RowCollector<'s> {
        let columns = schema
            .fields
            .iter()
            .map(|field| Column { values: field.rule.empty_values(), missing: None, width: field.width })
            .collect();
        RowCollector {
            schema,
            columns,
            report: Report::new(limits),
            seen: vec![Seen::default(); schema.width()],
            rows: 0,
            envelope: &[],
            captured: Vec::new(),
        }
    }

    /// Fields of a row that are the caller's, such as `callback_url`: they are kept in JSON for
    /// [`RowCollector::take_envelope`] and are no extra fields. A feature of the same name wins.
    #[must_use]
    pub fn with_envelope(mut self, keys: &'s [&'s str]) -> RowCollector<'s> {
        self.envelope = keys;
        self
    }

    /// The envelope's fields found so far, in the order of the request.
    pub fn take_envelope(&mut self) -> Vec<(&'s str, Json)> {
        std::mem::take(&mut self.captured)
    }

    /// Reads one JSON object, which stands at `at`, as one row. Fails only where the JSON itself is broken; whatever
    /// else is wrong is a violation.
    pub fn seed<'a>(&'a mut self, at: At<'a>) -> RowSeed<'a, 's> {
        RowSeed::new(self, at)
    }

    /// Reads a JSON array of objects, which stands at `at`, as rows, and says how many elements it has. Those after
    /// the first `max_rows` are skipped; it is for the caller to refuse them.
    pub fn list<'a>(&'a mut self, at: At<'a>, max_rows: usize) -> RowListSeed<'a, 's> {
        RowListSeed::new(self, at, max_rows)
    }

    /// Skips one JSON value, which stands at `at`.
    pub fn skip<'a>(&'a mut self, at: At<'a>) -> SkipSeed<'a> {
        SkipSeed::new(&mut self.report, at)
    }

    /// Adds a violation that the caller found, such as a field of its own that is missing.
    pub fn refuse(&mut self, violation: Violation) {
        self.report.add_violation(violation);
    }

    /// How many rows have been read, valid or not.
    pub fn rows_seen(&self) -> usize {
        self.rows
    }

    /// Whether nothing is wrong so far.
    pub fn is_clean(&self) -> bool {
        self.report.total() == 0
    }

    /// All rows, or everything that is wrong with them.
    pub fn finish(self) -> Result<Rows, Violations> {
        self.report.finish()?;
        Ok(Rows::new(self.columns, self.rows))
    }

    /// Takes note that the row being read has the feature under this name; if it had it already, the name then.
    pub(super) fn first_given_as(&mut self, name: &'s Name) -> Option<&'s Name> {
        let row = self.rows + 1;
        let last = self.seen.get_mut(name.feature)?;
        if last.row == row {
            return last.name;
        }
        *last = Seen { row, name: Some(name) };
        None
    }

    pub(super) fn envelope_key(&self, name: &str) -> Option<&'s str> {
        self.envelope.iter().copied().find(|key| *key == name)
    }

    /// Keeps a field of the envelope; false if it is there already.
    pub(super) fn capture(&mut self, key: &'s str, value: Json) -> bool {
        let first = !self.captured.iter().any(|(name, _)| *name == key);
        if first {
            self.captured.push((key, value));
        }
        first
    }

    pub(super) fn forbids_extra_fields(&self) -> bool {
        self.schema.extra_fields == ExtraFields::Forbid
    }

    /// Fills what the row did not say.
    pub(super) fn end_row(&mut self, at: &At<'_>) {
        let current = self.rows + 1;
        let fields = self.schema.fields.iter().zip(&self.schema.features);
        for (feature, ((field, spec), column)) in fields.zip(&mut self.columns).enumerate() {
            if self.seen.get(feature).is_some_and(|last| last.row == current) {
                continue;
            }
            // What stands in for an absent array is counted like the numbers it saves sending.
            let room = field.width == 1 || self.report.count_numbers(field.width);
            match &field.absent {
                Absent::Refused => self.report.add(feature, &at.field(&spec.name), Fault::MISSING, || None),
                Absent::Missing if room => column.push_missing(self.rows),
                Absent::Default(values) if room => column.push_copy(values),
                Absent::Missing | Absent::Default(_) => {}
            }
        }
        self.rows = current;
        for column in &mut self.columns {
            column.end_row(current);
        }
        self.report.end_row();
    }

    /// A row that is none: counted, with its violations in place.
    pub(super) fn end_broken_row(&mut self) {
        self.rows += 1;
        self.report.end_row();
    }
}
