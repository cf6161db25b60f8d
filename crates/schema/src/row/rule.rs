//! What one value of a feature must be, compiled.

use regex::{Regex, RegexBuilder};
use serde_json::Value as Json;
use smallvec::SmallVec;

use super::category::Categories;
use super::fault::Fault;
use super::lax;
use super::scalar::Scalar;
use crate::carrier::Carrier;
use crate::manifest::{Feature, FeatureType, ManifestError, Problem, Range};
use crate::rows::{Cell, Values};

/// A pattern may not compile to more than this many bytes.
const PATTERN_SIZE: usize = 1 << 20;

/// The rule for one value; of array features, for each element.
#[derive(Debug)]
pub(crate) enum Rule {
    Float { range: Range, carrier: Carrier },
    Int { bounds: Vec<IntBound> },
    Bool,
    Category(Categories),
    Text { pattern: Option<Regex> },
}

impl Rule {
    pub(crate) fn compile(feature: &Feature, carrier: Carrier) -> Result<Rule, ManifestError> {
        if feature.is_categorical() {
            return Ok(Rule::Category(Categories::of(feature)));
        }
        Ok(match feature.kind {
            FeatureType::Float => Rule::Float { range: feature.range, carrier },
            FeatureType::Int => Rule::Int { bounds: int_bounds(&feature.range, carrier) },
            FeatureType::Bool => Rule::Bool,
            FeatureType::String => {
                let pattern = feature.pattern.as_deref().map(compile_pattern).transpose().map_err(|error| {
                    let path = format!("{}.pattern", feature.name);
                    ManifestError::one(Problem { place: None, path, message: error.to_string(), suggestion: None })
                })?;
                Rule::Text { pattern }
            }
        })
    }

    /// The value if it follows the rule.
    pub(crate) fn judge<'v>(&self, scalar: Scalar<'v>) -> Result<Cell<'v>, Fault> {
        match self {
            Rule::Float { range, carrier } => judge_float(scalar, range, *carrier).map(Cell::Float),
            Rule::Int { bounds } => judge_int(scalar, bounds).map(Cell::Int),
            Rule::Bool => lax::bool(scalar).map(Cell::Bool),
            Rule::Category(categories) => categories.position(scalar).map(Cell::Category),
            Rule::Text { pattern } => judge_text(scalar, pattern.as_ref()).map(Cell::Text),
        }
    }

    /// Whether every value is a number, however it is written.
    pub(crate) fn is_numeric(&self) -> bool {
        matches!(self, Rule::Float { .. } | Rule::Int { .. })
    }

    /// What is wrong with an array or object where a single value belongs.
    pub(crate) fn not_a_scalar(&self) -> Fault {
        match self {
            Rule::Float { .. } => Fault::FLOAT_TYPE,
            Rule::Int { .. } => Fault::INT_TYPE,
            Rule::Bool => Fault::BOOL_TYPE,
            Rule::Text { .. } => Fault::STRING_TYPE,
            Rule::Category(categories) => match categories.position(Scalar::Null) {
                Ok(_) => Fault::STRING_TYPE,
                Err(fault) => fault,
            },
        }
    }

    /// An empty column for values of this rule.
    pub(crate) fn empty_values(&self) -> Values {
        match self {
            Rule::Float { .. } => Values::Float(SmallVec::new()),
            Rule::Int { .. } => Values::Int(SmallVec::new()),
            Rule::Bool => Values::Bool(SmallVec::new()),
            Rule::Category(_) => Values::Category(SmallVec::new()),
            Rule::Text { .. } => Values::Text(SmallVec::new()),
        }
    }
}

/// A pattern as the manifest gives it; searched for, not anchored.
pub(crate) fn compile_pattern(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(PATTERN_SIZE).dfa_size_limit(PATTERN_SIZE).build()
}

fn judge_float(scalar: Scalar<'_>, range: &Range, carrier: Carrier) -> Result<f64, Fault> {
    let value = lax::float(scalar)?;
    if !value.is_finite() {
        return Err(Fault::FINITE_NUMBER);
    }
    match *range {
        Range { le: Some(bound), .. } if value > bound => Err(Fault::less_than_equal(bound, Json::from(bound))),
        Range { lt: Some(bound), .. } if value >= bound => Err(Fault::less_than(bound, Json::from(bound))),
        Range { ge: Some(bound), .. } if value < bound => Err(Fault::greater_than_equal(bound, Json::from(bound))),
        Range { gt: Some(bound), .. } if value <= bound => Err(Fault::greater_than(bound, Json::from(bound))),
        _ if !carrier.holds_float(value) => Err(Fault::FINITE_NUMBER),
        _ => Ok(value),
    }
}

/// One bound of an integer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum IntBound {
    Le(i64),
    Lt(i64),
    Ge(i64),
    Gt(i64),
}

impl IntBound {
    fn check(self, value: i128) -> Result<(), Fault> {
        match self {
            IntBound::Le(bound) if value > bound.into() => Err(Fault::less_than_equal(bound, bound.into())),
            IntBound::Lt(bound) if value >= bound.into() => Err(Fault::less_than(bound, bound.into())),
            IntBound::Ge(bound) if value < bound.into() => Err(Fault::greater_than_equal(bound, bound.into())),
            IntBound::Gt(bound) if value <= bound.into() => Err(Fault::greater_than(bound, bound.into())),
            _ => Ok(()),
        }
    }
}

/// The manifest's bounds first, since they say more, then what the carrier can hold.
fn int_bounds(range: &Range, carrier: Carrier) -> Vec<IntBound> {
    #[allow(clippy::cast_possible_truncation, reason = "the manifest's check admits whole bounds within ±2^53 only")]
    let whole = |bound: f64| bound as i64;
    let (smallest, largest) = carrier.int_limits().unwrap_or((i64::MIN, i64::MAX));
    [
        range.le.map(|bound| IntBound::Le(whole(bound))),
        range.lt.map(|bound| IntBound::Lt(whole(bound))),
        range.ge.map(|bound| IntBound::Ge(whole(bound))),
        range.gt.map(|bound| IntBound::Gt(whole(bound))),
        Some(IntBound::Le(largest)),
        Some(IntBound::Ge(smallest)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn judge_int(scalar: Scalar<'_>, bounds: &[IntBound]) -> Result<i64, Fault> {
    let value = lax::int(scalar)?;
    for bound in bounds {
        bound.check(value)?;
    }
    // Within the carrier's limits, hence within i64's.
    i64::try_from(value).map_err(|_| Fault::INT_PARSING_SIZE)
}

fn judge_text<'v>(scalar: Scalar<'v>, pattern: Option<&Regex>) -> Result<&'v str, Fault> {
    let Scalar::Text(text) = scalar else { return Err(Fault::STRING_TYPE) };
    match pattern {
        Some(pattern) if !pattern.is_match(text) => Err(Fault::pattern_mismatch(pattern.as_str())),
        _ => Ok(text),
    }
}
