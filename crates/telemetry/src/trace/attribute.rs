//! What is said about a span, beside its name and times.

use opentelemetry::KeyValue;

/// Longest text of a value, in bytes.
const MAX_TEXT: usize = 1024;

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

impl From<&Attribute<'_>> for KeyValue {
    fn from(attribute: &Attribute<'_>) -> KeyValue {
        let name = attribute.name;
        match attribute.value {
            AttributeValue::Text(text) => KeyValue::new(name, shortened(text).to_owned()),
            AttributeValue::Int(value) => KeyValue::new(name, value),
            AttributeValue::Float(value) => KeyValue::new(name, value),
            AttributeValue::Bool(value) => KeyValue::new(name, value),
        }
    }
}

/// The beginning of a text, as long as a value may be.
pub(crate) fn shortened(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened("short"), "short");
        assert_eq!(shortened(&"x".repeat(1025)).len(), 1024);
        assert_eq!(shortened(&"日".repeat(500)), "日".repeat(341));
    }
}
