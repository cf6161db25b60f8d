//! Why input was refused, in pydantic's vocabulary, so that clients written against FastAPI keep working.

use std::fmt;

use serde_json::Value as Json;

use crate::loc::Loc;

/// The machine-readable reasons: pydantic's own words, then ours.
pub mod code {
    /// A required field is absent.
    pub const MISSING: &str = "missing";
    /// Not a number at all.
    pub const FLOAT_TYPE: &str = "float_type";
    /// A string that is no number.
    pub const FLOAT_PARSING: &str = "float_parsing";
    /// Not an integer at all.
    pub const INT_TYPE: &str = "int_type";
    /// A string that is no integer.
    pub const INT_PARSING: &str = "int_parsing";
    /// An integer that no 64-bit integer can hold.
    pub const INT_PARSING_SIZE: &str = "int_parsing_size";
    /// A number with a fraction where an integer is expected.
    pub const INT_FROM_FLOAT: &str = "int_from_float";
    /// Not a boolean at all.
    pub const BOOL_TYPE: &str = "bool_type";
    /// A string or number that is no boolean.
    pub const BOOL_PARSING: &str = "bool_parsing";
    /// Not a string.
    pub const STRING_TYPE: &str = "string_type";
    /// Not above the lower bound.
    pub const GREATER_THAN: &str = "greater_than";
    /// Below the lower bound.
    pub const GREATER_THAN_EQUAL: &str = "greater_than_equal";
    /// Not below the upper bound.
    pub const LESS_THAN: &str = "less_than";
    /// Above the upper bound.
    pub const LESS_THAN_EQUAL: &str = "less_than_equal";
    /// None of the categories.
    pub const ENUM: &str = "enum";
    /// A string that the pattern does not match.
    pub const STRING_PATTERN_MISMATCH: &str = "string_pattern_mismatch";
    /// An unknown field where `extra_fields = "forbid"`.
    pub const EXTRA_FORBIDDEN: &str = "extra_forbidden";
    /// A value against which nothing was declared, and which the model does not take.
    pub const VALUE_ERROR: &str = "value_error";
    /// NaN, an infinity, or a number that the model's tensor cannot hold.
    pub const FINITE_NUMBER: &str = "finite_number";
    /// Not an array.
    pub const LIST_TYPE: &str = "list_type";
    /// Too many elements.
    pub const TOO_LONG: &str = "too_long";
    /// Too few elements.
    pub const TOO_SHORT: &str = "too_short";
    /// The body is no JSON.
    pub const JSON_INVALID: &str = "json_invalid";
    /// A string that is no base64.
    pub const BASE64_DECODE: &str = "base64_decode";
    /// Not an object.
    pub const MODEL_ATTRIBUTES_TYPE: &str = "model_attributes_type";
    /// A field given twice, or under its name and an alias. (ours)
    pub const DUPLICATE_FIELD: &str = "duplicate_field";
    /// Objects and arrays nest deeper than `limits.json_depth`. (ours)
    pub const TOO_DEEP: &str = "too_deep";
    /// More numbers in the body than `limits.json_numbers`. (ours)
    pub const TOO_MANY_NUMBERS: &str = "too_many_numbers";
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// Where; `loc` on the wire.
    pub loc: Loc,
    /// Which rule, one of [`code`]; `type` on the wire.
    pub code: &'static str,
    /// For people; `msg` on the wire.
    pub message: String,
    /// What was sent, cut to a short form; absent when nothing was.
    pub input: Option<Json>,
    /// The rule's parameters, such as `{"ge": 0.0}`.
    pub ctx: Option<Json>,
}

impl Violation {
    /// A violation without input or context.
    pub fn new(loc: Loc, code: &'static str, message: impl Into<String>) -> Violation {
        Violation { loc, code, message: message.into(), input: None, ctx: None }
    }

    /// With the (short) input that caused it.
    #[must_use]
    pub fn with_input(mut self, input: Json) -> Violation {
        self.input = Some(input);
        self
    }

    /// With the rule's parameters.
    #[must_use]
    pub fn with_ctx(mut self, ctx: Json) -> Violation {
        self.ctx = Some(ctx);
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {} [{}]", self.loc, self.message, self.code)
    }
}

/// Everything that is wrong with a request: at least one violation, and a count of those left out of the report.
#[derive(Debug, Clone, PartialEq)]
pub struct Violations {
    reported: Vec<Violation>,
    omitted: usize,
}

impl Violations {
    /// A single violation.
    pub fn one(violation: Violation) -> Violations {
        Violations { reported: vec![violation], omitted: 0 }
    }

    /// `None` when there is nothing to report. `omitted` counts violations that were found but not kept.
    pub fn new(reported: Vec<Violation>, omitted: usize) -> Option<Violations> {
        (!reported.is_empty()).then_some(Violations { reported, omitted })
    }

    /// The reported violations, in the order of the rows and, in each, of the features.
    pub fn as_slice(&self) -> &[Violation] {
        &self.reported
    }

    /// The reported violations, owned.
    pub fn into_vec(self) -> Vec<Violation> {
        self.reported
    }

    /// How many more there were than are reported.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Whether some were left out.
    pub fn is_truncated(&self) -> bool {
        self.omitted > 0
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.reported.iter()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, violation) in self.reported.iter().enumerate() {
            let separator = if number == 0 { "" } else { "\n" };
            write!(out, "{separator}{violation}")?;
        }
        match self.omitted {
            0 => Ok(()),
            omitted => write!(out, "\n… and {omitted} more"),
        }
    }
}

impl std::error::Error for Violations {}
