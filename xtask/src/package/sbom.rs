//! The bill of materials, in CycloneDX 1.5: what is in the program, where it comes from, and under which licence.

use std::collections::HashMap;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::{
    embedded::Embedded,
    licenses::expression,
    linked::{CrateId, Linked, LinkedCrates},
    release::Release,
};

/// The program's own crate.
const PROGRAM: &str = "ferrocast";

/// The document. `checksums` are those of the registry's files.
pub(super) fn document(
    release: &Release,
    linked: &LinkedCrates<'_>,
    embedded: &[Embedded],
    checksums: &HashMap<CrateId, String>,
) -> anyhow::Result<String> {
    let (program, _) = linked.iter().find(|(id, _)| id.name == PROGRAM).context("the program is not linked")?;
    let mut components = Vec::new();
    for (id, linked) in linked.iter().filter(|(id, _)| *id != program) {
        components.push(library(id, linked, checksums)?);
    }
    components.extend(embedded.iter().map(part));
    let needs = linked.iter().map(|(id, linked)| dependency(id, linked, embedded));
    let parts = embedded.iter().map(|part| json!({"ref": part.purl, "dependsOn": []}));
    let bill = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": release.timestamp(),
            "component": {
                "type": "application",
                "bom-ref": program.purl(),
                "name": PROGRAM,
                "version": release.version,
                "purl": program.purl(),
                "licenses": [{"expression": "MIT OR Apache-2.0"}],
                "properties": [{"name": "cdx:rustc:sbom:target:triple", "value": release.target}],
            },
        },
        "components": components,
        "dependencies": needs.chain(parts).collect::<Vec<Value>>(),
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&bill)?))
}

fn library(id: &CrateId, linked: &Linked<'_>, checksums: &HashMap<CrateId, String>) -> anyhow::Result<Value> {
    let digest = match checksums.get(id) {
        Some(digest) => vec![json!({"alg": "SHA-256", "content": digest})],
        None if linked.is_ours => Vec::new(),
        None => bail!("Cargo.lock has no checksum of {id}"),
    };
    Ok(json!({
        "type": "library",
        "bom-ref": id.purl(),
        "name": id.name,
        "version": id.version,
        "purl": id.purl(),
        "licenses": [{"expression": expression(linked)}],
        "hashes": digest,
    }))
}

fn part(part: &Embedded) -> Value {
    json!({
        "type": "library",
        "bom-ref": part.purl,
        "name": part.name,
        "version": part.version,
        "purl": part.purl,
        "licenses": [{"expression": part.license}],
    })
}

fn dependency(id: &CrateId, linked: &Linked<'_>, embedded: &[Embedded]) -> Value {
    let crates = linked.needs.iter().map(CrateId::purl);
    let parts = embedded.iter().filter(|part| part.with == id.name).map(|part| part.purl.clone());
    json!({"ref": id.purl(), "dependsOn": crates.chain(parts).collect::<Vec<String>>()})
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use serde_json::{Value, json};

    use super::document;
    use crate::{
        package::{
            embedded::Embedded,
            linked::{CrateId, Linked, LinkedCrates},
            release::Release,
        },
        workspace::Package,
    };

    fn package(name: &str) -> Package {
        serde_json::from_value(json!({
            "id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0", "authors": [],
            "manifest_path": "", "dependencies": [],
        }))
        .unwrap()
    }

    fn id(name: &str) -> CrateId {
        CrateId { name: name.to_owned(), version: "1.0.0".to_owned() }
    }

    #[test]
    fn every_part_is_listed_with_what_it_needs() {
        let (program, a) = (package("ferrocast"), package("a"));
        let crates: LinkedCrates<'_> = [
            (id("ferrocast"), Linked { package: &program, is_ours: true, needs: BTreeSet::from([id("a")]) }),
            (id("a"), Linked { package: &a, is_ours: false, needs: BTreeSet::new() }),
        ]
        .into();
        let (version, text) = ("3.1".to_owned(), String::new());
        let purl = "pkg:generic/c@3.1".to_owned();
        let embedded = [Embedded { name: "c", version, license: "blessing", purl, with: "a", text }];
        let release = Release { version: "1.0.0".to_owned(), target: "here".to_owned(), made: 0 };

        let lacking = document(&release, &crates, &embedded, &HashMap::new()).unwrap_err().to_string();
        assert_eq!(lacking, "Cargo.lock has no checksum of a 1.0.0");
        let checksums = HashMap::from([(id("a"), "0f".to_owned())]);
        let text = document(&release, &crates, &embedded, &checksums).unwrap();
        let bill: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(bill["metadata"]["timestamp"], "1970-01-01T00:00:00Z");
        assert_eq!(bill["components"][0]["hashes"][0]["content"], "0f");
        assert_eq!(bill["components"][0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
        let needs = json!([
            {"ref": "pkg:cargo/a@1.0.0", "dependsOn": ["pkg:generic/c@3.1"]},
            {"ref": "pkg:cargo/ferrocast@1.0.0", "dependsOn": ["pkg:cargo/a@1.0.0"]},
            {"ref": "pkg:generic/c@3.1", "dependsOn": []},
        ]);
        assert_eq!(bill["dependencies"], needs);
    }
}
