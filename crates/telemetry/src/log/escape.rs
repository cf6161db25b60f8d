//! Text that cannot leave its place in a line: characters that end a line or steer a terminal are written as escapes.

use std::fmt::{self, Write};

/// Whether a character is written as an escape: control characters (C0, DEL, C1), and the two of Unicode at which some
/// readers end a line.
fn is_unsafe(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}' | '\u{2029}')
}

/// As in Rust's own literals: `\n`, `\u{1b}`.
pub(super) struct RustEscapes<W>(pub(super) W);

impl<W: Write> Write for RustEscapes<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(&mut self.0, text, is_unsafe, |out, char| write!(out, "{}", char.escape_default()))
    }
}

/// As inside of a JSON string (RFC 8259, section 7), without the quotes around it.
pub(super) struct JsonEscapes<W>(pub(super) W);

impl<W: Write> Write for JsonEscapes<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let special = |char| is_unsafe(char) || matches!(char, '"' | '\\');
        escape(&mut self.0, text, special, |out, char| match char {
            '"' => out.write_str("\\\""),
            '\\' => out.write_str("\\\\"),
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            '\t' => out.write_str("\\t"),
            other => write!(out, "\\u{:04x}", u32::from(other)),
        })
    }
}

/// Writes text as it is, but for the special characters in it.
fn escape<W: Write>(
    out: &mut W,
    text: &str,
    special: impl Fn(char) -> bool,
    write: impl Fn(&mut W, char) -> fmt::Result,
) -> fmt::Result {
    for part in text.split_inclusive(&special) {
        let mut chars = part.chars();
        match chars.next_back() {
            Some(last) if special(last) => {
                out.write_str(chars.as_str())?;
                write(out, last)?;
            }
            _ => out.write_str(part)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{JsonEscapes, RustEscapes, is_unsafe};

    fn rust(text: &str) -> String {
        let mut out = String::new();
        RustEscapes(&mut out).write_str(text).unwrap();
        out
    }

    fn json(text: &str) -> String {
        let mut out = String::new();
        JsonEscapes(&mut out).write_str(text).unwrap();
        out
    }

    #[test]
    fn characters_that_end_lines_or_steer_terminals() {
        let table = [
            ("", "", ""),
            ("plain, é, 日本", "plain, é, 日本", "plain, é, 日本"),
            ("a\r\nb", "a\\r\\nb", "a\\r\\nb"),
            ("\u{1b}[31mred", "\\u{1b}[31mred", "\\u001b[31mred"),
            ("tab\tdel\u{7f}c1\u{9b}", "tab\\tdel\\u{7f}c1\\u{9b}", "tab\\tdel\\u007fc1\\u009b"),
            ("a\u{2028}b\u{2029}", "a\\u{2028}b\\u{2029}", "a\\u2028b\\u2029"),
            ("\"\\", "\"\\", "\\\"\\\\"),
        ];
        for (text, as_rust, as_json) in table {
            assert_eq!(rust(text), as_rust);
            assert_eq!(json(text), as_json);
        }
    }

    proptest! {
        #[test]
        fn any_text_stays_in_its_line(text in any::<String>()) {
            prop_assert!(!rust(&text).contains(is_unsafe));
            prop_assert!(!json(&text).contains(is_unsafe));
        }

        #[test]
        fn a_reader_of_json_finds_the_text_again(text in any::<String>()) {
            let read: String = serde_json::from_str(&format!("\"{}\"", json(&text))).unwrap();
            prop_assert_eq!(read, text);
        }
    }
}
