//! The objects that a cluster would get: from Kustomize, from Helm, and those that are written down as they are.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::Value;
use xshell::{Shell, cmd};

use super::{
    instruments::{Instruments, deploy, workshop},
    yaml::at,
};

/// What one source makes.
#[derive(Debug)]
pub(super) struct Objects {
    /// Where it comes from, for messages.
    pub(super) origin: &'static str,
    /// The whole of it, as YAML.
    pub(super) file: PathBuf,
    pub(super) all: Vec<Value>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) base: Objects,
    /// The base with what watches it.
    pub(super) monitoring: Objects,
    /// Secrets and claims that the others take as given.
    pub(super) examples: Objects,
    /// The chart with its defaults.
    pub(super) chart: Objects,
    /// The chart with what its defaults leave out, and without what they have.
    pub(super) chart_otherwise: Objects,
    pub(super) kserve: Objects,
}

/// Values that are not the defaults.
const OTHERWISE: [&str; 12] = [
    "--set",
    "monitoring.enabled=true",
    "--set",
    "autoscaling.enabled=false",
    "--set",
    "keys.secret=",
    "--set-string",
    "settings.AUTH__ALLOW_ANONYMOUS=true",
    "--set",
    "redis.secret=",
    "--set-string",
    "settings.SERVER__DRAIN_S=60",
];

impl Rendered {
    pub(super) fn read(sh: &Shell, instruments: &Instruments) -> anyhow::Result<Rendered> {
        let folder = workshop(sh)?;
        sh.create_dir(&folder)?;
        let kept = |origin: &'static str, name: &str, text: String| {
            let file = folder.join(name);
            fs::write(&file, &text).with_context(|| format!("cannot write {}", file.display()))?;
            Ok::<_, anyhow::Error>(Objects { origin, file, all: instruments.yaml(sh, &text)? })
        };
        let kustomized = |path: &str| kustomize(sh, instruments, &deploy().join(path));
        Ok(Rendered {
            base: kept("deploy/kubernetes/base", "base.yaml", kustomized("kubernetes/base")?)?,
            monitoring: kept("deploy/kubernetes/monitoring", "monitoring.yaml", kustomized("kubernetes/monitoring")?)?,
            examples: kept("deploy/kubernetes/examples", "examples.yaml", joined(sh, "kubernetes/examples")?)?,
            chart: kept("deploy/helm/ferrocast", "chart.yaml", template(sh, instruments, &[])?)?,
            chart_otherwise: kept(
                "deploy/helm/ferrocast with other values",
                "chart-otherwise.yaml",
                template(sh, instruments, &OTHERWISE)?,
            )?,
            kserve: kept("deploy/kserve", "kserve.yaml", joined(sh, "kserve")?)?,
        })
    }

    pub(super) fn all(&self) -> [&Objects; 6] {
        let Rendered { base, monitoring, examples, chart, chart_otherwise, kserve } = self;
        [base, monitoring, examples, chart, chart_otherwise, kserve]
    }
}

impl Objects {
    /// Those of a kind.
    pub(super) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.all.iter().filter(move |object| at(object, "/kind") == kind)
    }

    /// The one of a kind and name.
    pub(super) fn named(&self, kind: &str, name: &Value) -> anyhow::Result<&Value> {
        self.of_kind(kind)
            .find(|object| at(object, "/metadata/name") == name)
            .with_context(|| format!("{}: there is no {kind} called {name}", self.origin))
    }
}

fn kustomize(sh: &Shell, instruments: &Instruments, folder: &Path) -> anyhow::Result<String> {
    let kubectl = instruments.program("kubectl");
    Ok(cmd!(sh, "{kubectl} kustomize {folder}").quiet().read()?)
}

fn template(sh: &Shell, instruments: &Instruments, values: &[&str]) -> anyhow::Result<String> {
    let (helm, chart) = (instruments.program("helm"), deploy().join("helm/ferrocast"));
    // It remarks on the link to the alerts; what it says of an error it prints there, too.
    let command = cmd!(sh, "{helm} template ferrocast {chart} --namespace ferrocast {values...}");
    let output = command.quiet().ignore_status().output()?;
    anyhow::ensure!(output.status.success(), "helm template: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// The files of a folder as documents of one.
fn joined(sh: &Shell, folder: &str) -> anyhow::Result<String> {
    let mut files = sh.read_dir(deploy().join(folder))?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let texts: xshell::Result<Vec<String>> = files.iter().map(|file| sh.read_file(file)).collect();
    Ok(texts?.join("\n---\n"))
}
