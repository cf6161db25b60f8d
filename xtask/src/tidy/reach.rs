//! What a crate must never see is on no path of its ordinary dependencies, with its own default features.
//!
//! `cargo tree` is asked crate by crate: `cargo metadata` joins the features of the whole workspace, and would blame
//! one crate for what another turned on.

use xshell::{Shell, cmd};

use super::{
    Problem,
    layers::{Member, matches, package_name},
};

/// Asks cargo for the tree of every crate that has something never to see.
pub(super) fn check(sh: &Shell, table: &[Member]) -> anyhow::Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for member in table.iter().filter(|member| !member.never.is_empty()) {
        let package = package_name(member);
        let tree =
            cmd!(sh, "cargo tree --package {package} --edges normal,no-proc-macro --prefix depth").quiet().read()?;
        problems.extend(forbidden(&tree, member));
    }
    Ok(problems)
}

/// Reads lines of `<depth><name> v<version> …`, parents before children.
fn forbidden(tree: &str, member: &Member) -> Vec<Problem> {
    let mut path: Vec<&str> = Vec::new();
    let mut problems = Vec::new();
    for line in tree.lines() {
        let digits = line.chars().take_while(char::is_ascii_digit).count();
        let (depth, package) = line.split_at(digits);
        let (Ok(depth), Some(name)) = (depth.parse::<usize>(), package.split_whitespace().next()) else {
            continue;
        };
        path.truncate(depth);
        path.push(name);
        if member.never.iter().any(|pattern| matches(pattern, name)) {
            problems.push(Problem::new(member.name, format!("must never see `{name}`: {}", path.join(" → "))));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::forbidden;
    use crate::tidy::layers::{Member, Place};

    const MEMBER: Member =
        Member { name: "low", place: Place::Layer(0), workspace: &[], external: &[], never: &["tokio", "tract*"] };

    fn problems(tree: &str) -> Vec<String> {
        forbidden(tree, &MEMBER).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_clean_tree_passes() {
        assert_eq!(problems("0ferrocast-low v0.1.0 (/x)\n1ndarray v0.17.1\n2tokio-less v1.0.0\n"), [""; 0]);
    }

    #[test]
    fn a_hidden_path_is_found() {
        let tree = "0ferrocast-low v0.1.0 (/x)\n1ndarray v0.17.1\n2rawpointer v0.2.1\n1a v1.0.0\n2tract-core v0.23.9\n2tokio v1.0.0 (*)\n";
        assert_eq!(
            problems(tree),
            [
                "low: must never see `tract-core`: ferrocast-low → a → tract-core",
                "low: must never see `tokio`: ferrocast-low → a → tokio"
            ]
        );
    }
}
