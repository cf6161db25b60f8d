//! What was sent, in a form short enough to send back: an answer never grows with the request.

use serde_json::Value as Json;

use super::scalar::Scalar;

/// Longest text that is echoed, in characters.
const LONGEST_TEXT: usize = 64;

/// The value itself; long text is cut.
pub(crate) fn scalar(scalar: Scalar<'_>) -> Json {
    match scalar {
        Scalar::Null => Json::Null,
        Scalar::Bool(value) => Json::from(value),
        Scalar::Int(value) => Json::from(value),
        Scalar::Large(value) => Json::from(value),
        Scalar::Float(value) if value.is_finite() => Json::from(value),
        // Only values from Rust code can be these; JSON has no word for them.
        Scalar::Float(value) => Json::from(value.to_string()),
        Scalar::Text(text) => Json::from(shortened(text)),
    }
}

/// A stand-in for an array of `len` elements.
pub(crate) fn array(len: usize) -> Json {
    Json::from(match len {
        0 => "[]".to_owned(),
        1 => "[… 1 item]".to_owned(),
        _ => format!("[… {len} items]"),
    })
}

/// A stand-in for an object of `len` fields.
pub(crate) fn object(len: usize) -> Json {
    Json::from(match len {
        0 => "{}".to_owned(),
        1 => "{… 1 field}".to_owned(),
        _ => format!("{{… {len} fields}}"),
    })
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT).and_then(|(cut, _)| text.get(..cut)) {
        Some(start) => format!("{start}…"),
        None => text.to_owned(),
    }
}
