//! The dashboard and the alerts in `deploy/` ask for nothing but what a scrape holds.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::exposition::Exposition;
use crate::promql::{Selector, selectors};
use crate::scrape::Used;

/// Labels that Prometheus puts to every series.
const OF_THE_TARGET: [&str; 2] = ["job", "instance"];

fn deployed(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Checks that there are series of each metric that `query` names, and that they have each label it names.
fn check(query: &str, scraped: &Exposition) {
    let asked = selectors(query);
    assert!(!asked.is_empty(), "{query} asks for nothing");
    for Selector { metric, labels } in asked {
        // Prometheus' own.
        if metric == "up" {
            continue;
        }
        let sample = scraped.samples.iter().find(|sample| sample.name == metric);
        let sample = sample.unwrap_or_else(|| panic!("there is no {metric}: {query}"));
        for label in labels {
            let known = OF_THE_TARGET.contains(&&label[..]) || sample.label(&label).is_some();
            assert!(known, "{metric} has no label {label}: {query}");
        }
    }
}

/// All texts under the key `key`, however deep.
fn texts<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match value {
            Value::String(text) if name == key => found.push(text),
            value => texts(value, key, found),
        }),
        Value::Array(items) => items.iter().for_each(|item| texts(item, key, found)),
        _ => {}
    }
}

#[test]
fn the_dashboard_asks_for_what_there_is() {
    let scraped = Exposition::read(&Used::new(false).scrape());
    let dashboard: Value = serde_json::from_str(&deployed("grafana/ferrocast.json")).unwrap();
    let mut queries = Vec::new();
    texts(&dashboard, "expr", &mut queries);
    assert!(queries.len() > 50, "{} queries", queries.len());
    queries.iter().for_each(|query| check(query, &scraped));

    let mut variables = Vec::new();
    texts(&dashboard, "definition", &mut variables);
    assert_eq!(variables.len(), 4);
    for variable in variables {
        let inner = variable.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')')).unwrap();
        let (metric, label) = inner.rsplit_once(", ").unwrap();
        check(&format!("sum by ({label}) ({metric})"), &scraped);
    }
}

#[test]
fn the_dashboard_shows_every_metric() {
    let scraped = Exposition::read(&Used::new(false).scrape());
    let dashboard = deployed("grafana/ferrocast.json");
    // It is sent no requests; that it is not ready is shown.
    let hidden = ["ferrocast_draining"];
    let missing: Vec<_> = scraped.types.keys().filter(|name| !dashboard.contains(&name[..])).collect();
    assert_eq!(missing, hidden);
}

#[test]
fn variables_and_places_of_the_dashboard_fit() {
    let dashboard: Value = serde_json::from_str(&deployed("grafana/ferrocast.json")).unwrap();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let names: Vec<_> = variables.iter().filter_map(|variable| variable["name"].as_str()).collect();
    assert_eq!(names, ["datasource", "job", "instance", "model", "endpoint"]);
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    let mut taken = BTreeSet::new();
    for panel in panels {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(x + w <= 24, "{panel}");
        for place in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert(place), "two panels at {place:?}: {}", panel["title"]);
        }
    }
}

#[test]
fn the_alerts_ask_for_what_there_is() {
    let scraped = Exposition::read(&Used::new(false).scrape());
    let alerts = deployed("prometheus/alerts.yaml");
    let rules: Vec<_> = alerts.split("- alert: ").skip(1).collect();
    assert_eq!(rules.len(), 16);
    for rule in rules {
        let (name, rest) = rule.split_once('\n').unwrap();
        let (query, rest) = rest.split_once("expr: ").unwrap().1.split_once("for: ").unwrap();
        check(query.trim_start_matches('|'), &scraped);
        assert!(["severity: critical", "severity: warning"].iter().any(|severity| rest.contains(severity)), "{name}");
        assert!(rest.contains("summary: "), "{name}");
        let runbook = format!("runbook: docs/operations.md#{}", name.to_lowercase());
        assert!(rest.contains(&runbook), "{name} has no {runbook}");
    }
}
