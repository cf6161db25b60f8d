//! Looking values up by key: the tables of the label encoder and the category mapper.

use std::collections::HashMap;

use tract_onnx::prelude::{DatumType, TValue, Tensor, TractResult};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::tensors::{numbers, tensor, values};

/// A list of keys or of values, and the element type of the tensors that it stands for.
#[derive(Clone, Debug)]
pub(crate) enum Column {
    /// Of an integer type.
    Ints(DatumType, Vec<i64>),
    /// Of a floating point type.
    Floats(DatumType, Vec<f64>),
    Strings(Vec<String>),
}

impl Column {
    /// A column of all elements of `tensor`.
    ///
    /// # Errors
    /// When it holds neither numbers nor strings.
    pub(crate) fn from_tensor(operator: &str, tensor: &Tensor) -> TractResult<Column> {
        let datum_type = tensor.datum_type();
        if datum_type == DatumType::String {
            Ok(Column::Strings(values::<String>(tensor)?.to_vec()))
        } else if datum_type.is_float() {
            Ok(Column::Floats(datum_type, numbers::<f64>(operator, tensor)?.into_owned()))
        } else {
            Ok(Column::Ints(datum_type, numbers::<i64>(operator, tensor)?.into_owned()))
        }
    }

    pub(crate) fn floats(values: &[f32]) -> Column {
        Column::Floats(DatumType::F32, values.iter().copied().map(f64::from).collect())
    }

    pub(crate) fn ints(values: &[i64]) -> Column {
        Column::Ints(DatumType::I64, values.to_vec())
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Column::Ints(_, values) => values.len(),
            Column::Floats(_, values) => values.len(),
            Column::Strings(values) => values.len(),
        }
    }

    pub(crate) fn datum_type(&self) -> DatumType {
        match self {
            Column::Ints(datum_type, _) | Column::Floats(datum_type, _) => *datum_type,
            Column::Strings(_) => DatumType::String,
        }
    }

    /// The elements at `positions`, those beyond the end from `default`, as a tensor.
    fn pick(&self, positions: &[usize], default: &Column, shape: &[usize]) -> TractResult<TValue> {
        fn chosen<T: Clone>(values: &[T], default: &[T], positions: &[usize]) -> Vec<T> {
            let pick = |&position| values.get(position).or_else(|| default.first()).cloned();
            positions.iter().filter_map(pick).collect()
        }
        let picked = match (self, default) {
            (Column::Ints(_, values), Column::Ints(_, default)) => tensor(shape, chosen(values, default, positions))?,
            (Column::Floats(_, values), Column::Floats(_, default)) => {
                tensor(shape, chosen(values, default, positions))?
            }
            (Column::Strings(values), Column::Strings(default)) => tensor(shape, chosen(values, default, positions))?,
            _ => bail!("the default is no {:?}, as the values are", self.datum_type()),
        };
        if picked.datum_type() == self.datum_type() {
            return Ok(picked);
        }
        Ok(picked.cast_to_dt(self.datum_type())?.into_owned().into())
    }
}

/// Positions by key.
#[derive(Debug)]
enum Positions {
    Ints(HashMap<i64, usize>),
    /// By [`bits`].
    Floats(HashMap<u64, usize>),
    Strings(HashMap<String, usize>),
}

/// One form for each number: all NaNs are one key, and so are both zeros.
fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() }
}

/// A map from keys to values.
#[derive(Debug)]
pub(crate) struct Lookup {
    operator: &'static str,
    keys: DatumType,
    positions: Positions,
    values: Column,
    default: Column,
}

impl Lookup {
    /// A map of each key to the value at the same position in a list of the same length; a key that is listed twice has
    /// the later value.
    ///
    /// # Errors
    /// When `default` is not one value of the values' type.
    pub(crate) fn new(operator: &'static str, keys: Column, values: Column, default: Column) -> TractResult<Lookup> {
        if default.len() != 1 || default.datum_type() != values.datum_type() {
            let (len, datum_type) = (default.len(), default.datum_type());
            bail!("{operator}: default_tensor is {len} x {datum_type:?}, the values are {:?}", values.datum_type());
        }
        let datum_type = keys.datum_type();
        let positions = match keys {
            Column::Ints(_, keys) => Positions::Ints(keys.into_iter().zip(0..).collect()),
            Column::Floats(_, keys) => Positions::Floats(keys.into_iter().map(bits).zip(0..).collect()),
            Column::Strings(keys) => Positions::Strings(keys.into_iter().zip(0..).collect()),
        };
        Ok(Lookup { operator, keys: datum_type, positions, values, default })
    }

    /// Maps from `strings` to `ints` and back, with the defaults that the node says, or else -1 and `_Unused`.
    ///
    /// # Errors
    /// When an attribute with a default is malformed.
    pub(crate) fn both_ways(
        operator: &'static str,
        attributes: Attributes<'_>,
        strings: Column,
        ints: Column,
    ) -> TractResult<Vec<Lookup>> {
        let default_int = Column::ints(&[attributes.int("default_int64")?.unwrap_or(-1)]);
        let default_string = attributes.string("default_string")?.unwrap_or("_Unused").to_owned();
        Ok(vec![
            Lookup::new(operator, strings.clone(), ints.clone(), default_int)?,
            Lookup::new(operator, ints, strings, Column::Strings(vec![default_string]))?,
        ])
    }

    /// The element type of the keys.
    pub(crate) fn keys(&self) -> DatumType {
        self.keys
    }

    /// The element type of the values.
    pub(crate) fn values(&self) -> DatumType {
        self.values.datum_type()
    }

    /// The value of every element of `input`, in its shape.
    ///
    /// # Errors
    /// When it is not of the keys' kind.
    pub(crate) fn map(&self, input: &Tensor) -> TractResult<TValue> {
        let found: Vec<Option<usize>> = match &self.positions {
            Positions::Ints(positions) => {
                numbers::<i64>(self.operator, input)?.iter().map(|key| positions.get(key).copied()).collect()
            }
            Positions::Floats(positions) => {
                numbers::<f64>(self.operator, input)?.iter().map(|&key| positions.get(&bits(key)).copied()).collect()
            }
            Positions::Strings(positions) => {
                values::<String>(input)?.iter().map(|key| positions.get(key).copied()).collect()
            }
        };
        let found: Vec<usize> = found.into_iter().map(|position| position.unwrap_or(usize::MAX)).collect();
        self.values.pick(&found, &self.default, input.shape())
    }
}
