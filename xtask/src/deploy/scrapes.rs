//! Prometheus finds the server, and Grafana Prometheus and the dashboard, by the names that Compose gives them.

use serde_json::Value;
use xshell::Shell;

use super::{
    compose::Compose,
    instruments::{Instruments, deploy},
    yaml::{at, text, texts},
};

pub(super) fn unreachable(sh: &Shell, instruments: &Instruments, compose: &Compose) -> anyhow::Result<Vec<String>> {
    let read = |file: &str| instruments.yaml_file(sh, &deploy().join(file));
    let (prometheus, sources) =
        (read("prometheus/prometheus.yaml")?, read("grafana/provisioning/datasources/prometheus.yaml")?);
    let dashboards = read("grafana/provisioning/dashboards/ferrocast.yaml")?;
    let services = at(&compose.file, "/services");
    let mut problems = Vec::new();

    let targets = at(&prometheus, "/scrape_configs/0/static_configs/0/targets");
    problems.extend(astray(services, texts(targets), "deploy/prometheus/prometheus.yaml"));
    let url = at(&sources, "/datasources/0/url").as_str().and_then(|url| url.strip_prefix("http://"));
    problems.extend(astray(services, url.into_iter(), "deploy/grafana/provisioning/datasources/prometheus.yaml"));

    let folder = text(&dashboards, "/providers/0/options/path");
    let home = text(services, "/grafana/environment/GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH");
    let mounted = texts(at(services, "/grafana/volumes")).any(|volume| volume.contains(&format!(":{home}:")));
    if !mounted || !home.starts_with(folder) {
        problems.push(format!("deploy/compose.yaml: no dashboard is mounted at {home}, in the folder {folder}"));
    }
    Ok(problems)
}

/// Addresses that are not a service and a port that it publishes.
fn astray<'a>(services: &Value, addresses: impl Iterator<Item = &'a str>, origin: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut any = false;
    for address in addresses {
        any = true;
        let (service, port) = address.split_once(':').unwrap_or((address, ""));
        if !texts(at(services, &format!("/{service}/ports")))
            .any(|published| published.rsplit(':').next() == Some(port))
        {
            problems.push(format!("{origin}: compose.yaml has no service {service} with port {port}"));
        }
    }
    if !any {
        problems.push(format!("{origin}: it names no address"));
    }
    problems
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::astray;

    #[test]
    fn services_and_their_ports_are_known() {
        let services = json!({"a": {"ports": ["127.0.0.1:1:80"]}});
        assert_eq!(astray(&services, ["a:80"].into_iter(), "here"), [""; 0]);
        assert_eq!(astray(&services, ["a:81", "b:80"].into_iter(), "here").len(), 2);
        assert_eq!(astray(&services, [].into_iter(), "here").len(), 1);
    }
}
