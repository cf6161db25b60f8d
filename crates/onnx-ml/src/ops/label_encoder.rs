//! `LabelEncoder`: maps every element by a table; what is not in the table becomes a default.
//!
//! Three generations of the operator are told apart by their attributes: a list of strings mapped to and from their
//! positions (version 1), parallel lists of keys and values (version 2), or the same as tensors (version 4).

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::prelude::{DatumType, TValue, TVec, TractResult, tvec};
use tract_onnx::tract_hir::internal::bail;

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager, Fact, Kernel};
use crate::lookup::{Column, Lookup};
use crate::tensors::exactly;

const NAME: &str = "LabelEncoder";

const TENSOR_TYPES: [DataType; 6] =
    [DataType::String, DataType::Int64, DataType::Float, DataType::Int32, DataType::Int16, DataType::Double];

/// Version 2 and later.
#[derive(Debug)]
struct LabelEncoder {
    table: Lookup,
}

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let classes = attributes.strings("classes_strings")?;
    if !classes.is_empty() {
        return Eager::boxed(node, LabelPositions::new(attributes, classes)?);
    }
    let keys = column(ctx, attributes, "keys")?;
    let values = column(ctx, attributes, "values")?;
    let default = default(ctx, attributes, values.datum_type())?;
    Eager::boxed(node, LabelEncoder { table: Lookup::new(NAME, keys, values, default)? })
}

/// The one list that is set of `<prefix>_strings`, `_int64s`, `_floats` and `_tensor`.
fn column(ctx: &ParsingContext<'_>, attributes: Attributes<'_>, prefix: &str) -> TractResult<Column> {
    let strings = attributes.strings(&format!("{prefix}_strings"))?;
    let ints = attributes.ints(&format!("{prefix}_int64s"))?;
    let floats = attributes.floats(&format!("{prefix}_floats"))?;
    let tensor = tensor(ctx, attributes, &format!("{prefix}_tensor"))?;
    match (strings.is_empty(), ints.is_empty(), floats.is_empty(), tensor) {
        (false, true, true, None) => Ok(Column::Strings(strings)),
        (true, false, true, None) => Ok(Column::ints(ints)),
        (true, true, false, None) => Ok(Column::floats(floats)),
        (true, true, true, Some(tensor)) => Ok(tensor),
        _ => bail!(
            "{NAME}: exactly one of {prefix}_strings, {prefix}_int64s, {prefix}_floats, {prefix}_tensor must be set"
        ),
    }
}

fn tensor(ctx: &ParsingContext<'_>, attributes: Attributes<'_>, name: &str) -> TractResult<Option<Column>> {
    let Some(proto) = attributes.tensor(name, &TENSOR_TYPES)? else { return Ok(None) };
    if proto.data_type == DataType::String as i32 && !proto.raw_data.is_empty() {
        bail!("{NAME}: {name} holds strings as raw data, which ONNX does not define");
    }
    Ok(Some(Column::from_tensor(NAME, &ctx.load_tensor(proto)?)?))
}

/// What is not among the keys becomes this: the attribute that fits the values, or ONNX's default of it.
fn default(ctx: &ParsingContext<'_>, attributes: Attributes<'_>, values: DatumType) -> TractResult<Column> {
    if let Some(default) = tensor(ctx, attributes, "default_tensor")? {
        return Ok(default);
    }
    Ok(match values {
        DatumType::String => {
            Column::Strings(vec![attributes.string("default_string")?.unwrap_or("_Unused").to_owned()])
        }
        float if float.is_float() => {
            Column::Floats(float, vec![f64::from(attributes.float("default_float")?.unwrap_or(-0.0))])
        }
        int => Column::Ints(int, vec![attributes.int("default_int64")?.unwrap_or(-1)]),
    })
}

impl Kernel for LabelEncoder {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        let datum_type = self.table.output_type(input.datum_type)?;
        Ok(tvec!(Fact { datum_type, shape: input.shape.clone() }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        Ok(tvec!(self.table.map(input)?))
    }
}

/// Version 1: strings to their positions in a list, or positions to strings, as the input asks.
#[derive(Debug)]
struct LabelPositions {
    to_position: Lookup,
    to_string: Lookup,
}

impl LabelPositions {
    fn new(attributes: Attributes<'_>, classes: Vec<String>) -> TractResult<LabelPositions> {
        let positions: Vec<i64> = (0i64..).take(classes.len()).collect();
        let classes = Column::Strings(classes);
        let default_int = Column::ints(&[attributes.int("default_int64")?.unwrap_or(-1)]);
        let default_string =
            Column::Strings(vec![attributes.string("default_string")?.unwrap_or("_Unused").to_owned()]);
        Ok(LabelPositions {
            to_position: Lookup::new(NAME, classes.clone(), Column::ints(&positions), default_int)?,
            to_string: Lookup::new(NAME, Column::ints(&positions), classes, default_string)?,
        })
    }

    fn table(&self, input: DatumType) -> &Lookup {
        if input == DatumType::String { &self.to_position } else { &self.to_string }
    }
}

impl Kernel for LabelPositions {
    fn name(&self) -> &'static str {
        NAME
    }

    fn facts(&self, inputs: &[Fact]) -> TractResult<TVec<Fact>> {
        let [input] = exactly(NAME, inputs)?;
        let datum_type = self.table(input.datum_type).output_type(input.datum_type)?;
        Ok(tvec!(Fact { datum_type, shape: input.shape.clone() }))
    }

    fn eval(&self, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let [input] = exactly(NAME, &inputs)?;
        Ok(tvec!(self.table(input.datum_type()).map(input)?))
    }
}
