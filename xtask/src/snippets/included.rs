//! Rust in a document is compiled and run as a doctest of a crate that includes the document.

use anyhow::ensure;
use xshell::{Shell, cmd};

use super::fence::Fence;

/// Fails if the document has Rust and no crate includes it.
pub(super) fn check(sh: &Shell, document: &str, fences: &[Fence]) -> anyhow::Result<()> {
    let Some(rust) = fences.iter().find(|fence| fence.is_doctest()) else { return Ok(()) };
    let including =
        cmd!(sh, "git grep --fixed-strings --line-number --full-name include_str! -- *.rs").quiet().read()?;
    ensure!(
        including.lines().any(|line| includes(line, document)),
        "{document}:{}: no crate has this document as a doctest: `#[cfg(doctest)] #[doc = include_str!(…)]`",
        rust.line
    );
    Ok(())
}

/// Whether a line of `git grep`, `file:number:text`, includes the document: its path there is relative to the file.
fn includes(line: &str, document: &str) -> bool {
    let mut parts = line.splitn(3, ':');
    let (Some(file), Some(_), Some(text)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let Some((_, included)) = text.split_once("include_str!(\"") else { return false };
    let included = included.split('"').next().unwrap_or_default();
    let mut folder: Vec<&str> = file.split('/').collect();
    folder.pop();
    for part in included.split('/') {
        match part {
            ".." => drop(folder.pop()),
            "." => {}
            part => folder.push(part),
        }
    }
    folder.join("/") == document
}

#[cfg(test)]
mod tests {
    use super::includes;

    #[test]
    fn paths_are_relative_to_the_file() {
        let line = r#"crates/a/src/lib.rs:3:#[doc = include_str!("../../../docs/a.md")]"#;
        assert!(includes(line, "docs/a.md"));
        assert!(!includes(line, "docs/b.md"));
        assert!(includes(r#"crates/a/src/lib.rs:3:#![doc = include_str!("../README.md")]"#, "crates/a/README.md"));
    }
}
