//! The server in a pod of a Deployment, with all that the pod refers to.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde_json::Value;

use super::{
    container::{Container, Mount, Probe, Source},
    dockerfile::Dockerfile,
    rendered::{Objects, Rendered},
    yaml::{at, items, text, texts_by_name},
};
use crate::workspace::root;

/// How often a probe is made unless it says so, in seconds.
const PERIOD: u64 = 10;
/// How many failures count unless it says so.
const FAILURES: u64 = 3;

/// Those of Kustomize and of Helm.
pub(super) fn containers(rendered: &Rendered, dockerfile: &Dockerfile) -> anyhow::Result<Vec<Container>> {
    let sources = [&rendered.base, &rendered.chart, &rendered.chart_otherwise];
    let deployments = sources.map(|objects| {
        let deployment = objects.of_kind("Deployment").next();
        let deployment = deployment.with_context(|| format!("{} has no Deployment", objects.origin))?;
        let pod = at(deployment, "/spec/template/spec");
        container(objects, &rendered.examples, pod, dockerfile).with_context(|| objects.origin)
    });
    deployments.into_iter().collect()
}

/// The first container of a pod.
pub(super) fn container(
    objects: &Objects,
    examples: &Objects,
    pod: &Value,
    dockerfile: &Dockerfile,
) -> anyhow::Result<Container> {
    let server = at(pod, "/containers/0");
    let mut environment = dockerfile.environment.clone();
    environment.extend(environment_of(objects, examples, server)?);
    let mounts = items(at(server, "/volumeMounts")).map(|mount| mounted(examples, at(pod, "/volumes"), mount));
    let grace = at(pod, "/terminationGracePeriodSeconds").as_u64();
    Ok(Container {
        origin: objects.origin.to_owned(),
        environment,
        ports: items(at(server, "/ports")).filter_map(|port| at(port, "/containerPort").as_u64()).collect(),
        probes: probes(server)?,
        health_check: dockerfile.health_check.clone(),
        users: users(at(pod, "/securityContext")).chain(users(at(server, "/securityContext"))).collect(),
        grace_seconds: grace.context("terminationGracePeriodSeconds is not said")?,
        mounts: mounts.collect::<anyhow::Result<_>>()?,
    })
}

/// That of its ConfigMaps, then its own.
fn environment_of(objects: &Objects, examples: &Objects, server: &Value) -> anyhow::Result<BTreeMap<String, String>> {
    let mut environment = BTreeMap::new();
    for source in items(at(server, "/envFrom")) {
        environment.extend(texts_by_name(at(objects.named("ConfigMap", at(source, "/configMapRef/name"))?, "/data")));
    }
    for variable in items(at(server, "/env")) {
        let name = at(variable, "/name").as_str().context("a variable without a name")?;
        let reference = at(variable, "/valueFrom/secretKeyRef");
        let value = if reference.is_null() { at(variable, "/value") } else { secret_value(examples, reference)? };
        let value = value.as_str().with_context(|| format!("the variable {name} has no text for a value"))?;
        environment.insert(name.to_owned(), value.to_owned());
    }
    Ok(environment)
}

fn secret_value<'a>(examples: &'a Objects, reference: &Value) -> anyhow::Result<&'a Value> {
    let key = text(reference, "/key");
    let secret = examples.named("Secret", at(reference, "/name"))?;
    at(secret, "/stringData")
        .get(key)
        .with_context(|| format!("the example of {} has no `{key}`", at(reference, "/name")))
}

/// What is mounted, which has to be among the examples if it is not made with the pod.
fn mounted(examples: &Objects, volumes: &Value, mount: &Value) -> anyhow::Result<Mount> {
    let volume = items(volumes).find(|volume| at(volume, "/name") == at(mount, "/name"));
    let volume = volume.with_context(|| format!("there is no volume {}", at(mount, "/name")))?;
    let source = if let Some(secret) = volume.get("secret") {
        Source::Files(texts_by_name(at(examples.named("Secret", at(secret, "/secretName"))?, "/stringData")))
    } else if let Some(claim) = volume.get("persistentVolumeClaim") {
        examples.named("PersistentVolumeClaim", at(claim, "/claimName"))?;
        Source::Checkout(root().join("models"))
    } else if volume.get("emptyDir").is_some() {
        Source::Empty
    } else {
        bail!("this check does not know what the volume {} holds", at(mount, "/name"));
    };
    Ok(Mount { path: text(mount, "/mountPath").to_owned(), source })
}

fn probes(server: &Value) -> anyhow::Result<Vec<Probe>> {
    let probe = |name: &'static str| {
        let probe = at(server, &format!("/{name}Probe"));
        let request = at(probe, "/httpGet");
        let path =
            at(request, "/path").as_str().with_context(|| format!("there is no {name}Probe by httpGet"))?.to_owned();
        let period = at(probe, "/periodSeconds").as_u64().unwrap_or(PERIOD);
        let failures = at(probe, "/failureThreshold").as_u64().unwrap_or(FAILURES);
        let notices_after_seconds = period * failures;
        Ok(Probe { name, path, port: port(at(server, "/ports"), at(request, "/port")), notices_after_seconds })
    };
    ["startup", "liveness", "readiness"].into_iter().map(probe).collect()
}

/// A port by its number or its name.
pub(super) fn port(ports: &Value, wanted: &Value) -> Option<u64> {
    let by_name = || at(items(ports).find(|port| at(port, "/name") == wanted)?, "/containerPort").as_u64();
    wanted.as_u64().or_else(by_name)
}

fn users(security: &Value) -> impl Iterator<Item = String> {
    ["runAsUser", "runAsGroup", "fsGroup"].into_iter().filter_map(|key| Some(security.get(key)?.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{port, probes};

    #[test]
    fn ports_have_numbers_and_names() {
        let ports = json!([{"name": "http", "containerPort": 80}]);
        assert_eq!(port(&ports, &json!("http")), Some(80));
        assert_eq!((port(&ports, &json!(81)), port(&ports, &json!("other"))), (Some(81), None));
    }

    #[test]
    fn a_probe_that_is_missing_is_named() {
        let error = probes(&json!({})).unwrap_err().to_string();
        assert_eq!(error, "there is no startupProbe by httpGet");
    }
}
