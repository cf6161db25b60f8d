//! Fields as text for people, in which nobody can forge lines or steer the terminal.
//!
//! `tracing-subscriber` escapes the message, but not other fields, and it lets line ends pass.

use std::fmt::{self, Write};

use tracing::field::Field;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

use super::escape::RustEscapes;

/// `message key=value key=value`, with control characters escaped as in Rust's own literals.
pub(super) fn fields() -> impl for<'w> FormatFields<'w> + Send + Sync + 'static {
    debug_fn(write_field).delimited(" ")
}

fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    if field.name() != "message" {
        write!(writer, "{field}=")?;
    }
    write!(RustEscapes(writer), "{value:?}")
}
