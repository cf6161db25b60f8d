//! `cargo xtask tidy`: the rules of the project that no compiler checks. Also run by `cargo test`.
//!
//! Each rule is a file here: a function from what it reads to [`Problem`]s, with a test that plants the violation.

mod edges;
mod layers;
mod links;
mod manifests;
mod names;
mod native_code;
mod packages;
mod public_api;
mod reach;
mod rust_code;
mod sizes;
mod source;
mod source_rules;

use std::fmt;

use xshell::Shell;

use crate::workspace::{self, Metadata};

/// One broken rule: where, and what is wrong there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    place: String,
    what: String,
}

impl Problem {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Problem {
        Problem { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Prints the reading list, then every problem; fails if there is one.
pub(crate) fn run(sh: &Shell) -> anyhow::Result<()> {
    sizes::print_reading_list(&source::rust_files(&workspace::root())?);
    let problems = check(sh)?;
    for problem in &problems {
        eprintln!("{problem}");
    }
    anyhow::ensure!(problems.is_empty(), "tidy: {} to mend", problems.len());
    println!("tidy: nothing to mend");
    Ok(())
}

/// Every broken rule of the workspace.
fn check(sh: &Shell) -> anyhow::Result<Vec<Problem>> {
    let root = workspace::root();
    let metadata = Metadata::load(sh)?;
    let rust = source::rust_files(&root)?;
    let mut problems = edges::check(&metadata, layers::MEMBERS);
    problems.extend(reach::check(sh, layers::MEMBERS)?);
    problems.extend(native_code::check(&metadata));
    problems.extend(manifests::check(&root, &metadata)?);
    problems.extend(packages::check(&root, &metadata)?);
    problems.extend(names::check(&rust));
    problems.extend(source_rules::check(&rust));
    problems.extend(public_api::check(&rust, &metadata));
    problems.extend(links::check(&root, &source::markdown_files(&root)?));
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::workspace;

    #[test]
    fn the_workspace_is_tidy() {
        let problems = check(&workspace::shell().unwrap()).unwrap();
        let listed: String = problems.iter().map(|problem| format!("\n{problem}")).collect();
        assert!(problems.is_empty(), "{listed}");
    }
}
