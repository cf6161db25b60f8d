//! Every relative link in a Markdown file leads to a file of the checkout, and to a heading that is there. Every path of
//! the source tree that a document names exists.

use std::{
    collections::HashMap,
    path::{Component, Path, PathBuf},
};

use super::{Problem, source::Source};

pub(super) fn check(root: &Path, documents: &[Source]) -> Vec<Problem> {
    broken(documents, |path| root.join(path).exists())
}

/// `exists` takes a path relative to the root folder.
fn broken(documents: &[Source], exists: impl Fn(&Path) -> bool) -> Vec<Problem> {
    let headings: HashMap<&str, Vec<String>> =
        documents.iter().map(|document| (document.path.as_str(), anchors(&document.text))).collect();
    let mut problems = Vec::new();
    for document in documents {
        for (line, target) in links(&document.text) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let Some(path) = resolve(&document.path, file) else { continue };
            let key = path.to_string_lossy();
            let missing_heading = !anchor.is_empty()
                && headings.get(&*key).is_some_and(|headings| !headings.iter().any(|heading| heading == anchor));
            if !exists(&path) || missing_heading {
                problems.push(Problem::new(format!("{}:{line}", document.path), format!("broken link `{target}`")));
            }
        }
        for (line, path) in named_paths(&document.text).filter(|(_, path)| !exists(Path::new(path))) {
            problems.push(Problem::new(format!("{}:{line}", document.path), format!("there is no `{path}`")));
        }
    }
    problems
}

/// The targets of `[text](target)` outside of code that point into the checkout, with their line numbers.
fn links(text: &str) -> impl Iterator<Item = (usize, &str)> {
    prose(text)
        .flat_map(|(number, line)| {
            // Every other part between back quotes is code.
            line.split('`').step_by(2).flat_map(move |part| {
                part.split("](").skip(1).filter_map(move |rest| Some((number, rest.split([')', ' ']).next()?)))
            })
        })
        .filter(|(_, target)| !target.contains("://") && !target.starts_with("mailto:"))
}

/// Paths of the source tree written as code, but for patterns such as `src/<name>.rs`.
fn named_paths(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let in_tree = |path: &str| ["bins/", "crates/", "xtask/"].iter().any(|folder| path.starts_with(folder));
    let is_path = |path: &str| path.chars().all(|next| next.is_ascii_alphanumeric() || "/_-.".contains(next));
    prose(text)
        .flat_map(|(number, line)| line.split('`').skip(1).step_by(2).map(move |code| (number, code)))
        .filter(move |(_, code)| in_tree(code) && is_path(code))
}

/// The names of the headings, made from their text as GitHub does it.
fn anchors(text: &str) -> Vec<String> {
    prose(text)
        .filter(|(_, line)| line.starts_with('#'))
        .map(|(_, line)| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter(|next| next.is_alphanumeric() || matches!(next, ' ' | '-' | '_'));
            kept.map(|next| if next == ' ' { '-' } else { next }).collect()
        })
        .collect()
}

/// The lines outside of fenced code, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(number, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((number + 1, line))
    })
}

/// `link` in `document` as a path from the root folder; `None` if it leads out of the checkout.
fn resolve(document: &str, link: &str) -> Option<PathBuf> {
    let (base, link) = match link.strip_prefix('/') {
        Some(from_root) => (Path::new(""), from_root),
        None if link.is_empty() => (Path::new(document), ""),
        None => (Path::new(document).parent().unwrap_or(Path::new("")), link),
    };
    let mut path = PathBuf::new();
    for part in base.components().chain(Path::new(link).components()) {
        match part {
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::broken;
    use crate::tidy::source::Source;

    /// The problems of `docs/a.md` with this text, beside `docs/b.md` and `README.md`.
    fn problems(text: &str) -> Vec<String> {
        let documents = [
            Source::new("docs/a.md", text),
            Source::new("docs/b.md", "# Title, with `code`\n```sh\n# no heading\n```\n"),
            Source::new("README.md", ""),
        ];
        let there = ["docs", "docs/a.md", "docs/b.md", "README.md", "crates/a/src"];
        let found = broken(&documents, |path| there.iter().any(|known| Path::new(known) == path));
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn good_links_pass() {
        let text = "# Own\n[a](b.md) [b](b.md#title-with-code) [c](../README.md) [d](/docs/b.md) [e](#own) ![f](b.md \"t\")\n\
                    [g](https://example.org/x.md) [h](mailto:a@example.org) `[i](gone.md)`\n```\n[j](gone.md)\n```\n";
        assert_eq!(problems(text), [""; 0]);
    }

    #[test]
    fn a_missing_file_is_found() {
        assert_eq!(problems("\nsee [a](gone.md)"), ["docs/a.md:2: broken link `gone.md`"]);
        assert_eq!(problems("[a](b.md) and [b](../b.md)"), ["docs/a.md:1: broken link `../b.md`"]);
    }

    #[test]
    fn a_named_path_must_exist() {
        assert_eq!(problems("`crates/a/src/` `crates/<name>` `docs/gone.md` crates/gone.rs"), [""; 0]);
        assert_eq!(problems("open `crates/gone.rs`"), ["docs/a.md:1: there is no `crates/gone.rs`"]);
    }

    #[test]
    fn a_missing_heading_is_found() {
        assert_eq!(problems("[a](b.md#no-heading)"), ["docs/a.md:1: broken link `b.md#no-heading`"]);
        assert_eq!(problems("[a](#gone)"), ["docs/a.md:1: broken link `#gone`"]);
    }
}
