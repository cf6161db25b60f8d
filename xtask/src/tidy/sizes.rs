//! The longest files and functions: a reading list, not a gate. A long one is a place to look for a missing concept.

use std::cmp::Reverse;

use super::{
    rust_code::{functions, without_quotes, without_tests},
    source::Source,
};

/// How many of each are listed.
const LISTED: usize = 8;

/// Prints the longest files and functions, tests left out.
pub(super) fn print_reading_list(files: &[Source]) {
    println!("Longest files (tests left out; a guide: 400 lines)");
    print_longest(file_lengths(files));
    println!("Longest functions (a guide: 60 lines)");
    print_longest(function_lengths(files));
}

fn print_longest(mut lengths: Vec<(usize, String)>) {
    lengths.sort_by_key(|(lines, _)| Reverse(*lines));
    for (lines, name) in lengths.iter().take(LISTED) {
        println!("{lines:6}  {name}");
    }
}

fn file_lengths(files: &[Source]) -> Vec<(usize, String)> {
    product(files).map(|(file, code)| (code.lines().count(), file.path.clone())).collect()
}

fn function_lengths(files: &[Source]) -> Vec<(usize, String)> {
    let mut lengths = Vec::new();
    for (file, code) in product(files) {
        for function in functions(&code) {
            lengths.push((function.lines, format!("{}:{} {}", file.path, function.line, function.name)));
        }
    }
    lengths
}

/// The files that are not tests, with their code outside of test modules.
fn product(files: &[Source]) -> impl Iterator<Item = (&Source, String)> {
    files
        .iter()
        .filter(|file| !file.path.contains("/tests/") && !file.path.ends_with("/tests.rs"))
        .map(|file| (file, without_tests(&without_quotes(&file.text))))
}

#[cfg(test)]
mod tests {
    use super::{file_lengths, function_lengths};
    use crate::tidy::source::Source;

    #[test]
    fn tests_do_not_count() {
        let files = [
            Source::new("a/src/a.rs", "//! A.\nfn a() {\n}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n"),
            Source::new("a/src/a/tests.rs", "//! B.\n"),
            Source::new("a/tests/it/b.rs", "//! B.\n"),
        ];
        assert_eq!(file_lengths(&files), [(4, "a/src/a.rs".to_owned())]);
        assert_eq!(function_lengths(&files), [(2, "a/src/a.rs:2 a".to_owned())]);
    }
}
