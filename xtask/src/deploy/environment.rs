//! Every variable that is set is one that the server reads.

use super::{container::Container, dockerfile::Dockerfile, settings::Settings};

pub(super) fn unknown(settings: &Settings, dockerfile: &Dockerfile, containers: &[Container]) -> Vec<String> {
    let of_image = dockerfile.environment.keys().map(|name| ("deploy/Dockerfile", name));
    let of_containers = containers.iter().flat_map(|container| {
        let own = container.environment.keys().filter(|name| !dockerfile.environment.contains_key(*name));
        own.map(|name| (container.origin.as_str(), name))
    });
    let unknown = of_image.chain(of_containers).filter(|(_, name)| !settings.reads(name));
    unknown.map(|(origin, name)| format!("{origin}: docs/configuration.md does not list {name}")).collect()
}
