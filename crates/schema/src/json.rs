//! A request body as JSON, and what to say when it is none.

use serde::de::DeserializeSeed;
use serde_json::{Error as JsonError, json};

use crate::loc::{At, Loc};
use crate::violation::{Violation, Violations, code};

/// Reads a whole body with `seed`. A body that is empty is `missing`; one that is not UTF-8, no JSON, or goes on after
/// its value is `json_invalid`, located at the byte where reading stopped: `["body", 17]`.
pub fn read_json<'de, S: DeserializeSeed<'de>>(body: &'de [u8], seed: S) -> Result<S::Value, Violations> {
    if body.is_empty() {
        let missing = Violation::new(Loc::body(), code::MISSING, "Field required");
        return Err(Violations::one(missing.with_input(serde_json::Value::Null)));
    }
    // Once for the whole body: cheaper than string by string, and it covers the strings that are skipped.
    let text = std::str::from_utf8(body).map_err(|error| {
        let byte = error.valid_up_to();
        invalid(byte, &format!("Invalid UTF-8 at byte {byte}"))
    })?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = seed.deserialize(&mut reader).map_err(|error| broken(text, &error))?;
    reader.end().map_err(|error| broken(text, &error))?;
    Ok(value)
}

fn broken(text: &str, error: &JsonError) -> Violations {
    if error.is_eof() {
        return invalid(text.len(), &reason(error));
    }
    let byte = offset(text, error.line(), error.column());
    match not_json_number(text, byte) {
        Some((start, token)) => invalid(start, &format!("{token} is no JSON number")),
        None => invalid(byte, &reason(error)),
    }
}

/// The error without the line and column, which are told as the byte.
fn reason(error: &JsonError) -> String {
    let mut reason = error.to_string();
    if let Some(place) = reason.rfind(" at line ") {
        reason.truncate(place);
    }
    reason
}

fn invalid(byte: usize, reason: &str) -> Violations {
    let loc = At::Body.index(byte).to_loc();
    let violation = Violation::new(loc, code::JSON_INVALID, "JSON decode error");
    Violations::one(violation.with_input(json!({})).with_ctx(json!({ "error": reason })))
}

/// serde_json counts lines from 1 and the bytes of a line from 1; at the end of a line it says 0 of the next.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start = match line.saturating_sub(2) {
        _ if line < 2 => 0,
        newlines_before => text.match_indices('\n').nth(newlines_before).map_or(text.len(), |(at, _)| at + 1),
    };
    (start + column.saturating_sub(1)).min(text.len())
}

/// What many writers of JSON produce for numbers that JSON does not have, if reading stopped in one, and where it
/// begins.
fn not_json_number(text: &str, byte: usize) -> Option<(usize, &'static str)> {
    let before = text.get(..byte)?;
    let start = before.trim_end_matches(|letter: char| letter.is_ascii_alphabetic() || letter == '-').len();
    let rest = text.get(start..)?;
    let token = ["NaN", "Infinity", "-Infinity", "-inf", "-nan", "nan", "inf"]
        .into_iter()
        .find(|token| rest.starts_with(token))?;
    Some((start, token))
}
