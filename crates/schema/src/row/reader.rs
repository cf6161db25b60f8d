//! Three questions instead of serde's thirty: what to do with a scalar, an array, an object.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use super::scalar::Scalar;

/// Something that takes whatever JSON value comes, and judges it itself.
pub(crate) trait Reader<'de>: Sized {
    type Value;

    fn scalar(self, scalar: Scalar<'_>) -> Self::Value;

    fn array<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error>;

    fn object<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error>;
}

/// Makes a [`Reader`] serde's.
pub(crate) struct Any<R>(pub(crate) R);

impl<'de, R: Reader<'de>> DeserializeSeed<'de> for Any<R> {
    type Value = R::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, R: Reader<'de>> Visitor<'de> for Any<R> {
    type Value = R::Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Int(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<R::Value, E> {
        Ok(self.0.scalar(i64::try_from(value).map_or(Scalar::Large(value), Scalar::Int)))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Float(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<R::Value, E> {
        Ok(self.0.scalar(Scalar::Text(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<R::Value, A::Error> {
        self.0.array(elements)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<R::Value, A::Error> {
        self.0.object(fields)
    }
}
