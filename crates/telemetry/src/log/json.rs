//! Events as JSON for programs: one object in a line, the event's fields beside its time, level, target and message.
//!
//! `tracing-subscriber` has such a form too. It lets characters of the C1 set pass, which steer terminals, and repeats a key
//! if a field is called like one of its own.

use std::fmt::{self, Debug, Display, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::escape::JsonEscapes;

/// `{"timestamp":…,"level":…,"target":…,"message":…,<fields>}`. The time is RFC 3339 in UTC, to microseconds. Spans are left
/// out.
pub(super) struct JsonLines;

/// The keys that no field can have.
const OWN_KEYS: [&str; 3] = ["timestamp", "level", "target"];

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        writer.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut writer)?;
        write!(writer, "\",\"level\":\"{}\",\"target\":", event.metadata().level())?;
        write_string(&mut writer, format_args!("{}", event.metadata().target()))?;
        let mut fields = Fields { writer, result: Ok(()) };
        event.record(&mut fields);
        fields.result?;
        fields.writer.write_str("}\n")
    }
}

/// Writes fields, each behind a comma.
struct Fields<'w> {
    writer: Writer<'w>,
    /// Of the fields so far: a visitor cannot stop.
    result: fmt::Result,
}

impl Fields<'_> {
    fn write(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.result.is_ok() {
            self.result = write_key(&mut self.writer, field.name()).and_then(|()| value(&mut self.writer));
        }
    }

    /// A value that is the same in JSON.
    fn write_plain(&mut self, field: &Field, value: impl Display) {
        self.write(field, |writer| write!(writer, "{value}"));
    }
}

impl Visit for Fields<'_> {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write_plain(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write_plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write_plain(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.write_plain(field, value);
        } else {
            // JSON has no number for it.
            self.write_plain(field, "null");
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, |writer| write_string(writer, format_args!("{value}")));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, |writer| write_string(writer, format_args!("{value:?}")));
    }
}

fn write_key(writer: &mut Writer<'_>, name: &str) -> fmt::Result {
    let prefix = if OWN_KEYS.contains(&name) { "field." } else { "" };
    writer.write_char(',')?;
    write_string(writer, format_args!("{prefix}{name}"))?;
    writer.write_char(':')
}

fn write_string(writer: &mut Writer<'_>, text: fmt::Arguments<'_>) -> fmt::Result {
    writer.write_char('"')?;
    JsonEscapes(&mut *writer).write_fmt(text)?;
    writer.write_char('"')
}
