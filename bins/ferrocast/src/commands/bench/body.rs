//! What is sent, and as what.

use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;

/// Types by the ending of a file's name.
const TYPES: &[(&str, &str)] = &[
    ("json", JSON),
    ("jsonl", JSON),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
];
const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";

/// Bodies of one type.
#[derive(Debug, PartialEq)]
pub(super) struct Payload {
    pub(super) bodies: Vec<Vec<u8>>,
    pub(super) content_type: &'static str,
}

impl Payload {
    /// Reads the file, `-` for standard input. A leading `@`, as curl has it, changes nothing.
    pub(super) fn read(path: &Path) -> Result<Payload, String> {
        let path = path.to_str().and_then(|text| text.strip_prefix('@')).map_or(path, Path::new);
        let failed = |error| {
            let path = path.display();
            format!("--body {path}: {error}; it has to be a file, or - for standard input")
        };
        if path == Path::new("-") {
            let mut body = Vec::new();
            io::stdin().read_to_end(&mut body).map_err(failed)?;
            return Payload::new(path, body);
        }
        Payload::new(path, std::fs::read(path).map_err(failed)?)
    }

    fn new(path: &Path, content: Vec<u8>) -> Result<Payload, String> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        let known = TYPES.iter().find(|(name, _)| *name == ending).map(|(_, content_type)| *content_type);
        let guessed = || if serde_json::from_slice::<Value>(&content).is_ok() { JSON } else { BYTES };
        let content_type = known.unwrap_or_else(guessed);
        let bodies = if ending == "jsonl" { lines(&content) } else { vec![content] };
        if bodies.is_empty() {
            return Err(format!("--body {}: there is no line in it", path.display()));
        }
        Ok(Payload { bodies, content_type })
    }
}

/// Those that are not empty.
fn lines(content: &[u8]) -> Vec<Vec<u8>> {
    let lines = content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Payload;

    fn payload(name: &str, content: &str) -> Payload {
        Payload::new(Path::new(name), content.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn types_are_those_of_names_or_else_of_contents() {
        for (name, content, content_type) in [
            ("row.json", "not quite {", "application/json"),
            ("PHOTO.JPEG", "\u{1}", "image/jpeg"),
            ("photo.webp", "", "image/webp"),
            ("row", "{\"a\": 1}", "application/json"),
            ("-", "[1, 2]", "application/json"),
            ("-", "{\"a\"", "application/octet-stream"),
        ] {
            let payload = payload(name, content);
            assert_eq!((payload.content_type, &payload.bodies[..]), (content_type, &[content.into()][..]), "{name}");
        }
    }

    #[test]
    fn lines_are_bodies() {
        let payload = payload("rows.jsonl", "{\"a\": 1}\r\n\n {\"a\": 2}");
        assert_eq!(payload.bodies, [b"{\"a\": 1}", b"{\"a\": 2}"]);
        assert!(Payload::new(Path::new("rows.jsonl"), b"\n \n".to_vec()).is_err());
    }

    #[test]
    fn files_that_are_missing_are_named() {
        for path in ["no-such.json", "@no-such.json"] {
            let problem = Payload::read(Path::new(path)).unwrap_err();
            assert!(problem.starts_with("--body no-such.json: ") && problem.contains("standard input"), "{problem}");
        }
    }
}
