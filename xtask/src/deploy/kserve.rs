//! The server as KServe runs it: the container of the runtime, for the service of the example.

use anyhow::Context;
use serde_json::Value;

use super::{
    container::{Container, Mount, Source},
    dockerfile::Dockerfile,
    pod,
    rendered::Rendered,
    yaml::at,
};
use crate::workspace::root;

/// What KServe puts the name of a service in place of.
const NAME: &str = "{{.Name}}";

/// Where KServe puts the models of a service.
const MODELS: &str = "/mnt/models";

pub(super) fn container(rendered: &Rendered, dockerfile: &Dockerfile) -> anyhow::Result<Container> {
    let objects = &rendered.kserve;
    let first = |kind: &str| objects.of_kind(kind).next().with_context(|| format!("{} has no {kind}", objects.origin));
    let (runtime, service) = (first("ServingRuntime")?, first("InferenceService")?);
    let name = at(service, "/metadata/name").as_str().context("the InferenceService has no name")?;
    // As KServe does it: on the whole container, written as JSON.
    let mut pod: Value = serde_json::from_str(&at(runtime, "/spec").to_string().replace(NAME, name))?;
    let grace = at(service, "/spec/predictor/terminationGracePeriodSeconds").clone();
    pod.as_object_mut()
        .context("the ServingRuntime has no spec")?
        .insert("terminationGracePeriodSeconds".to_owned(), grace);
    let mut container = pod::container(objects, &rendered.examples, &pod, dockerfile).context(objects.origin)?;
    container.mounts.push(Mount { path: MODELS.to_owned(), source: Source::Checkout(root().join("models")) });
    Ok(container)
}
