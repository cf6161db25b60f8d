//! The image's user is the one that everybody else names.

use super::{container::Container, dockerfile::Dockerfile};

pub(super) fn differing(dockerfile: &Dockerfile, containers: &[Container]) -> Vec<String> {
    let Some(user) = dockerfile.users.first() else { return vec!["deploy/Dockerfile: it names no user".to_owned()] };
    let of_image = dockerfile.users.iter().map(|named| ("deploy/Dockerfile", named));
    let of_containers =
        containers.iter().flat_map(|container| container.users.iter().map(|named| (container.origin.as_str(), named)));
    let others = of_image.chain(of_containers).filter(|(_, named)| *named != user);
    let unnamed = containers.iter().filter(|container| container.users.is_empty());
    let unnamed = unnamed.map(|container| format!("{}: it names no user", container.origin));
    others.map(|(origin, named)| format!("{origin}: user or group {named}, not {user}")).chain(unnamed).collect()
}
