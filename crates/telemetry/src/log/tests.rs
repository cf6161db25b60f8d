//! Lines as they are written, in both forms.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};
use tracing::subscriber::with_default;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

use super::{Form, filter};

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines that `events` makes in this form.
fn lines(form: Form, events: impl FnOnce()) -> Vec<String> {
    let memory = Memory::default();
    let written = memory.clone();
    let filter = filter::parse("info").unwrap();
    let subscriber = Registry::default().with(filter).with(form.layer(move || memory.clone()));
    with_default(subscriber, events);
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The one object that `events` makes, and the order of its keys.
fn object(events: impl FnOnce()) -> (Map<String, Value>, Vec<String>) {
    let lines = lines(Form::Json, events);
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(!line.contains(char::is_control), "{line}");
    let object: Map<String, Value> = serde_json::from_str(line).unwrap();
    let mut keys: Vec<String> = object.keys().cloned().collect();
    keys.sort_by_key(|key| line.find(&format!("\"{key}\":")).unwrap());
    (object, keys)
}

const TEXT: Form = Form::Text { colours: false };

#[test]
fn text_for_people() {
    let lines = lines(TEXT, || {
        tracing::info!(model = "m", took_ms = 1.5, "ready");
        tracing::debug!("not shown");
    });
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(line.ends_with(r#" INFO ready model="m" took_ms=1.5"#), "{line}");
}

#[test]
fn text_cannot_be_forged() {
    let hostile = "x\r\n2026-01-01T00:00:00Z  INFO all is well \u{1b}[2J";
    for colours in [false, true] {
        let lines = lines(Form::Text { colours }, || {
            tracing::info_span!("request", path = %hostile).in_scope(|| {
                tracing::warn!(header = %hostile, quoted = hostile, "{hostile}");
            });
        });
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert!(!line.contains("\u{1b}[2J"), "{line}");
        assert_eq!(line.matches("all is well").count(), 4, "{line}");
    }
}

#[test]
fn json_for_programs() {
    let (object, keys) = object(|| {
        tracing::info!(rows = 3, below = -1, ms = 1.5, ok = true, none = f64::NAN, list = ?["a"], "ready");
    });
    assert_eq!(keys, ["timestamp", "level", "target", "message", "rows", "below", "ms", "ok", "none", "list"]);
    assert_eq!(object["level"], "INFO");
    assert_eq!(object["target"], module_path!());
    assert_eq!(object["message"], "ready");
    assert_eq!(object["rows"], 3);
    assert_eq!(object["below"], -1);
    assert_eq!(object["ms"], 1.5);
    assert_eq!(object["ok"], true);
    assert_eq!(object["none"], Value::Null);
    assert_eq!(object["list"], "[\"a\"]");
    // 2026-11-30T01:02:03.123456Z
    let time = object["timestamp"].as_str().unwrap();
    let shape: String = time.chars().map(|char| if char.is_ascii_digit() { '9' } else { char }).collect();
    assert_eq!(shape, "9999-99-99T99:99:99.999999Z");
}

#[test]
fn json_cannot_be_forged() {
    let hostile = "x\",\"level\":\"INFO\"}\r\n{\"level\":\"INFO\"}\u{1b}[2J\u{9b}2J\u{2028}\\";
    let (object, _) = object(|| tracing::warn!(header = %hostile, quoted = hostile, debug = ?hostile, "{hostile}"));
    assert_eq!(object.len(), 7);
    assert_eq!(object["level"], "WARN");
    assert_eq!(object["message"], hostile);
    assert_eq!(object["header"], hostile);
    assert_eq!(object["quoted"], hostile);
    assert_eq!(object["debug"], format!("{hostile:?}"));
}

#[test]
fn a_field_cannot_take_the_place_of_the_lines_own() {
    let (object, keys) = object(|| tracing::warn!(level = "INFO", target = "t", timestamp = 0, "m"));
    assert_eq!(keys, ["timestamp", "level", "target", "message", "field.level", "field.target", "field.timestamp"]);
    assert_eq!(object["level"], "WARN");
    assert_eq!(object["field.level"], "INFO");
}
