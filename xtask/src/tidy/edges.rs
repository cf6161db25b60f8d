//! Every declared dependency is in the layer table and points strictly downward.

use super::{
    Problem,
    layers::{EVERYWHERE, Member, Place, short_name},
};
use crate::workspace::{Kind, Metadata, Package};

/// Compares what the manifests declare with `table`.
pub(super) fn check(metadata: &Metadata, table: &[Member]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let packages: Vec<&Package> = metadata.members().collect();
    for row in table {
        if !packages.iter().any(|package| short_name(&package.name) == row.name) {
            problems.push(Problem::new("layer table", format!("`{}` is no crate of the workspace", row.name)));
        }
    }
    for package in &packages {
        let Some(from) = find(table, &package.name) else {
            problems.push(Problem::new(&package.name, "has no row in the layer table (xtask/src/tidy/layers.rs)"));
            continue;
        };
        for dependency in &package.dependencies {
            let dev = dependency.kind == Some(Kind::Dev);
            let fault = if packages.iter().any(|other| other.name == dependency.name) {
                inside(table, from, short_name(&dependency.name), dev)
            } else {
                outside(from, &dependency.name, dev)
            };
            problems.extend(fault.map(|what| Problem::new(&package.name, what)));
        }
    }
    problems
}

fn find<'t>(table: &'t [Member], name: &str) -> Option<&'t Member> {
    table.iter().find(|row| row.name == short_name(name))
}

/// What is wrong with an edge to a crate of this workspace.
fn inside(table: &[Member], from: &Member, to: &str, dev: bool) -> Option<String> {
    let below = find(table, to)?.place;
    let downward = match (from.place, below) {
        (Place::Layer(from), Place::Layer(to)) => to < from,
        (Place::Layer(_), Place::DevOnly) => dev,
        (Place::DevOnly, Place::Layer(_)) => true,
        _ => false,
    };
    if !downward {
        Some(format!("the edge to `{to}` does not point downward"))
    } else if !dev && !from.workspace.contains(&to) {
        Some(format!("the edge to `{to}` is not in the layer table"))
    } else {
        None
    }
}

/// What is wrong with an edge to a foreign crate. Tests may use any.
fn outside(from: &Member, to: &str, dev: bool) -> Option<String> {
    let allowed = dev || EVERYWHERE.contains(&to) || from.external.contains(&to);
    (!allowed).then(|| format!("the foreign crate `{to}` is not in the layer table"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::{
        tidy::layers::{MEMBERS, Member, Place},
        workspace::Metadata,
    };

    const TABLE: &[Member] = &[
        Member { name: "low", place: Place::Layer(0), workspace: &[], external: &["regex"], never: &[] },
        Member { name: "side", place: Place::Layer(0), workspace: &[], external: &[], never: &[] },
        Member { name: "high", place: Place::Layer(1), workspace: &["low"], external: &[], never: &[] },
        Member { name: "kit", place: Place::DevOnly, workspace: &["low"], external: &[], never: &[] },
    ];

    /// The problems of a workspace where `package` declares one dependency.
    fn problems(package: &str, dependency: &str, kind: Value) -> Vec<String> {
        let packages: Vec<Value> = ["low", "side", "high", "kit"]
            .iter()
            .map(|name| {
                let name = format!("ferrocast-{name}");
                let dependencies =
                    if name.ends_with(package) { json!([{"name": dependency, "kind": kind}]) } else { json!([]) };
                json!({"id": name, "name": name, "version": "1.0.0", "license": null, "authors": [], "manifest_path": "", "dependencies": dependencies})
            })
            .collect();
        let members: Vec<&Value> = packages.iter().map(|package| &package["id"]).collect();
        let metadata: Metadata = serde_json::from_value(json!({
            "workspace_members": members, "packages": packages, "target_directory": "", "resolve": {"nodes": []},
        }))
        .unwrap();
        check(&metadata, TABLE).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn allowed_edges_pass() {
        assert_eq!(problems("high", "ferrocast-low", Value::Null), [""; 0]);
        assert_eq!(problems("low", "regex", Value::Null), [""; 0]);
        assert_eq!(problems("low", "thiserror", Value::Null), [""; 0]);
        assert_eq!(problems("low", "proptest", json!("dev")), [""; 0]);
        assert_eq!(problems("low", "ferrocast-kit", json!("dev")), [""; 0]);
    }

    #[test]
    fn upward_and_sideways_edges_are_found() {
        let upward = ["ferrocast-low: the edge to `high` does not point downward"];
        assert_eq!(problems("low", "ferrocast-high", Value::Null), upward);
        assert_eq!(problems("low", "ferrocast-high", json!("dev")), upward);
        let sideways = ["ferrocast-low: the edge to `side` does not point downward"];
        assert_eq!(problems("low", "ferrocast-side", Value::Null), sideways);
    }

    #[test]
    fn edges_outside_the_table_are_found() {
        let unlisted = ["ferrocast-high: the edge to `side` is not in the layer table"];
        assert_eq!(problems("high", "ferrocast-side", Value::Null), unlisted);
        let foreign = ["ferrocast-low: the foreign crate `tokio` is not in the layer table"];
        assert_eq!(problems("low", "tokio", Value::Null), foreign);
        assert_eq!(problems("low", "tokio", json!("build")), foreign);
    }

    #[test]
    fn the_test_kit_is_for_tests() {
        let shipped = ["ferrocast-high: the edge to `kit` does not point downward"];
        assert_eq!(problems("high", "ferrocast-kit", Value::Null), shipped);
    }

    #[test]
    fn rows_and_crates_must_match() {
        let metadata: Metadata = serde_json::from_value(json!({
            "workspace_members": ["new"],
            "packages": [{"id": "new", "name": "ferrocast-new", "version": "1.0.0", "license": null, "authors": [], "manifest_path": "", "dependencies": []}],
            "target_directory": "", "resolve": {"nodes": []},
        }))
        .unwrap();
        let found: Vec<String> = check(&metadata, &TABLE[..1]).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "layer table: `low` is no crate of the workspace",
                "ferrocast-new: has no row in the layer table (xtask/src/tidy/layers.rs)"
            ]
        );
    }

    #[test]
    fn the_table_itself_points_down() {
        for row in MEMBERS {
            for to in row.workspace {
                let fault = super::inside(MEMBERS, row, to, false);
                assert_eq!(fault, None, "{}", row.name);
                assert!(super::find(MEMBERS, to).is_some(), "{} → {to}", row.name);
            }
        }
    }
}
