//! The contract crate `engine` shows its users one foreign crate, `ndarray`; every other would bind its version to
//! theirs.

use super::{Problem, source::Source};
use crate::workspace::Metadata;

/// The foreign crate that may appear.
const SHOWN: &str = "ndarray";

pub(super) fn check(files: &[Source], metadata: &Metadata) -> Vec<Problem> {
    let foreign: Vec<String> = metadata
        .members()
        .filter(|package| package.name == "ferrocast-engine")
        .flat_map(|package| &package.dependencies)
        .map(|dependency| dependency.name.replace('-', "_"))
        .filter(|name| name != SHOWN)
        .collect();
    let engine: Vec<&Source> = files.iter().filter(|file| file.path.starts_with("crates/engine/src/")).collect();
    shown(&engine, &foreign)
}

/// Finds `pub use` and `pub extern crate` of a crate in `foreign`.
fn shown(files: &[&Source], foreign: &[String]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            let line = line.trim_start();
            let Some(path) = line.strip_prefix("pub use ").or_else(|| line.strip_prefix("pub extern crate ")) else {
                continue;
            };
            let path = path.trim_start_matches("::");
            let end = path.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(path.len());
            let first = path.split_at(end).0;
            if foreign.iter().any(|name| name == first) {
                let place = format!("{}:{}", file.path, number + 1);
                problems.push(Problem::new(place, format!("`{first}` in the public API of `engine`")));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::shown;
    use crate::tidy::source::Source;

    fn problems(text: &str) -> Vec<String> {
        let file = Source::new("crates/engine/src/lib.rs", text);
        shown(&[&file], &["thiserror".to_owned(), "serde_json".to_owned()]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn own_items_and_ndarray_pass() {
        assert_eq!(problems("pub use tensor::{Dtype, Tensor};\npub use ndarray;\nuse serde_json::Value;\n"), [""; 0]);
    }

    #[test]
    fn foreign_items_are_found() {
        assert_eq!(
            problems("//! A.\npub use serde_json::Value;\n"),
            ["crates/engine/src/lib.rs:2: `serde_json` in the public API of `engine`"]
        );
        assert_eq!(problems("pub use ::thiserror;\n").len(), 1);
    }
}
