//! The set of categories of a feature: from what a client sends to a position, without allocating.

use std::fmt::Write;

use super::fault::Fault;
use super::lax;
use super::names::order;
use super::scalar::Scalar;
use crate::manifest::{Feature, FeatureType};

/// How many categories an error message names.
const NAMED_IN_MESSAGE: usize = 20;

/// Compiled categories and their aliases.
#[derive(Debug)]
pub(crate) struct Categories {
    /// Sorted by [`order`]: quicker than a hash for the handful that a feature has, and not slow for many.
    positions: Vec<(Box<str>, u32)>,
    /// Whether an integer may also be written in other ways: `" 3 "`, `3.0`.
    integers: bool,
    /// `'A', 'B' or 'C'`
    expected: String,
}

impl Categories {
    pub(crate) fn of(feature: &Feature) -> Categories {
        let mut positions: Vec<(Box<str>, u32)> =
            (0..).zip(&feature.categories).map(|(position, category)| (category.as_str().into(), position)).collect();
        for (alias, category) in &feature.category_aliases {
            if let Some(position) = (0..).zip(&feature.categories).find(|(_, known)| *known == category) {
                positions.push((alias.as_str().into(), position.0));
            }
        }
        // Stable: of two equal texts, which the manifest's check rules out, the category stands before the alias.
        positions.sort_by(|one, other| order(&one.0, &other.0));
        let integers = feature.kind == FeatureType::Int;
        Categories { positions, integers, expected: expected(&feature.categories, integers) }
    }

    pub(crate) fn position(&self, scalar: Scalar<'_>) -> Result<u32, Fault> {
        let direct = match scalar {
            Scalar::Text(text) => self.find(text),
            Scalar::Bool(true) => self.find("true"),
            Scalar::Bool(false) => self.find("false"),
            Scalar::Null => None,
            Scalar::Int(_) | Scalar::Large(_) | Scalar::Float(_) => self.by_number(scalar),
        };
        direct
            .or_else(|| if self.integers { self.by_number(scalar) } else { None })
            .ok_or_else(|| Fault::not_a_category(&self.expected))
    }

    fn find(&self, text: &str) -> Option<u32> {
        let found = self.positions.binary_search_by(|(known, _)| order(known, text)).ok()?;
        self.positions.get(found).map(|(_, position)| *position)
    }

    /// By the decimal digits of a whole number.
    fn by_number(&self, scalar: Scalar<'_>) -> Option<u32> {
        let number = lax::int(scalar).ok()?;
        let mut digits = Digits { bytes: [0; 40], len: 0 };
        write!(digits, "{number}").ok()?;
        self.find(digits.as_str())
    }
}

/// Enough room on the stack for any `i128`.
struct Digits {
    bytes: [u8; 40],
    len: usize,
}

impl Digits {
    fn as_str(&self) -> &str {
        self.bytes.get(..self.len).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl Write for Digits {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// pydantic's wording; a long list is cut, so that an error stays readable.
fn expected(categories: &[String], integers: bool) -> String {
    let quoted = |category: &String| if integers { category.clone() } else { format!("'{category}'") };
    if categories.len() > NAMED_IN_MESSAGE {
        let some: Vec<String> = categories.iter().take(NAMED_IN_MESSAGE).map(quoted).collect();
        return format!("{} or one of {} more", some.join(", "), categories.len() - NAMED_IN_MESSAGE);
    }
    match categories.split_last() {
        Some((last, [])) => quoted(last),
        Some((last, others)) => {
            format!("{} or {}", others.iter().map(quoted).collect::<Vec<_>>().join(", "), quoted(last))
        }
        None => String::new(),
    }
}
