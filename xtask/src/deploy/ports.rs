//! The port that the server is told to listen on is the one that others send requests to.

use super::{container::Container, dockerfile::Dockerfile, pod, rendered::Rendered, settings::Settings, yaml::at};

pub(super) fn differing(
    settings: &Settings,
    dockerfile: &Dockerfile,
    containers: &[Container],
    rendered: &Rendered,
) -> anyhow::Result<Vec<String>> {
    let (default, names) = settings.named("server.port")?;
    let mut problems = Vec::new();
    let of_image = names.iter().find_map(|name| dockerfile.environment.get(name)).map_or(default, String::as_str);
    if dockerfile.ports != [of_image.parse::<u64>()?] {
        problems.push(format!("deploy/Dockerfile: EXPOSE should be {of_image}, where the server listens"));
    }
    for container in containers {
        let port = container.setting(names).unwrap_or(default).parse()?;
        let (origin, ports) = (&container.origin, &container.ports);
        if *ports != [port] {
            problems.push(format!("{origin}: the server listens on {port}, and its ports are {ports:?}"));
        }
        let astray = container.probes.iter().filter(|probe| probe.port != Some(port));
        problems.extend(astray.map(|probe| format!("{origin}: the {} probe does not ask port {port}", probe.name)));
    }
    problems.extend(services_astray(rendered));
    Ok(problems)
}

/// Services and policies that name a port which the pod does not have.
fn services_astray(rendered: &Rendered) -> Vec<String> {
    let mut problems = Vec::new();
    for objects in [&rendered.base, &rendered.chart, &rendered.chart_otherwise] {
        for deployment in objects.of_kind("Deployment") {
            let ports = at(deployment, "/spec/template/spec/containers/0/ports");
            let targets = objects.of_kind("Service").map(|service| at(service, "/spec/ports/0/targetPort"));
            let allowed = objects.of_kind("NetworkPolicy").map(|policy| at(policy, "/spec/ingress/0/ports/0/port"));
            let astray = targets.chain(allowed).filter(|target| pod::port(ports, target).is_none());
            problems.extend(astray.map(|target| format!("{}: no pod has the port {target}", objects.origin)));
        }
    }
    problems
}
