//! A value written down by hand: in a manifest (`default`, `example`, `impute`) or in Rust code that embeds a model.
//!
//! It can be read like JSON, so that both go through the very rules that requests go through.

use std::fmt;

use serde::Deserializer;
use serde::de::value::{Error as AnyError, SeqDeserializer};
use serde::de::{IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value as Json;

/// One feature's value.
///
/// ```
/// use ferrocast_schema::Value;
///
/// assert_eq!(Value::from(39.1), Value::Float(39.1));
/// assert_eq!(Value::from("Biscoe"), Value::Text("Biscoe".to_owned()));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A missing value, JSON's `null`.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text, or a category.
    Text(String),
    /// The elements of an array feature, nested or flat.
    List(Vec<Value>),
}

impl Value {
    /// The value as a number, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            #[allow(clippy::cast_precision_loss, reason = "a number beyond 2^53 rounds, as it would in a tensor")]
            Value::Int(value) => Some(*value as f64),
            Value::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The value in JSON; a float that JSON cannot write becomes `null`.
    pub fn to_json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::from(*value),
            Value::Int(value) => Json::from(*value),
            Value::Float(value) => Json::from(*value),
            Value::Text(value) => Json::from(value.as_str()),
            Value::List(values) => values.iter().map(Value::to_json).collect(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // JSON has no word for these.
            Value::Float(value) if !value.is_finite() => write!(out, "{value}"),
            value => write!(out, "{}", value.to_json()),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Value {
        Value::Int(value.into())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Value {
        Value::Int(value.into())
    }
}

impl From<f32> for Value {
    fn from(value: f32) -> Value {
        Value::Float(value.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(value)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Value {
        Value::List(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// Reads a [`Value`] as serde data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ValueReader<'v>(pub(crate) &'v Value);

impl<'v> IntoDeserializer<'v, AnyError> for ValueReader<'v> {
    type Deserializer = ValueReader<'v>;

    fn into_deserializer(self) -> ValueReader<'v> {
        self
    }
}

impl<'de> Deserializer<'de> for ValueReader<'de> {
    type Error = AnyError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, AnyError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => visitor.visit_i64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(value) => visitor.visit_borrowed_str(value),
            Value::List(values) => visitor.visit_seq(SeqDeserializer::new(values.iter().map(ValueReader))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
