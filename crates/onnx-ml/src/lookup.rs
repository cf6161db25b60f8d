//! Looking values up by key: the tables of the label encoder and the category mapper.

use std::collections::HashMap;

use tract_onnx::prelude::{Arc, DatumType, TValue, Tensor, TractResult};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::row_program::{Buffer, View};
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
        let picked = match (self, default) {
            (Column::Ints(_, values), Column::Ints(_, default)) => {
                tensor(shape, chosen(values, default, positions).collect())?
            }
            (Column::Floats(_, values), Column::Floats(_, default)) => {
                tensor(shape, chosen(values, default, positions).collect())?
            }
            (Column::Strings(values), Column::Strings(default)) => {
                tensor(shape, chosen(values, default, positions).collect())?
            }
            _ => bail!("the default is no {:?}, as the values are", self.datum_type()),
        };
        if picked.datum_type() == self.datum_type() {
            return Ok(picked);
        }
        Ok(picked.cast_to_dt(self.datum_type())?.into_owned().into())
    }
}

/// The values at `positions`, the default for those beyond the end.
fn chosen<'a, T: Clone>(values: &'a [T], default: &'a [T], positions: &'a [usize]) -> impl Iterator<Item = T> + 'a {
    positions.iter().filter_map(|&position| values.get(position).or_else(|| default.first()).cloned())
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
    ) -> TractResult<Vec<Arc<Lookup>>> {
        let default_int = Column::ints(&[attributes.int("default_int64")?.unwrap_or(-1)]);
        let default_string = attributes.string("default_string")?.unwrap_or("_Unused").to_owned();
        Ok(vec![
            Arc::new(Lookup::new(operator, strings.clone(), ints.clone(), default_int)?),
            Arc::new(Lookup::new(operator, ints, strings, Column::Strings(vec![default_string]))?),
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
        let found = match &self.positions {
            Positions::Ints(_) => self.find(View::I64(&numbers::<i64>(self.operator, input)?)),
            Positions::Floats(_) => self.find(View::F64(&numbers::<f64>(self.operator, input)?)),
            Positions::Strings(_) => self.find(View::Str(values::<String>(input)?)),
        };
        self.values.pick(&found?, &self.default, input.shape())
    }

    /// Whether [`Lookup::write`] knows the types of the keys and of the values.
    pub(crate) fn is_step(&self) -> bool {
        let known =
            |datum_type| matches!(datum_type, DatumType::I64 | DatumType::F32 | DatumType::F64 | DatumType::String);
        known(self.keys) && known(self.values.datum_type())
    }

    /// The value of every one of `keys`, into the buffer of a row program.
    ///
    /// # Errors
    /// For keys of another kind, and for types that are no step.
    pub(crate) fn write(&self, keys: View<'_>, output: &mut Buffer) -> TractResult<()> {
        let found = self.find(keys)?;
        match (&self.values, &self.default) {
            (Column::Ints(DatumType::I64, values), Column::Ints(_, default)) => {
                output.i64s().extend(chosen(values, default, &found));
            }
            (Column::Floats(DatumType::F32, values), Column::Floats(_, default)) => {
                output.f32s().extend(chosen(values, default, &found).map(|value| value as f32));
            }
            (Column::Floats(DatumType::F64, values), Column::Floats(_, default)) => {
                output.f64s().extend(chosen(values, default, &found));
            }
            (Column::Strings(values), Column::Strings(default)) => {
                output.strings().extend(chosen(values, default, &found));
            }
            _ => bail!("{}: values of {:?} are no step", self.operator, self.values()),
        }
        Ok(())
    }

    /// The position of every one of `keys`; beyond the end for one that is not in the table.
    fn find(&self, keys: View<'_>) -> TractResult<Vec<usize>> {
        let or_beyond = |position: Option<&usize>| position.copied().unwrap_or(usize::MAX);
        Ok(match (&self.positions, keys) {
            (Positions::Ints(positions), View::I64(keys)) => {
                keys.iter().map(|key| or_beyond(positions.get(key))).collect()
            }
            (Positions::Strings(positions), View::Str(keys)) => {
                keys.iter().map(|key| or_beyond(positions.get(key))).collect()
            }
            (Positions::Floats(positions), keys) => {
                keys.to_f64()?.iter().map(|&key| or_beyond(positions.get(&bits(key)))).collect()
            }
            _ => bail!("{}: the keys are {:?}, the input holds another kind", self.operator, self.keys),
        })
    }
}
