//! Rows as nearly all clients write them: objects whose keys are names of features, none twice, and whose values are numbers
//! without exponents, words, or text without escapes.
//!
//! They are read in one pass over the bytes, for a quarter of what a parser of all JSON takes. Nothing is decided here that is not
//! decided there: a value is judged by its [`rule`](super::rule), and lands in its column. Whatever is written otherwise, or is
//! wrong, is nothing that is read here, and the parser reads the body from its start; it also says what is wrong.

use super::RowSchema;
use super::cell::{CellReader, Target};
use super::collector::RowCollector;
use super::names::{Name, Names};
use super::reader::Reader;
use super::scalar::Scalar;
use crate::limits::JsonLimits;
use crate::loc::At;
use crate::rows::Rows;

/// Whole numbers of so many decimal digits are exact as `f64`.
const EXACT_DIGITS: usize = 15;

/// Whole numbers of so many decimal digits fit an `i64`.
const I64_DIGITS: usize = 18;

/// Powers of ten that are exact as `f64`.
const POWERS: [f64; EXACT_DIGITS + 1] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// What has not been read of a body. Each method answers `None` where something else stands than it reads; what has been
/// read by then is of no use.
#[derive(Debug, Clone, Copy)]
pub struct PlainJson<'b> {
    rest: &'b [u8],
}

impl<'b> PlainJson<'b> {
    /// All of it.
    pub fn new(body: &'b [u8]) -> PlainJson<'b> {
        PlainJson { rest: body }
    }

    /// This byte, and white space before it.
    pub fn take(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// Text that says exactly this, with white space before it.
    pub fn take_text(&mut self, text: &str) -> Option<()> {
        self.take(b'"')?;
        (self.text()? == text).then_some(())
    }

    /// An array of at least one and at most so many rows; they go to the collector, where they stand at `at`.
    pub fn take_rows(&mut self, rows: &mut RowCollector<'_>, at: At<'_>, most: usize) -> Option<()> {
        self.take(b'[')?;
        for index in 0..most {
            self.row(rows, at.index(index))?;
            if !self.goes_on(b']')? {
                return Some(());
            }
        }
        None
    }

    /// The end of the body, and white space before it.
    pub fn end(&mut self) -> Option<()> {
        self.skip_space();
        self.rest.is_empty().then_some(())
    }

    /// An object as a row.
    fn row(&mut self, rows: &mut RowCollector<'_>, at: At<'_>) -> Option<()> {
        if !rows.report.may_enter(&at) {
            return None;
        }
        let schema = rows.schema;
        self.take(b'{')?;
        let mut guess = 0;
        loop {
            self.take(b'"')?;
            let name = self.name(&schema.names, guess)?;
            self.take(b':')?;
            self.skip_space();
            let scalar = self.scalar()?;
            if rows.first_given_as(name).is_some() {
                return None;
            }
            let RowCollector { columns, report, rows: row, .. } = &mut *rows;
            let (field, column) = (schema.fields.get(name.feature)?, columns.get_mut(name.feature)?);
            let target = Target { field, column, report, order: name.feature, row: *row };
            CellReader { target, at }.scalar(scalar);
            guess = name.feature + 1;
            if !self.goes_on(b'}')? {
                break;
            }
        }
        rows.end_row(&at);
        rows.is_clean().then_some(())
    }

    /// The next byte that is no white space.
    fn next(&mut self) -> Option<u8> {
        self.skip_space();
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// Whether a comma says that there is more, or `end` that there is not.
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        match self.next()? {
            b',' => Some(true),
            byte => (byte == end).then_some(false),
        }
    }

    fn skip_space(&mut self) {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// A feature's name behind its quotation mark.
    fn name<'n>(&mut self, names: &'n Names, guess: usize) -> Option<&'n Name> {
        if let Some(name) = names.guessed(guess)
            && let Some([b'"', rest @ ..]) = self.rest.strip_prefix(name.text.as_bytes())
            // In others a quotation mark may be the name's own.
            && name.is_plain
        {
            self.rest = rest;
            return Some(name);
        }
        names.find(self.text()?, guess)
    }

    /// Text behind its quotation mark.
    fn text(&mut self) -> Option<&'b str> {
        let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        let end = self.rest.iter().position(is_special)?;
        let (text, rest) = self.rest.split_at_checked(end)?;
        let [b'"', rest @ ..] = rest else { return None };
        self.rest = rest;
        str::from_utf8(text).ok()
    }

    /// What is neither array nor object.
    fn scalar(&mut self) -> Option<Scalar<'b>> {
        match self.rest {
            [b'"', rest @ ..] => {
                self.rest = rest;
                self.text().map(Scalar::Text)
            }
            [b'-' | b'0'..=b'9', ..] => self.number(),
            [b't', b'r', b'u', b'e', rest @ ..] => self.word(rest, Scalar::Bool(true)),
            [b'f', b'a', b'l', b's', b'e', rest @ ..] => self.word(rest, Scalar::Bool(false)),
            [b'n', b'u', b'l', b'l', rest @ ..] => self.word(rest, Scalar::Null),
            _ => None,
        }
    }

    fn word(&mut self, rest: &'b [u8], scalar: Scalar<'b>) -> Option<Scalar<'b>> {
        self.rest = rest;
        Some(scalar)
    }

    /// A number without an exponent: the nearest one there is, as everywhere.
    fn number(&mut self) -> Option<Scalar<'b>> {
        let start = self.rest;
        let is_negative = matches!(start, [b'-', ..]);
        let digits = start.strip_prefix(b"-").unwrap_or(start);
        if matches!(digits, [b'0', b'0'..=b'9', ..]) {
            return None;
        }
        let (whole, rest) = Digits::NONE.read(digits);
        if whole.count == 0 {
            return None;
        }
        let [b'.', decimals @ ..] = rest else {
            self.rest = rest;
            return whole.int(is_negative);
        };
        let (all, rest) = whole.read(decimals);
        self.rest = rest;
        let value = match all.count - whole.count {
            0 => return None,
            // Both numbers are exact, so that there is one rounding, as there should be (W. D. Clinger: How to read
            // floating point numbers accurately, 1990).
            decimals if all.count <= EXACT_DIGITS => all.value as f64 / POWERS.get(decimals)?,
            _ => str::from_utf8(digits.get(..digits.len() - rest.len())?).ok()?.parse().ok()?,
        };
        Some(Scalar::Float(if is_negative { -value } else { value }))
    }
}

/// Decimal digits, one after the other.
#[derive(Debug, Clone, Copy)]
struct Digits {
    /// Of no use where there are too many of them.
    value: u64,
    count: usize,
}

impl Digits {
    const NONE: Digits = Digits { value: 0, count: 0 };

    /// These and those that follow, and what follows them.
    fn read(mut self, mut bytes: &[u8]) -> (Digits, &[u8]) {
        while let [digit @ b'0'..=b'9', rest @ ..] = bytes {
            self.value = self.value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.count += 1;
            bytes = rest;
        }
        (self, bytes)
    }

    /// As a whole number. A negative zero is none.
    fn int<'b>(self, is_negative: bool) -> Option<Scalar<'b>> {
        let value = i64::try_from(self.value).ok().filter(|_| self.count <= I64_DIGITS)?;
        match (is_negative, value) {
            (true, 0) => None,
            (true, value) => Some(Scalar::Int(-value)),
            (false, value) => Some(Scalar::Int(value)),
        }
    }
}

/// A body that is one row and plain.
pub(super) fn row(body: &[u8], schema: &RowSchema, limits: &JsonLimits) -> Option<Rows> {
    let mut rows = schema.collector(limits);
    let mut json = PlainJson::new(body);
    json.row(&mut rows, At::Body)?;
    json.end()?;
    rows.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::PlainJson;
    use crate::limits::JsonLimits;
    use crate::loc::At;
    use crate::manifest::{Feature, FeatureType};
    use crate::row::{RowSchema, SchemaOptions};
    use crate::rows::Values;

    fn schema() -> RowSchema {
        let mut text = Feature::new("text", FeatureType::String);
        text.required = false;
        let features = [Feature::new("x", FeatureType::Float), text, Feature::new("a\"b", FeatureType::Int)];
        let optional = features.map(|feature| Feature { required: false, ..feature });
        RowSchema::compile(&optional, &SchemaOptions::default()).unwrap()
    }

    fn row(body: &str) -> Option<crate::Rows> {
        super::row(body.as_bytes(), &schema(), &JsonLimits::default())
    }

    #[test]
    fn numbers_are_the_nearest_ones() {
        for number in ["0", "7", "-12", "0.5", "-0.5", "39.1", "0.1", "123456789012.345", "0.30000000000000004"] {
            let rows = row(&format!("{{\"x\":{number}}}")).expect(number);
            let value = number.parse::<f64>().unwrap();
            assert_eq!(rows.columns()[0].values, Values::Float([value].as_slice().into()), "{number}");
        }
        for number in ["01", "-", "-0", ".5", "5.", "1e3", "1.5E2", "+1", "0x1", "1_0", "9999999999999999999", "NaN"] {
            assert_eq!(row(&format!("{{\"x\":{number}}}")), None, "{number}");
        }
    }

    #[test]
    fn what_is_written_otherwise_is_left_to_the_parser() {
        assert!(row(" {\n\t\"text\" : \"stra\u{df}e\" , \"x\":1 }\r\n").is_some());
        for body in [
            "",
            "{}",
            "{\"x\":1",
            "{\"x\":1}}",
            "{\"x\":1,}",
            "{\"x\" 1}",
            "{'x':1}",
            "[{\"x\":1}]",
            "{\"x\":[1]}",
            "{\"x\":{}}",
            "{\"x\":1,\"x\":1}",
            "{\"y\":1}",
            "{\"text\":\"a\\n\"}",
            "{\"text\":\"a\u{1}\"}",
            "{\"x\":\"one\"}",
            "{\"a\"b\":1}",
            "{\"x\":1}\u{c}",
        ] {
            assert_eq!(row(body), None, "{body}");
        }
    }

    #[test]
    fn rows_are_no_more_than_there_may_be() {
        let schema = schema();
        let read = |body: &str| {
            let mut rows = schema.collector(&JsonLimits::default());
            let mut json = PlainJson::new(body.as_bytes());
            json.take_rows(&mut rows, At::Body, 2).and_then(|()| json.end()).map(|()| rows.rows_seen())
        };
        assert_eq!(read(" [ {\"x\":1} , {\"x\":2}\n] "), Some(2));
        for body in
            ["[]", "[{\"x\":1},]", "[{\"x\":1} {\"x\":2}]", "[{\"x\":1},{\"x\":2},{\"x\":3}]", "[1]", "[{\"x\":1}"]
        {
            assert_eq!(read(body), None, "{body}");
        }
    }
}
