//! A file is named after what it holds, so no name that could hold anything, and `foo.rs` beside `foo/`.

use super::{Problem, source::Source};

/// Names for a place where things end up.
const CATCH_ALL: &[&str] = &["common", "helper", "helpers", "manager", "misc", "util", "utils"];

pub(super) fn check(files: &[Source]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files {
        let path = file.path.strip_suffix(".rs").unwrap_or(&file.path);
        for part in path.split('/').filter(|part| CATCH_ALL.contains(part)) {
            problems.push(Problem::new(&file.path, format!("`{part}` could hold anything: name what it holds")));
        }
        if path.ends_with("/mod") {
            problems.push(Problem::new(&file.path, "goes beside its folder, as `<folder>.rs`"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::source::Source;

    fn problems(path: &str) -> Vec<String> {
        check(&[Source::new(path, "")]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn telling_names_pass() {
        assert_eq!(problems("crates/a/src/utility_function.rs"), [""; 0]);
        assert_eq!(problems("crates/a/src/modules.rs"), [""; 0]);
    }

    #[test]
    fn catch_all_names_are_found() {
        assert_eq!(
            problems("crates/a/src/utils.rs"),
            ["crates/a/src/utils.rs: `utils` could hold anything: name what it holds"]
        );
        assert_eq!(problems("crates/a/tests/common/server.rs").len(), 1);
    }

    #[test]
    fn mod_files_are_found() {
        assert_eq!(problems("crates/a/src/b/mod.rs").len(), 1);
    }
}
