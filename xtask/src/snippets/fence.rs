//! Fenced blocks of a Markdown file.

use anyhow::{bail, ensure};

/// What is run.
const RUN: &[&str] = &["sh", "python", "toml"];

/// What is run by doctests.
const DOCTESTED: &[&str] = &["rust", "rust,no_run"];

/// What a reader only looks at.
const LOOKED_AT: &[&str] = &["", "json", "text", "console", "mermaid"];

/// One block of code, output or drawing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fence {
    /// The line of the document that it begins with, from 1.
    pub(super) line: usize,
    /// What stands behind its opening back quotes.
    pub(super) language: String,
    /// Its lines, each with its end.
    pub(super) text: String,
    /// Whether nothing but empty lines stands between it and the block before it.
    pub(super) follows: bool,
}

impl Fence {
    pub(super) fn is_run(&self) -> bool {
        RUN.contains(&self.language.as_str())
    }

    pub(super) fn is_doctest(&self) -> bool {
        DOCTESTED.contains(&self.language.as_str())
    }
}

/// All blocks of a document; fails if one is of a kind that nobody knows how to treat, or has no end.
pub(super) fn all(text: &str) -> anyhow::Result<Vec<Fence>> {
    let mut fences = Vec::new();
    let mut open: Option<Fence> = None;
    let mut follows = false;
    for (number, line) in text.lines().enumerate() {
        // Blocks below an item of a list are indented.
        let opening = line.trim_start().strip_prefix("```");
        match (&mut open, opening) {
            (None, Some(language)) => {
                let language = language.trim().to_owned();
                open = Some(Fence { line: number + 1, language, text: String::new(), follows });
            }
            (Some(_), Some("")) => {
                fences.extend(open.take());
                follows = true;
            }
            (Some(fence), _) => {
                fence.text.push_str(line);
                fence.text.push('\n');
            }
            (None, None) => follows &= line.trim().is_empty(),
        }
    }
    if let Some(fence) = open {
        bail!("the block of line {} has no end", fence.line);
    }
    for fence in &fences {
        let known = fence.is_run() || fence.is_doctest() || LOOKED_AT.contains(&fence.language.as_str());
        ensure!(
            known,
            "line {}: a block is `{}`; use one of {}, or `text` for output",
            fence.line,
            fence.language,
            [RUN, DOCTESTED, LOOKED_AT].concat().join(", ")
        );
    }
    Ok(fences)
}

#[cfg(test)]
mod tests {
    use super::{Fence, all};

    #[test]
    fn blocks_are_found_with_their_lines() {
        let fences = all("# A\n\n```sh\na\nb\n```\n\n```json\n{}\n```\n- b\n  ```\n  c\n  ```\n").unwrap();
        let fence = |line, language: &str, text: &str, follows| Fence {
            line,
            language: language.to_owned(),
            text: text.to_owned(),
            follows,
        };
        let (sh, json) = (fence(3, "sh", "a\nb\n", false), fence(8, "json", "{}\n", true));
        assert!(sh.is_run() && !json.is_run());
        assert_eq!(fences, [sh, json, fence(12, "", "  c\n", false)]);
    }

    #[test]
    fn an_unknown_kind_is_not_passed_over() {
        let error = all("```yaml\na: 1\n```\n").unwrap_err().to_string();
        assert!(error.contains("line 1") && error.contains("yaml") && error.contains("text"), "{error}");
        assert!(all("```sh\na\n").unwrap_err().to_string().contains("no end"));
    }
}
