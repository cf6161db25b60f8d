//! What a server logs of its requests.

use std::io::{Read, Write};
use std::process::Command;

use serde_json::Value;

use crate::program::samples;
use crate::served::Served;

fn start(arrange: impl FnOnce(&mut Command)) -> Served {
    Served::start(|command| {
        command.args(["--default-model", "penguins", "--models"]).arg(samples()).env("LOG__FORMAT", "json");
        arrange(command);
    })
}

fn send(served: &Served, method: &str, path: &str, id: &str, body: &str) -> String {
    let mut stream = served.connect();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-request-id: {id}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn line_of(served: &Served, id: &str) -> Value {
    let quoted = format!("\"{id}\"");
    serde_json::from_str(&served.wait_for_line(|line| line.contains(&quoted))).expect("JSON")
}

const PENGUIN: &str = r#"{"feature1": 50.0, "feature2": 15.2, "feature3": "A", "feature4": 218}"#;

#[test]
fn every_request_has_a_line() {
    let served = start(|_| {});
    assert!(send(&served, "POST", "/predict?secret=canary", "one", PENGUIN).starts_with("HTTP/1.1 200"));
    let line = line_of(&served, "one");
    for (field, value) in [
        ("level", "INFO"),
        ("target", "ferrocast::request"),
        ("message", "answered"),
        ("method", "POST"),
        ("route", "/predict"),
        ("model", "penguins"),
        ("version", "2"),
    ] {
        assert_eq!(line[field], value, "{field} of {line}");
    }
    assert_eq!((&line["status"], &line["batch_rows"]), (&200.into(), &1.into()));
    assert!(line["duration_ms"].as_f64().is_some_and(|time| time > 0.0), "{line}");
    assert!(line["timestamp"].as_str().is_some_and(|time| time.len() == 27 && time.ends_with('Z')), "{line}");

    send(&served, "GET", "/nowhere/canary", "two", "");
    let line = line_of(&served, "two");
    assert_eq!((&line["route"], &line["status"]), (&"unmatched".into(), &404.into()));
    assert!(line.get("model").is_none() && !line.to_string().contains("canary"), "{line}");
}

#[test]
fn the_level_changes_while_the_server_runs() {
    let served = start(|_| {});
    let set = |id: &str, level: &str| send(&served, "PUT", "/admin/log", id, &format!(r#"{{"level": "{level}"}}"#));
    assert!(set("silent", "warn").ends_with(r#"{"level":"actix_http=off,warn"}"#));
    send(&served, "GET", "/", "quiet", "");
    assert!(send(&served, "GET", "/admin/log", "asked", "").ends_with(r#"{"level":"actix_http=off,warn"}"#));
    assert!(set("loud", "info").contains("actix_server=warn"));
    send(&served, "GET", "/", "told", "");
    line_of(&served, "told");
    let refused = set("wrong", "loud");
    assert!(refused.starts_with("HTTP/1.1 422") && refused.contains("level"), "{refused}");
    // What was to be left out would have come before.
    assert!(!served.has_logged("\"quiet\""));
}
