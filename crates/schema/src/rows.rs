//! Validated rows, column by column. Nothing below this line checks a value again.

use smallvec::SmallVec;
use thiserror::Error;

/// One value that has been judged good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'v> {
    Float(f64),
    Int(i64),
    Bool(bool),
    Category(u32),
    Text(&'v str),
}

/// The values of one feature in all rows. That of a single row has its place beside the length, without memory of its own.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Values {
    /// Finite in the feature's carrier; NaN where missing.
    Float(SmallVec<[f64; 2]>),
    /// Within the limits of the feature's carrier; 0 where missing.
    Int(SmallVec<[i64; 2]>),
    /// False where missing.
    Bool(SmallVec<[bool; 16]>),
    /// Positions in the feature's `categories`; `u32::MAX` where missing.
    Category(SmallVec<[u32; 4]>),
    /// Empty where missing.
    Text(SmallVec<[Box<str>; 1]>),
}

impl Values {
    /// Number of values: rows × the feature's width.
    pub fn len(&self) -> usize {
        match self {
            Values::Float(values) => values.len(),
            Values::Int(values) => values.len(),
            Values::Bool(values) => values.len(),
            Values::Category(values) => values.len(),
            Values::Text(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A cell of another kind than the column's cannot come from the column's own rule; it is dropped.
    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Values::Float(values), Cell::Float(value)) => values.push(value),
            (Values::Int(values), Cell::Int(value)) => values.push(value),
            (Values::Bool(values), Cell::Bool(value)) => values.push(value),
            (Values::Category(values), Cell::Category(value)) => values.push(value),
            (Values::Text(values), Cell::Text(value)) => values.push(value.into()),
            _ => debug_assert!(false, "a rule and its column differ in kind"),
        }
    }

    fn push_missing(&mut self, width: usize) {
        match self {
            Values::Float(values) => values.resize(values.len() + width, f64::NAN),
            Values::Int(values) => values.resize(values.len() + width, 0),
            Values::Bool(values) => values.resize(values.len() + width, false),
            Values::Category(values) => values.resize(values.len() + width, u32::MAX),
            Values::Text(values) => values.resize(values.len() + width, Box::from("")),
        }
    }

    fn push_copy(&mut self, from: &Values) {
        match (self, from) {
            (Values::Float(values), Values::Float(from)) => values.extend_from_slice(from),
            (Values::Int(values), Values::Int(from)) => values.extend_from_slice(from),
            (Values::Bool(values), Values::Bool(from)) => values.extend_from_slice(from),
            (Values::Category(values), Values::Category(from)) => values.extend_from_slice(from),
            (Values::Text(values), Values::Text(from)) => values.extend(from.iter().cloned()),
            _ => debug_assert!(false, "a default and its column differ in kind"),
        }
    }

    fn append(&mut self, more: Values) -> Result<(), RowsMismatch> {
        match (self, more) {
            (Values::Float(values), Values::Float(mut more)) => values.append(&mut more),
            (Values::Int(values), Values::Int(mut more)) => values.append(&mut more),
            (Values::Bool(values), Values::Bool(mut more)) => values.append(&mut more),
            (Values::Category(values), Values::Category(mut more)) => values.append(&mut more),
            (Values::Text(values), Values::Text(mut more)) => values.append(&mut more),
            _ => return Err(RowsMismatch),
        }
        Ok(())
    }

    fn same_kind(&self, other: &Values) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// One feature of all rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Row after row; an array feature's elements follow each other, last axis fastest.
    pub values: Values,
    /// Per row, whether the value is missing; `None` when none is.
    pub missing: Option<Vec<bool>>,
    /// Values per row: 1, or the product of an array feature's shape.
    pub width: usize,
}

impl Column {
    /// Whether the value of row `row` is missing.
    pub fn is_missing(&self, row: usize) -> bool {
        self.missing.as_ref().and_then(|missing| missing.get(row)).copied().unwrap_or(false)
    }

    /// The schema says how many values there are and of which kind, so that only text needs its length.
    fn write_canonical(&self, bytes: &mut Vec<u8>) {
        match &self.values {
            // A NaN is a missing value, of which it is said below that it is.
            Values::Float(values) => bytes.extend(values.iter().flat_map(|value| value.to_bits().to_le_bytes())),
            Values::Int(values) => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
            Values::Bool(values) => bytes.extend(values.iter().map(|value| u8::from(*value))),
            Values::Category(values) => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
            Values::Text(values) => {
                for value in values {
                    bytes.extend((value.len() as u64).to_le_bytes());
                    bytes.extend(value.as_bytes());
                }
            }
        }
        match &self.missing {
            Some(missing) if missing.contains(&true) => {
                bytes.push(1);
                bytes.extend(missing.iter().map(|missing| u8::from(*missing)));
            }
            _ => bytes.push(0),
        }
    }

    pub(crate) fn push(&mut self, cell: Cell<'_>) {
        self.values.push(cell);
    }

    pub(crate) fn push_copy(&mut self, values: &Values) {
        self.values.push_copy(values);
    }

    /// The value of row `row`, the one being read, is missing.
    pub(crate) fn push_missing(&mut self, row: usize) {
        self.values.push_missing(self.width);
        let missing = self.missing.get_or_insert_default();
        missing.resize(row, false);
        missing.push(true);
    }

    /// Now there are `rows` rows; unless said otherwise, the last one is not missing.
    pub(crate) fn end_row(&mut self, rows: usize) {
        if let Some(missing) = &mut self.missing {
            missing.resize(rows, false);
        }
    }
}

/// Rows of two different schemas cannot be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("rows of different schemas cannot be joined")]
pub struct RowsMismatch;

/// Any number of validated rows, in feature order. Made by [`crate::RowSchema`] only.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    columns: Vec<Column>,
    len: usize,
}

impl Rows {
    pub(crate) fn new(columns: Vec<Column>, len: usize) -> Rows {
        Rows { columns, len }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One column per feature, in the manifest's order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The values as bytes that differ wherever rows of one schema differ, and are the same in every process: for digests.
    /// How a request was spelled is not in them.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let mut bytes =
            Vec::with_capacity(16 + 9 * self.columns.iter().map(|column| column.values.len()).sum::<usize>());
        bytes.extend((self.len as u64).to_le_bytes());
        for column in &self.columns {
            column.write_canonical(&mut bytes);
        }
        bytes
    }

    /// Adds `more` rows of the same schema at the end; on a mismatch nothing is changed.
    pub fn append(&mut self, more: Rows) -> Result<(), RowsMismatch> {
        let compatible = self.columns.len() == more.columns.len()
            && self
                .columns
                .iter()
                .zip(&more.columns)
                .all(|(column, other)| column.width == other.width && column.values.same_kind(&other.values));
        if !compatible {
            return Err(RowsMismatch);
        }
        for (column, other) in self.columns.iter_mut().zip(more.columns) {
            column.values.append(other.values)?;
            column.missing = joined(column.missing.take(), self.len, other.missing, more.len);
        }
        self.len += more.len;
        Ok(())
    }

    /// The rows of all `parts`, in order; `None` when there are no parts.
    pub fn concat(parts: impl IntoIterator<Item = Rows>) -> Option<Result<Rows, RowsMismatch>> {
        let mut parts = parts.into_iter();
        let mut all = parts.next()?;
        for part in parts {
            if let Err(mismatch) = all.append(part) {
                return Some(Err(mismatch));
            }
        }
        Some(Ok(all))
    }
}

fn joined(
    first: Option<Vec<bool>>,
    first_len: usize,
    second: Option<Vec<bool>>,
    second_len: usize,
) -> Option<Vec<bool>> {
    if first.is_none() && second.is_none() {
        return None;
    }
    let mut all = first.unwrap_or_else(|| vec![false; first_len]);
    all.extend(second.unwrap_or_else(|| vec![false; second_len]));
    Some(all)
}
