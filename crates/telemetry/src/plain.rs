//! Fields as text for people, in which nobody can forge lines or steer the terminal.
//!
//! `tracing-subscriber` escapes the message, but not other fields, and it lets line ends pass.

use std::fmt::{self, Write};

use tracing::field::Field;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

/// `message key=value key=value`, with control characters escaped as in Rust's own literals.
pub(crate) fn fields() -> impl for<'w> FormatFields<'w> + Send + Sync + 'static {
    debug_fn(write_field).delimited(" ")
}

fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    if field.name() != "message" {
        write!(writer, "{field}=")?;
    }
    write!(Escaping(writer), "{value:?}")
}

struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(char::is_control) {
            let mut chars = part.chars();
            match chars.next_back() {
                Some(last) if last.is_control() => {
                    self.0.write_str(chars.as_str())?;
                    write!(self.0, "{}", last.escape_default())?;
                }
                _ => self.0.write_str(part)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::Escaping;

    #[test]
    fn control_characters() {
        let table = [
            ("", ""),
            ("plain, é, 日本", "plain, é, 日本"),
            ("a\r\nb", "a\\r\\nb"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("tab\tdel\u{7f}c1\u{9b}", "tab\\tdel\\u{7f}c1\\u{9b}"),
        ];
        for (text, escaped) in table {
            let mut out = String::new();
            Escaping(&mut out).write_str(text).unwrap();
            assert_eq!(out, escaped);
        }
    }
}
