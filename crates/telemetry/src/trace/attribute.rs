//! What is said about a span, beside its name and times.

/// A name and a value. Names are in [`attribute_name`](crate::attribute_name).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attribute<'a> {
    /// The name.
    pub name: &'static str,
    /// The value.
    pub value: AttributeValue<'a>,
}

/// The value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AttributeValue<'a> {
    /// Text. What is longer than 1,024 bytes is cut.
    Text(&'a str),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
}

impl<'a> Attribute<'a> {
    /// Text.
    pub fn text(name: &'static str, value: &'a str) -> Attribute<'a> {
        Attribute { name, value: AttributeValue::Text(value) }
    }

    /// A whole number.
    pub fn int(name: &'static str, value: i64) -> Attribute<'a> {
        Attribute { name, value: AttributeValue::Int(value) }
    }

    /// A number.
    pub fn float(name: &'static str, value: f64) -> Attribute<'a> {
        Attribute { name, value: AttributeValue::Float(value) }
    }

    /// Yes or no.
    pub fn bool(name: &'static str, value: bool) -> Attribute<'a> {
        Attribute { name, value: AttributeValue::Bool(value) }
    }
}
