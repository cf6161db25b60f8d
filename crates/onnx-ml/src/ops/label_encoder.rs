//! `LabelEncoder`: maps every element by a table; what is not in the table becomes a default.
//!
//! Three generations of the operator are told apart by their attributes: a list of strings mapped to and from their
//! positions (version 1), parallel lists of keys and values (version 2), or the same as tensors (version 4).
//!
//! Of a key that is listed twice the last value counts, and NaN is a key like any other, as version 4 says. ONNX Runtime
//! takes the first value, and finds no NaN in version 2.

use tract_onnx::model::ParsingContext;
use tract_onnx::pb::NodeProto;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::prelude::{Arc, DatumType, TractResult};
use tract_onnx::tract_hir::internal::{TractErrorContext as _, bail};

use crate::attributes::Attributes;
use crate::eager::{BuildResult, Eager};
use crate::lookup::{Column, Lookup};
use crate::mapper::Mapper;

const NAME: &str = "LabelEncoder";

const TENSOR_TYPES: [DataType; 6] =
    [DataType::String, DataType::Int64, DataType::Float, DataType::Int32, DataType::Int16, DataType::Double];

pub(crate) fn build(ctx: &ParsingContext<'_>, node: &NodeProto) -> BuildResult {
    let attributes = Attributes::new(node);
    let classes = attributes.strings("classes_strings")?;
    let keyed =
        node.attribute.iter().find(|other| other.name.starts_with("keys_") || other.name.starts_with("values_"));
    if let (false, Some(other)) = (classes.is_empty(), keyed) {
        bail!("{NAME}: classes_strings and {} are of different versions of the operator", other.name);
    }
    let tables = if classes.is_empty() {
        let (keys_name, keys) = column(ctx, attributes, "keys")?;
        let (values_name, values) = column(ctx, attributes, "values")?;
        attributes.expect_same_length((&keys_name, keys.len()), (&values_name, values.len()))?;
        let default = default(ctx, attributes, values.datum_type())?;
        vec![Arc::new(Lookup::new(NAME, keys, values, default)?)]
    } else {
        let positions: Vec<i64> = (0i64..).take(classes.len()).collect();
        Lookup::both_ways(NAME, attributes, Column::Strings(classes), Column::ints(&positions))?
    };
    Eager::boxed(node, Mapper { operator: NAME, tables })
}

/// The one list that is set of `<prefix>_strings`, `_int64s`, `_floats` and `_tensor`, and its name.
fn column(ctx: &ParsingContext<'_>, attributes: Attributes<'_>, prefix: &str) -> TractResult<(String, Column)> {
    let names = ["strings", "int64s", "floats", "tensor"].map(|kind| format!("{prefix}_{kind}"));
    let [strings, ints, floats, tensor] = &names;
    let lists = [
        Some(Column::Strings(attributes.strings(strings)?)),
        Some(Column::ints(attributes.ints(ints)?)),
        Some(Column::floats(attributes.floats(floats)?)),
        self::tensor(ctx, attributes, tensor)?,
    ];
    let all = names.join(", ");
    let lists = names.into_iter().zip(lists).filter_map(|(name, list)| Some((name, list?)));
    let mut set = lists.filter(|(_, list)| list.len() > 0);
    match (set.next(), set.next()) {
        (Some(list), None) => Ok(list),
        _ => bail!("{NAME}: exactly one of {all} must be set"),
    }
}

fn tensor(ctx: &ParsingContext<'_>, attributes: Attributes<'_>, name: &str) -> TractResult<Option<Column>> {
    let Some(proto) = attributes.tensor(name, &TENSOR_TYPES)? else { return Ok(None) };
    if proto.data_type == DataType::String as i32 && !proto.raw_data.is_empty() {
        bail!("{NAME}: {name} holds strings as raw data, which ONNX does not define");
    }
    let tensor = ctx.load_tensor(proto).with_context(|| format!("{NAME}: {name}"))?;
    Ok(Some(Column::from_tensor(NAME, &tensor)?))
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
        DatumType::I64 => Column::ints(&[attributes.int("default_int64")?.unwrap_or(-1)]),
        int => Column::Ints(int, vec![-1]),
    })
}
