//! `deploy/compose.yaml`, as far as the server and others rely on it.

use std::fs;

use anyhow::{Context, ensure};
use serde_json::Value;
use xshell::Shell;

use super::{
    container::{Container, Mount, Source},
    dockerfile::Dockerfile,
    instruments::{Instruments, deploy},
    yaml::{at, text, texts, texts_by_name},
};

/// The file, and what is beside it.
#[derive(Debug)]
pub(super) struct Compose {
    pub(super) file: Value,
    /// Names of the variables that it takes from its environment.
    variables: Vec<String>,
    /// Those that `.env.example` lists.
    example: Vec<String>,
}

impl Compose {
    pub(super) fn read(sh: &Shell, instruments: &Instruments) -> anyhow::Result<Compose> {
        let text = fs::read_to_string(deploy().join("compose.yaml")).context("cannot read deploy/compose.yaml")?;
        let example = fs::read_to_string(deploy().join(".env.example")).context("cannot read deploy/.env.example")?;
        let example = example.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        // What they are is for whoever runs it to say: any text will do here.
        let (text, variables) = interpolated(&text, "secret");
        let file = instruments.yaml(sh, &text)?.pop().context("deploy/compose.yaml is empty")?;
        Ok(Compose { file, variables, example: example.map(|(name, _)| name.to_owned()).collect() })
    }

    /// The service that is the server.
    pub(super) fn container(&self, dockerfile: &Dockerfile) -> anyhow::Result<Container> {
        let service = self.file.pointer("/services/ferrocast").context("compose.yaml has no service `ferrocast`")?;
        let mut environment = dockerfile.environment.clone();
        environment.extend(texts_by_name(at(service, "/environment")));
        let grace = at(service, "/stop_grace_period").as_str().and_then(|text| text.strip_suffix('s'));
        Ok(Container {
            origin: "deploy/compose.yaml".to_owned(),
            environment,
            ports: texts(at(service, "/ports")).filter_map(|port| port.rsplit(':').next()?.parse().ok()).collect(),
            probes: Vec::new(),
            health_check: health_check(service, &dockerfile.program)?,
            users: text(service, "/user").split(':').map(str::to_owned).collect(),
            grace_seconds: grace.context("stop_grace_period should be in seconds")?.parse()?,
            mounts: texts(at(service, "/volumes")).filter_map(mount).collect(),
        })
    }

    /// What is named in the file and is not in the checkout.
    pub(super) fn missing_files(&self) -> Vec<String> {
        let services = at(&self.file, "/services").as_object().into_iter().flatten();
        let volumes = services.flat_map(|(_, service)| texts(at(service, "/volumes")).filter_map(mount));
        let sources = volumes.filter_map(|mount| match mount.source {
            Source::Checkout(source) => Some(source),
            Source::Files(_) | Source::Empty => None,
        });
        let build = at(&self.file, "/services/ferrocast/build");
        let context = deploy().join(text(build, "/context"));
        let built = context.join(text(build, "/dockerfile"));
        let missing = sources.chain([built]).filter(|path| !path.exists());
        let missing = missing.map(|path| format!("deploy/compose.yaml: there is no {}", path.display()));
        missing.chain(self.differing_variables()).collect()
    }

    fn differing_variables(&self) -> impl Iterator<Item = String> {
        let unlisted = self.variables.iter().filter(|name| !self.example.contains(name));
        let unused = self.example.iter().filter(|name| !self.variables.contains(name));
        let unlisted = unlisted.map(|name| format!("deploy/.env.example: {name} is missing, which compose.yaml takes"));
        unlisted.chain(unused.map(|name| format!("deploy/.env.example: compose.yaml takes no {name}")))
    }
}

/// What the image's program is given: what follows the word `CMD` and its path.
fn health_check(service: &Value, program: &str) -> anyhow::Result<Vec<String>> {
    let mut words = texts(at(service, "/healthcheck/test"));
    ensure!(
        words.next() == Some("CMD") && words.next() == Some(program),
        "the healthcheck of `ferrocast` should be a list that begins with CMD and {program}"
    );
    Ok(words.map(str::to_owned).collect())
}

/// The text with `value` for each `${NAME…}`, and the names.
fn interpolated(text: &str, value: &str) -> (String, Vec<String>) {
    let mut parts = text.split("${");
    let (mut whole, mut names) = (parts.next().unwrap_or_default().to_owned(), Vec::new());
    for part in parts {
        let (variable, rest) = part.split_once('}').unwrap_or((part, ""));
        names.push(variable.split(':').next().unwrap_or_default().to_owned());
        whole.push_str(value);
        whole.push_str(rest);
    }
    (whole, names)
}

/// `source:target`, where a source that is no path is the name of a volume.
fn mount(volume: &str) -> Option<Mount> {
    let (source, target) = volume.split_once(':')?;
    let path = target.trim_end_matches(":ro").to_owned();
    let source = if source.starts_with('.') { Source::Checkout(deploy().join(source)) } else { Source::Empty };
    Some(Mount { path, source })
}

#[cfg(test)]
mod tests {
    use super::{Source, interpolated, mount};

    #[test]
    fn variables_are_filled_in_and_named() {
        let (text, names) = interpolated("a: ${B:?see c}d\ne: ${F}", "x");
        assert_eq!((text.as_str(), names), ("a: xd\ne: x", vec!["B".to_owned(), "F".to_owned()]));
    }

    #[test]
    fn volumes_and_folders_are_told_apart() {
        let folder = mount("../models:/models:ro").unwrap();
        assert!(matches!(folder.source, Source::Checkout(source) if source.ends_with("deploy/../models")));
        assert_eq!(folder.path, "/models");
        assert!(matches!(mount("data:/data").unwrap().source, Source::Empty));
    }
}
