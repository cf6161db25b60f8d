//! One feature's columns in one numeric tensor.

use std::ops::Range;

use ferrocast_engine::{Dtype, TensorSpec};
use ferrocast_schema::{Column, Feature, Values};

use crate::encoding::Encoding;
use crate::scalar::{Cell, Scalar};
use crate::{BindError, EncodeError, impute, one_hot};

/// Writes one feature into its columns of every row.
#[derive(Debug)]
pub(crate) struct Step {
    /// Position of the feature among the rows' columns.
    feature: usize,
    name: Box<str>,
    /// Values per row.
    values: usize,
    /// Columns of the tensor's row.
    columns: Range<usize>,
    encoding: Encoding,
    /// The columns of a missing value; `None` if validation lets none through.
    missing: Option<Box<[Scalar]>>,
}

impl Step {
    /// The step that writes `feature`, the `index`-th of the manifest, from column `start` of input `spec`.
    pub(crate) fn compile(feature: &Feature, index: usize, start: usize, spec: &TensorSpec) -> Result<Step, BindError> {
        let dtype = spec.dtype;
        let tensor = || spec.name.clone().into();
        let unfit = |reason| BindError::Type { tensor: tensor(), dtype, feature: feature.name.clone(), reason };
        let unheld = |what| BindError::Constant { tensor: tensor(), dtype, feature: feature.name.clone(), what };

        let encoding = Encoding::of(feature, dtype).map_err(unfit)?;
        let width = encoding.width(feature);
        if width == 0 {
            return Err(unfit("its `shape` leaves it without a value"));
        }
        if let Encoding::Codes(codes) = &encoding
            && !codes.iter().all(|code| Scalar::Int(*code).fits(dtype))
        {
            return Err(unheld("a category"));
        }
        let missing = match &feature.impute {
            _ if !feature.may_be_missing() => None,
            Some(value) => {
                let columns = impute::imputed(feature, &encoding, value)
                    .filter(|columns| columns.iter().all(|column| column.fits(dtype)));
                Some(columns.ok_or_else(|| unheld("`impute`"))?)
            }
            None => {
                let one_hot = matches!(encoding, Encoding::OneHot(_));
                if one_hot || !dtype.is_float() {
                    return Err(BindError::Impute { tensor: tensor(), dtype, feature: feature.name.clone(), one_hot });
                }
                Some(impute::not_a_number(width))
            }
        };
        Ok(Step {
            feature: index,
            name: feature.name.as_str().into(),
            values: feature.width(),
            columns: start..start.saturating_add(width),
            encoding,
            missing,
        })
    }

    /// One past the last column that the step writes.
    pub(crate) fn end(&self) -> usize {
        self.columns.end
    }

    /// Feature, columns and encoding in words.
    pub(crate) fn describe(&self) -> String {
        format!("{} {}{}", self.name, self.columns.len(), self.encoding.word())
    }

    /// Writes the feature into `buffer`, which holds zeros in rows of `stride` elements.
    pub(crate) fn write<T: Cell>(
        &self,
        buffer: &mut [T],
        stride: usize,
        columns: &[Column],
    ) -> Result<(), EncodeError> {
        let column = columns.get(self.feature).ok_or(EncodeError::ForeignRows)?;
        let rows = Destination { step: self, buffer, stride, missing: column.missing.as_deref() };
        match (&self.encoding, &column.values) {
            (Encoding::Number(None), Values::Float(values)) => rows.each_value(values, T::from_f64),
            (Encoding::Number(None), Values::Int(values)) => rows.each_value(values, T::from_i64),
            (Encoding::Number(Some(scaler)), Values::Float(values)) => {
                rows.each_value(values, |value| T::from_f64(scaler.apply(value)))
            }
            (Encoding::Number(Some(scaler)), Values::Int(values)) => {
                rows.each_value(values, |value| T::from_f64(scaler.apply(value as f64)))
            }
            (Encoding::Number(None), Values::Bool(values)) => {
                rows.each_value(values, |value| T::from_i64(value.into()))
            }
            (Encoding::Codes(codes), Values::Category(values)) => {
                rows.each_value(values, |category| T::from_i64(*codes.get(usize::try_from(category).ok()?)?))
            }
            (Encoding::OneHot(_), Values::Category(values)) => rows.each_row(values, |columns, category| {
                category.iter().try_for_each(|category| one_hot::write(columns, *category))
            }),
            _ => Err(EncodeError::ForeignRows),
        }
    }

    /// Why a value of row `row` has no place in the tensor.
    #[cold]
    fn refusal(&self, row: usize, dtype: Dtype) -> EncodeError {
        match self.encoding {
            Encoding::Number(_) => EncodeError::OutOfRange { feature: self.name.clone(), row, dtype },
            // The feature's own categories all have their place.
            Encoding::Codes(_) | Encoding::OneHot(_) => EncodeError::ForeignRows,
        }
    }
}

/// Where a step writes.
struct Destination<'d, T> {
    step: &'d Step,
    buffer: &'d mut [T],
    stride: usize,
    missing: Option<&'d [bool]>,
}

impl<T: Cell> Destination<'_, T> {
    /// Each value becomes one column.
    fn each_value<V: Copy>(self, values: &[V], convert: impl Fn(V) -> Option<T>) -> Result<(), EncodeError> {
        // One value of one row is what most requests have, and less work than to set out for several.
        if let ([value], 1, None, true) = (values, self.step.values, self.missing, self.buffer.len() == self.stride)
            && let Some(column) = self.buffer.get_mut(self.step.columns.start)
        {
            *column = convert(*value).ok_or_else(|| self.step.refusal(0, T::DTYPE))?;
            return Ok(());
        }
        self.each_row(values, |columns, values| {
            columns.iter_mut().zip(values).try_for_each(|(column, value)| {
                *column = convert(*value)?;
                Some(())
            })
        })
    }

    /// The values of each row are written by `write`, unless they are missing.
    fn each_row<V>(self, values: &[V], write: impl Fn(&mut [T], &[V]) -> Option<()>) -> Result<(), EncodeError> {
        let Destination { step, buffer, stride, missing } = self;
        let rows = buffer.len() / stride;
        if values.len() != rows.saturating_mul(step.values) || missing.is_some_and(|missing| missing.len() != rows) {
            return Err(EncodeError::ForeignRows);
        }
        let per_row = buffer.chunks_exact_mut(stride).zip(values.chunks_exact(step.values));
        for (row, (columns, values)) in per_row.enumerate() {
            let columns = columns.get_mut(step.columns.clone()).ok_or(EncodeError::ForeignRows)?;
            if missing.and_then(|missing| missing.get(row)) == Some(&true) {
                let replacement = step.missing.as_ref().ok_or(EncodeError::ForeignRows)?;
                for (column, scalar) in columns.iter_mut().zip(replacement) {
                    *column = T::from_scalar(*scalar).ok_or(EncodeError::ForeignRows)?;
                }
            } else {
                write(columns, values).ok_or_else(|| step.refusal(row, T::DTYPE))?;
            }
        }
        Ok(())
    }
}
