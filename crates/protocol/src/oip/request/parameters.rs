//! `parameters`: of a request, of a tensor, of a requested output.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::ApiError;
use crate::oip::error::invalid;

/// The parameters of an object, in the order in which they stand there.
#[derive(Debug, Default)]
pub(super) struct Parameters<'a>(Vec<(Cow<'a, str>, Parameter)>);

/// The value of a parameter, as far as any that is known has such a value.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Parameter {
    Flag(bool),
    Count(u64),
    /// Text, a number that is no count, a list or an object.
    Other,
}

impl Parameters<'_> {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// Whether there is one of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// # Errors
    /// If the parameter is there and is not `true` or `false`.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.find(name) {
            None => Ok(None),
            Some(Parameter::Flag(flag)) => Ok(Some(flag)),
            Some(_) => Err(invalid(format!("parameter '{name}' must be true or false"))),
        }
    }

    /// # Errors
    /// If the parameter is there and is no whole number from 0.
    pub(super) fn count(&self, name: &str) -> Result<Option<u64>, ApiError> {
        match self.find(name) {
            None => Ok(None),
            Some(Parameter::Count(count)) => Ok(Some(count)),
            Some(_) => Err(invalid(format!("parameter '{name}' must be a whole number from 0"))),
        }
    }

    fn find(&self, wanted: &str) -> Option<Parameter> {
        self.0.iter().find(|(name, _)| name == wanted).map(|(_, parameter)| *parameter)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Parameters<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Parameters<'a>, D::Error> {
        struct OfObject;
        impl<'de> Visitor<'de> for OfObject {
            type Value = Parameters<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of parameters")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Parameters<'de>, A::Error> {
                let mut parameters: Vec<(Cow<'de, str>, Parameter)> = Vec::new();
                while let Some(Name(name)) = fields.next_key()? {
                    if parameters.iter().any(|(known, _)| *known == name) {
                        return Err(serde::de::Error::custom(format_args!("duplicate parameter `{name}`")));
                    }
                    parameters.push((name, fields.next_value()?));
                }
                Ok(Parameters(parameters))
            }
        }
        deserializer.deserialize_map(OfObject)
    }
}

/// A name that is borrowed unless it has escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Parameter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Parameter, D::Error> {
        struct OfAny;
        impl<'de> Visitor<'de> for OfAny {
            type Value = Parameter;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the value of a parameter")
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Parameter, E> {
                Ok(Parameter::Flag(flag))
            }

            fn visit_u64<E>(self, count: u64) -> Result<Parameter, E> {
                Ok(Parameter::Count(count))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Parameter, E> {
                Ok(Parameter::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Parameter, E> {
                Ok(Parameter::Other)
            }

            fn visit_str<E>(self, _: &str) -> Result<Parameter, E> {
                Ok(Parameter::Other)
            }

            fn visit_unit<E>(self) -> Result<Parameter, E> {
                Ok(Parameter::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Parameter, A::Error> {
                while elements.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Parameter::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Parameter, A::Error> {
                while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Parameter::Other)
            }
        }
        deserializer.deserialize_any(OfAny)
    }
}
