//! The server has as long to stop as it may take, and is known not to be ready while it still answers.

use super::{container::Container, settings::Settings};

pub(super) fn too_short(settings: &Settings, containers: &[Container]) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    for container in containers {
        let seconds = |key: &str| {
            let (default, names) = settings.named(key)?;
            Ok::<u64, anyhow::Error>(container.setting(names).unwrap_or(default).parse()?)
        };
        let (delay, drain) = (seconds("server.drain_delay_s")?, seconds("server.drain_s")?);
        let (origin, grace) = (&container.origin, container.grace_seconds);
        if grace <= delay + drain {
            problems.push(format!("{origin}: killed after {grace} s, while draining may take {delay} s and {drain} s"));
        }
        let late = container.probes.iter().filter(|probe| probe.name == "readiness");
        let late = late.map(|probe| probe.notices_after_seconds).filter(|seconds| *seconds > delay);
        problems.extend(late.map(|seconds| {
            format!("{origin}: the readiness probe notices after {seconds} s, and the server answers for {delay} s")
        }));
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::too_short;
    use crate::deploy::{
        container::{Container, Probe},
        settings::Settings,
    };

    fn container(grace_seconds: u64, notices_after_seconds: u64, drain: &str) -> Container {
        Container {
            origin: "here".to_owned(),
            environment: BTreeMap::from([("SERVER__DRAIN_S".to_owned(), drain.to_owned())]),
            ports: Vec::new(),
            probes: vec![Probe { name: "readiness", path: String::new(), port: None, notices_after_seconds }],
            health_check: Vec::new(),
            users: Vec::new(),
            grace_seconds,
            mounts: Vec::new(),
        }
    }

    #[test]
    fn both_drains_fit_into_the_grace() {
        let settings = Settings::read().unwrap();
        let problems = |container| too_short(&settings, &[container]).unwrap();
        assert_eq!(problems(container(36, 5, "30")), [""; 0]);
        assert_eq!(problems(container(35, 5, "30")).len(), 1);
        assert_eq!(problems(container(36, 6, "30")).len(), 1);
    }
}
