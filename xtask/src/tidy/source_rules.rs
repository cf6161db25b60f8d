//! Every Rust file says what it holds, and nothing in it is unfinished or switched off.

use super::{Problem, rust_code::without_quotes, source::Source};

/// What no code may hold, and why.
const FORBIDDEN: &[(&str, &str)] = &[
    ("todo!", "unfinished code does not land"),
    ("unimplemented!", "unfinished code does not land"),
    ("#[ignore", "a test runs or is deleted; slow ones ask for RUN_SLOW_TESTS=1"),
    ("should_panic", "a failure is an error value that the test compares"),
];

pub(super) fn check(files: &[Source]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files {
        if !file.text.starts_with("//!") {
            problems.push(Problem::new(&file.path, "does not open with a `//!` that says what it holds"));
        }
        for (number, line) in without_quotes(&file.text).lines().enumerate() {
            for (text, reason) in FORBIDDEN.iter().filter(|(text, _)| line.contains(text)) {
                problems.push(Problem::new(format!("{}:{}", file.path, number + 1), format!("`{text}`: {reason}")));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::source::Source;

    fn problems(text: &str) -> Vec<String> {
        check(&[Source::new("a.rs", text)]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn documented_code_passes() {
        assert_eq!(problems("//! What it is.\n// todo!() in a comment\nconst A: &str = \"#[ignore]\";\n"), [""; 0]);
    }

    #[test]
    fn a_missing_module_doc_is_found() {
        assert_eq!(problems("use std::fmt;\n"), ["a.rs: does not open with a `//!` that says what it holds"]);
        assert_eq!(problems(""), ["a.rs: does not open with a `//!` that says what it holds"]);
    }

    #[test]
    fn unfinished_code_is_found() {
        assert_eq!(problems("//! A.\nfn a() { todo!() }\n"), ["a.rs:2: `todo!`: unfinished code does not land"]);
        assert_eq!(problems("//! A.\n\nfn a() { unimplemented!(\"b\") }\n").len(), 1);
    }

    #[test]
    fn switched_off_tests_are_found() {
        assert_eq!(problems("//! A.\n#[test]\n#[ignore = \"slow\"]\nfn a() {}\n").len(), 1);
        assert_eq!(problems("//! A.\n#[test]\n#[should_panic]\nfn a() {}\n").len(), 1);
    }
}
