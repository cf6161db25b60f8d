//! "Pure Rust" as a tested claim: which crates may compile C or assembly.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Problem;
use crate::workspace::{Kind, Metadata, Node};

/// Crates whose build script runs a compiler, and why that is accepted.
pub(super) const ALLOWED: &[(&str, &str)] = &[
    ("blake3", "nothing is compiled: its feature `pure` is on"),
    (
        "libsqlite3-sys",
        "SQLite itself: what keeps accepted tasks through a crash is not to be younger than twenty years",
    ),
    ("ring", "the cryptography of TLS"),
    ("tikv-jemalloc-sys", "the allocator of the program, and of it alone; in Rust there is none as good"),
    ("tract-linalg", "assembly kernels of the matrix products"),
    ("zstd-sys", "response compression of actix-http, which apistos turns on"),
];

/// What a build script compiles with.
const COMPILERS: &[&str] = &["bindgen", "cc", "cmake", "cxx-build", "nasm-rs"];

/// Compares what the graph holds with [`ALLOWED`].
pub(super) fn check(metadata: &Metadata) -> Vec<Problem> {
    compare(&compiling(metadata), ALLOWED)
}

fn compare(found: &BTreeSet<&str>, allowed: &[(&str, &str)]) -> Vec<Problem> {
    let unlisted = found
        .iter()
        .filter(|name| !allowed.iter().any(|(listed, _)| listed == *name))
        .map(|name| Problem::new(*name, "compiles C or assembly; find another, or list it with the reason"));
    let stale = allowed
        .iter()
        .filter(|(listed, _)| !found.contains(listed))
        .map(|(listed, _)| Problem::new(*listed, "compiles no C any more; take it off the list"));
    unlisted.chain(stale).collect()
}

/// The crates that the product links, directly or not, and whose build script depends on a compiler.
fn compiling(metadata: &Metadata) -> BTreeSet<&str> {
    let names: HashMap<&str, &str> =
        metadata.packages.iter().map(|package| (package.id.as_str(), package.name.as_str())).collect();
    let nodes: HashMap<&str, &Node> = metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let mut open: Vec<&str> = metadata.workspace_members.iter().map(String::as_str).collect();
    let mut seen: HashSet<&str> = HashSet::new();
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        let (true, Some(node), Some(name)) = (seen.insert(id), nodes.get(id), names.get(id)) else {
            continue;
        };
        for edge in &node.deps {
            let has = |kind| edge.dep_kinds.iter().any(|reason| reason.kind == kind);
            let to_compiler = names.get(edge.pkg.as_str()).is_some_and(|name| COMPILERS.contains(name));
            if has(Some(Kind::Build)) && to_compiler {
                found.insert(*name);
            }
            if has(None) || has(Some(Kind::Build)) {
                open.push(&edge.pkg);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{compare, compiling};
    use crate::workspace::Metadata;

    /// `own` → `fast`, which runs `cc` in its build script; `own` tests with `dev`, which does so too.
    fn metadata() -> Metadata {
        let package = |name: &str| json!({"id": name, "name": name, "version": "1.0.0", "license": null, "authors": [], "manifest_path": "", "dependencies": []});
        let edge = |to: &str, kind: Option<&str>| json!({"pkg": to, "dep_kinds": [{"kind": kind}]});
        serde_json::from_value(json!({
            "workspace_members": ["own"],
            "target_directory": "",
            "packages": (["own", "fast", "dev", "cc"].map(package)),
            "resolve": {"nodes": [
                {"id": "own", "deps": [edge("fast", None), edge("dev", Some("dev"))]},
                {"id": "fast", "deps": [edge("cc", Some("build"))]},
                {"id": "dev", "deps": [edge("cc", Some("build"))]},
                {"id": "cc", "deps": []},
            ]},
        }))
        .unwrap()
    }

    fn problems(allowed: &[(&str, &str)]) -> Vec<String> {
        compare(&compiling(&metadata()), allowed).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn listed_crates_pass() {
        assert_eq!(problems(&[("fast", "kernels")]), [""; 0]);
    }

    #[test]
    fn an_unlisted_crate_is_found() {
        assert_eq!(problems(&[]), ["fast: compiles C or assembly; find another, or list it with the reason"]);
    }

    #[test]
    fn a_stale_entry_is_found() {
        let allowed = [("fast", "kernels"), ("gone", "was here")];
        assert_eq!(problems(&allowed), ["gone: compiles no C any more; take it off the list"]);
    }
}
