//! Regular expressions as the text operators mean them: in the syntax of [RE2].
//!
//! The crate `regex` shares RE2's syntax and its promise of linear time, but for a few points. There `\w`, `\d`, `\s` and
//! `\b` speak of all of Unicode and in RE2 of ASCII; and inside of brackets `[`, `&` and `~` have meanings of their own
//! that RE2 does not know. So patterns are rewritten before they are compiled. An exception is what begins with `(?u)`:
//! RE2 refuses it, but Python's patterns begin so (those of scikit-learn among them), and mean Unicode by it.
//!
//! A pattern that is too large once compiled (10 MB) is refused, so that no file claims much memory or time by one.
//!
//! [RE2]: https://github.com/google/re2/wiki/Syntax

use regex::Regex;
use tract_onnx::prelude::TractResult;
use tract_onnx::tract_hir::internal::bail;

/// The regular expression `pattern`, which is the value of `attribute`.
///
/// # Errors
/// When it is none, or too large.
pub(crate) fn compile(operator: &str, attribute: &str, pattern: &str) -> TractResult<Regex> {
    compile_rewritten(operator, attribute, &rewrite(pattern))
}

/// The same, matching whole texts only.
///
/// # Errors
/// As [`compile`].
pub(crate) fn compile_anchored(operator: &str, attribute: &str, pattern: &str) -> TractResult<Regex> {
    // By itself first: a pattern that closes a bracket it never opened could leave the ones around it.
    compile(operator, attribute, pattern)?;
    compile_rewritten(operator, attribute, &format!("\\A(?:{})\\z", rewrite(pattern)))
}

fn compile_rewritten(operator: &str, attribute: &str, rewritten: &str) -> TractResult<Regex> {
    match Regex::new(rewritten) {
        Ok(regex) => Ok(regex),
        Err(cause) => bail!("{operator}: {attribute} is no regular expression: {cause}"),
    }
}

/// `pattern` in the syntax of the crate `regex`.
fn rewrite(pattern: &str) -> String {
    if pattern.starts_with("(?u)") {
        return pattern.to_owned();
    }
    let mut rewritten = String::with_capacity(pattern.len());
    let mut characters = pattern.chars().peekable();
    let mut in_brackets = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(escaped) => push_escape(escaped, in_brackets, &mut rewritten),
                None => rewritten.push('\\'),
            },
            '[' if !in_brackets => {
                in_brackets = true;
                rewritten.push('[');
                if let Some(negation) = characters.next_if_eq(&'^') {
                    rewritten.push(negation);
                }
                // A bracket that closes nothing yet stands for itself.
                if characters.next_if_eq(&']').is_some() {
                    rewritten.push_str("\\]");
                }
            }
            '[' if characters.peek() == Some(&':') => {
                // A class with a name, as `[:alpha:]`, up to its own closing bracket.
                rewritten.push('[');
                rewritten.extend(characters.by_ref().take_while(|&character| character != ']'));
                rewritten.push(']');
            }
            '[' | '&' | '~' if in_brackets => rewritten.extend(['\\', character]),
            ']' => {
                in_brackets = false;
                rewritten.push(']');
            }
            other => rewritten.push(other),
        }
    }
    rewritten
}

/// Writes `\` and `escaped`, with classes and boundaries of ASCII.
fn push_escape(escaped: char, in_brackets: bool, rewritten: &mut String) {
    rewritten.push_str(match escaped {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => "[\\t\\n\\x0C\\r ]",
        'S' => "[^\\t\\n\\x0C\\r ]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        'b' if !in_brackets => "(?-u:\\b)",
        other => return rewritten.extend(['\\', other]),
    });
}

#[cfg(test)]
mod tests {
    use super::compile;

    fn all<'t>(pattern: &str, text: &'t str) -> Vec<&'t str> {
        compile("Test", "pattern", pattern).unwrap().find_iter(text).map(|found| found.as_str()).collect()
    }

    #[test]
    fn classes_are_of_ascii() {
        assert_eq!(all(r"\b\w\w+\b", "ñandú and 日本"), ["and", "and"]);
        assert_eq!(all(r"[\w-]+", "a-b é-c"), ["a-b", "-c"]);
        assert_eq!(all(r"\W", "a é"), [" ", "é"]);
        assert_eq!(all(r"\d+|\S", "1٣"), ["1", "٣"]);
        assert_eq!(all(r"\s+", "a\u{a0} b"), [" "]);
        assert_eq!(all(r"(?u)\b\w\w+\b", "ñandú x"), ["ñandú"]);
    }

    #[test]
    fn brackets_hold_what_they_say() {
        assert_eq!(all("[[]", "a[b"), ["["]);
        assert_eq!(all("[]a]", "]a["), ["]", "a"]);
        assert_eq!(all("[^]a]", "]a["), ["["]);
        assert_eq!(all("[a&&b~~c]", "a&b~c"), ["a", "&", "b", "~", "c"]);
        assert_eq!(all("[[:digit:].]+", "1.2a"), ["1.2"]);
        assert_eq!(all(r"[\[\]]", "[a]"), ["[", "]"]);
        assert_eq!(all(".", "é\n"), ["é"]);
    }

    #[test]
    fn what_does_not_compile_is_an_error() {
        for pattern in ["(", "[a", "a{2", "a**\\", "(?:a{1000}){1000}", "[[:alpha:", "(a)\\1", "\\"] {
            let compiled = compile("Test", "pattern", pattern);
            // Some of them are literal braces to one engine and errors to the other: never a panic.
            assert!(compiled.is_err() || pattern == "a{2", "{pattern}");
        }
    }
}
