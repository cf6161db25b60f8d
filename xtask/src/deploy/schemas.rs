//! Everything is valid by the schema of whoever reads it, without a field that he does not know.

use std::fs;

use anyhow::{Context, ensure};
use serde_json::Value;
use xshell::{Shell, cmd};

use super::{
    instruments::{Instruments, deploy, script},
    rendered::{Objects, Rendered},
    yaml::text,
};

/// Groups of objects that Kubernetes itself does not know. Those of the Prometheus operator have no schema here; a change to
/// them is held against the definitions of its project by hand.
const OPERATORS: [&str; 2] = ["monitoring.coreos.com/", "serving.kserve.io/"];

pub(super) fn check(sh: &Shell, instruments: &Instruments, rendered: &Rendered) -> anyhow::Result<()> {
    for objects in rendered.all() {
        kubernetes(sh, instruments, objects)?;
    }
    kserve(sh, instruments, &rendered.kserve)?;
    let (check, compose) = (instruments.program("check-jsonschema"), deploy().join("compose.yaml"));
    cmd!(sh, "{check} --builtin-schema vendor.compose-spec {compose}").run()?;
    chart(sh, instruments)
}

/// Those of Kubernetes itself.
fn kubernetes(sh: &Shell, instruments: &Instruments, objects: &Objects) -> anyhow::Result<()> {
    let own: Vec<&Value> = objects.all.iter().filter(|object| is_of_kubernetes(object)).collect();
    if own.is_empty() {
        return Ok(());
    }
    println!("{}: {} objects of Kubernetes", objects.origin, own.len());
    let file = objects.file.with_extension("json");
    let documents: Vec<String> = own.iter().map(|object| object.to_string()).collect();
    fs::write(&file, documents.join("\n---\n")).with_context(|| format!("cannot write {}", file.display()))?;
    let validate = instruments.program("kubernetes-validate");
    let said = cmd!(sh, "{validate} --strict --quiet {file}").quiet().ignore_status().output()?;
    // A kind without a schema is only a warning to it.
    let said_anything = !said.stdout.is_empty() || !said.stderr.is_empty();
    let text = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    ensure!(said.status.success() && !said_anything, "{}: {text}", objects.origin);
    Ok(())
}

fn is_of_kubernetes(object: &Value) -> bool {
    let version = text(object, "/apiVersion");
    !OPERATORS.iter().any(|group| version.starts_with(group))
}

fn kserve(sh: &Shell, instruments: &Instruments, objects: &Objects) -> anyhow::Result<()> {
    let (python, models) = (&instruments.kserve_python, script("kserve_models.py"));
    cmd!(sh, "{python} {models}").stdin(Value::from(objects.all.clone()).to_string()).run()?;
    Ok(())
}

/// Its templates, and the schema of its values. It remarks that there is no icon, which is no error.
fn chart(sh: &Shell, instruments: &Instruments) -> anyhow::Result<()> {
    let (helm, check) = (instruments.program("helm"), instruments.program("check-jsonschema"));
    let chart = deploy().join("helm/ferrocast");
    cmd!(sh, "{check} --check-metaschema {chart}/values.schema.json").run()?;
    cmd!(sh, "{helm} lint --strict --quiet {chart}").run()?;
    Ok(())
}
