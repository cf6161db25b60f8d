//! Settings that are text with a grammar of its own.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// One such text.
pub(super) fn parsed<T: FromStr<Err: Display>>(
    key: &str,
    text: &str,
    report: &mut impl FnMut(&str, String),
) -> Option<T> {
    text.parse().map_err(|error: T::Err| report(key, error.to_string())).ok()
}

/// Several of them, separated by commas.
pub(super) fn listed<T: FromStr<Err: Display>>(
    key: &str,
    text: Option<&str>,
    report: &mut impl FnMut(&str, String),
) -> Vec<T> {
    let parts = text.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.filter_map(|part| parsed(key, part, report)).collect()
}

/// The path of a file that has to be there; empty text means none.
pub(super) fn readable_file(
    key: &str,
    text: Option<&str>,
    directory: &Path,
    report: &mut impl FnMut(&str, String),
) -> Option<PathBuf> {
    let path = directory.join(text.filter(|path| !path.is_empty())?);
    if let Err(error) = std::fs::File::open(&path) {
        report(key, format!("cannot be read: {error}"));
    }
    Some(path)
}
