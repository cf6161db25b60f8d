//! The release, and the compiler that makes it, have one version each, and the compiler is told the same everywhere.

use std::{fs, path::Path};

use anyhow::Context;

use super::{
    compose::Compose,
    dockerfile::Dockerfile,
    rendered::Rendered,
    yaml::{at, text},
};
use crate::{pgo, workspace::root};

/// That of all packages of this workspace.
const RELEASE: &str = env!("CARGO_PKG_VERSION");

pub(super) fn differing(
    dockerfile: &Dockerfile,
    compose: &Compose,
    rendered: &Rendered,
) -> anyhow::Result<Vec<String>> {
    let argument = |name: &str| dockerfile.arguments.get(name).cloned().unwrap_or_default();
    let image = format!("ferrocast:{RELEASE}");
    let mut said = vec![
        ("deploy/Dockerfile: RUST_VERSION", argument("RUST_VERSION"), toolchain()?),
        ("deploy/Dockerfile: RUSTFLAGS", dockerfile.rust_flags.clone(), rust_flags()),
        ("deploy/Dockerfile: VERSION", argument("VERSION"), RELEASE.to_owned()),
        ("deploy/compose.yaml: image", text(&compose.file, "/services/ferrocast/image").to_owned(), image.clone()),
        ("deploy/helm/ferrocast/Chart.yaml: version", chart("version: ")?, RELEASE.to_owned()),
        ("deploy/helm/ferrocast/Chart.yaml: appVersion", chart("appVersion: ")?, RELEASE.to_owned()),
    ];
    for objects in rendered.all() {
        let deployments = objects.of_kind("Deployment").map(|object| at(object, "/spec/template/spec"));
        let runtimes = objects.of_kind("ServingRuntime").map(|object| at(object, "/spec"));
        let pods = deployments.chain(runtimes).chain(objects.of_kind("Pod").map(|object| at(object, "/spec")));
        said.extend(pods.map(|pod| (objects.origin, text(pod, "/containers/0/image").to_owned(), image.clone())));
    }
    let wrong = said.into_iter().filter(|(_, said, wanted)| said != wanted);
    Ok(wrong.map(|(place, said, wanted)| format!("{place} is {said:?}, should be {wanted:?}")).collect())
}

/// The version that `rust-toolchain.toml` names.
fn toolchain() -> anyhow::Result<String> {
    let line = beginning("rust-toolchain.toml", "channel = ")?;
    Ok(line.trim_matches('"').to_owned())
}

/// What packages are compiled with, in the folder of the image that the sources are in.
fn rust_flags() -> String {
    pgo::guides(Path::new("/src")).collect::<Vec<_>>().join(" ")
}

fn chart(key: &str) -> anyhow::Result<String> {
    beginning("deploy/helm/ferrocast/Chart.yaml", key)
}

/// The rest of the line of a file that begins so.
fn beginning(file: &str, begin: &str) -> anyhow::Result<String> {
    let text = fs::read_to_string(root().join(file)).with_context(|| format!("cannot read {file}"))?;
    let rest = text.lines().find_map(|line| line.strip_prefix(begin));
    Ok(rest.with_context(|| format!("{file} has no line `{begin}…`"))?.to_owned())
}
