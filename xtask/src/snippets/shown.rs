//! Whether the output that a document shows is what its command prints.
//!
//! Times, identifiers and the last digits of numbers differ from run to run, and documents leave out what is long. So
//! names are compared: every one that is shown has to be in the answer.

use anyhow::ensure;

/// Fails if a name that is shown is not in the output.
pub(super) fn compare(shown: &str, output: &str) -> anyhow::Result<()> {
    let missing: Vec<&str> = names(shown).filter(|name| !names(output).any(|printed| printed == *name)).collect();
    ensure!(missing.is_empty(), "shown, but not printed: {}; printed was {output}", missing.join(", "));
    Ok(())
}

/// The names of JSON fields: texts before a colon.
fn names(json: &str) -> impl Iterator<Item = &str> {
    let mut texts = json.split('"').enumerate().peekable();
    std::iter::from_fn(move || {
        loop {
            let (place, text) = texts.next()?;
            let is_name = texts.peek().is_some_and(|(_, after)| after.trim_start().starts_with(':'));
            if place % 2 == 1 && is_name {
                return Some(text);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{compare, names};

    #[test]
    fn names_are_those_of_fields() {
        let names: Vec<&str> = names(r#"{"a": "b", "c":[{"d" : 1}], …}"#).collect();
        assert_eq!(names, ["a", "c", "d"]);
    }

    #[test]
    fn values_may_differ_and_names_may_not() {
        compare(r#"{"a":1, …}"#, r#"{"a":2,"b":3}"#).unwrap();
        assert!(compare(r#"{"b":1}"#, r#"{"a":1}"#).unwrap_err().to_string().contains("printed: b"));
    }
}
