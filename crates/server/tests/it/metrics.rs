//! `GET /metrics`.

use std::collections::{BTreeMap, BTreeSet};

use ferrocast_server::loaders;

use crate::server::{PENGUIN, TestServer, samples};

/// Samples by their names with labels.
fn scrape(server: &TestServer) -> BTreeMap<String, f64> {
    let answer = server.client().get("/metrics");
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("text/plain; version=0.0.4")));
    let text = answer.text();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}")))
        })
        .collect()
}

fn server(settings: &[(&str, &str)]) -> TestServer {
    let settings: Vec<_> = [("MODELS__DEFAULT", "penguins")].iter().chain(settings).copied().collect();
    TestServer::start(&samples(), &settings, loaders())
}

#[test]
fn requests_are_counted_by_route_and_predictions_by_model() {
    let server = server(&[]);
    let mut client = server.client();
    for _ in 0..3 {
        assert_eq!(client.post("/predict", PENGUIN.as_bytes()).status, 200);
    }
    client.post("/models/penguins/versions/1/predict", PENGUIN.as_bytes());
    client.post("/predict", b"{}");
    client.get("/models/nobody");
    client.get("/nowhere/at/all");
    client.request("HEAD", "/health", &[], b"");
    let batch = format!(r#"{{"instances": [{PENGUIN}, {PENGUIN}]}}"#);
    client.post("/predict_batch", batch.as_bytes());
    let samples = scrape(&server);
    let of = |name: &str| *samples.get(name).unwrap_or_else(|| panic!("no {name} in {samples:#?}"));
    let requests = |method: &str, endpoint: &str, status: u16| {
        of(&format!(r#"ml_api_requests_total{{method="{method}",endpoint="{endpoint}",status="{status}"}}"#))
    };
    assert_eq!(requests("POST", "/predict", 200), 3.0);
    assert_eq!(requests("POST", "/predict", 422), 1.0);
    assert_eq!(requests("POST", "/models/{model}/versions/{version}/predict", 200), 1.0);
    assert_eq!(requests("GET", "/models/{model}", 404), 1.0);
    assert_eq!(requests("GET", "unmatched", 404), 1.0);
    assert_eq!(requests("GET", "/health", 200), 1.0);
    assert_eq!(of(r#"ml_api_request_duration_seconds_count{method="POST",endpoint="/predict"}"#), 4.0);
    assert_eq!(of(r#"ml_api_predictions_total{model="penguins",version="2"}"#), 5.0);
    assert_eq!(of(r#"ml_api_predictions_total{model="penguins",version="1"}"#), 1.0);
    for phase in ["parse", "queue", "preprocess", "inference", "encode"] {
        let count = of(&format!(r#"ferrocast_{phase}_duration_seconds_count{{model="penguins",version="2"}}"#));
        assert_eq!(count, if phase == "parse" { 5.0 } else { 4.0 }, "{phase}");
    }
    assert_eq!(of(r#"ferrocast_batch_rows_sum{model="penguins",version="2"}"#), 5.0);
    assert_eq!(of(r#"ferrocast_model_ready{model="penguins",version="1"}"#), 1.0);
    assert_eq!(of(r#"ferrocast_model_loads_total{model="penguins"}"#), 2.0);
    assert!(of(r#"ferrocast_model_load_seconds{model="penguins",version="2"}"#) > 0.0);
    assert_eq!((of("ferrocast_ready"), of("ferrocast_draining"), of("ferrocast_requests_in_flight")), (1.0, 0.0, 1.0));
    assert!(of("ferrocast_connections") >= 1.0);
    if cfg!(target_os = "linux") {
        assert!(of("process_resident_memory_bytes") > 1e6 && of("process_open_fds") > 3.0);
    }
    assert!(!samples.keys().any(|name| name.starts_with("nv_")), "{samples:#?}");
}

#[test]
fn answers_that_are_kept_are_counted_wherever_they_come_from() {
    let server = server(&[("SERVER__WORKERS", "1")]);
    let mut client = server.client();
    for _ in 0..5 {
        assert_eq!(client.post("/predict_cached", PENGUIN.as_bytes()).status, 200);
    }
    let samples = scrape(&server);
    let requests = r#"ml_api_requests_total{method="POST",endpoint="/predict_cached",status="200"}"#;
    assert_eq!(samples.get(requests), Some(&5.0), "{samples:#?}");
    assert_eq!(samples.get("ferrocast_cache_hits_total"), Some(&4.0));
    assert_eq!(samples.get("ferrocast_cache_misses_total"), Some(&1.0));
}

#[test]
fn tasks_are_counted() {
    let server = server(&[]);
    let mut client = server.client();
    assert_eq!(client.post("/predict_async", PENGUIN.as_bytes()).status, 202);
    let samples = scrape(&server);
    for name in ["ferrocast_tasks_queued", "ferrocast_tasks_running", "ferrocast_callbacks_due"] {
        assert!(samples.contains_key(name), "no {name}");
    }
    assert_eq!(samples.get("ferrocast_task_store_degraded"), Some(&0.0));
}

#[test]
fn dashboards_made_for_triton_find_their_names() {
    let server = server(&[("METRICS__COMPAT", "triton")]);
    let mut client = server.client();
    client.post("/predict", PENGUIN.as_bytes());
    client.post("/predict", PENGUIN.as_bytes());
    let samples = scrape(&server);
    let of = |name: &str| samples.get(&format!(r#"{name}{{model="penguins",version="2"}}"#)).copied();
    assert_eq!((of("nv_inference_request_success"), of("nv_inference_count")), (Some(2.0), Some(2.0)));
    assert_eq!(of("nv_inference_exec_count"), Some(2.0));
    assert!(of("nv_inference_request_duration_us").is_some_and(|time| time > 0.0));
    assert!(of("nv_inference_compute_infer_duration_us").is_some());
    assert_eq!(of("nv_inference_pending_request_count"), Some(0.0));
}

/// What is counted must not grow with what strangers send.
#[test]
fn no_traffic_makes_more_series() {
    let server = server(&[("METRICS__COMPAT", "triton")]);
    let mut client = server.client();
    let mut noise = |from: usize, to: usize| {
        for number in from..to {
            client.get(&format!("/nowhere/{number}?key={number}"));
            client.get(&format!("/models/m{number}"));
            client.request(
                "POST",
                &format!("/models/m{number}/predict"),
                &[("x-request-id", &format!("r{number}"))],
                b"",
            );
            client.get(&format!("/v2/models/m{number}/versions/{number}/ready"));
            client.get(&format!("/prediction_status/00000000-0000-4000-8000-{number:012}"));
            client.request(&format!("M{number}"), "/predict", &[], b"");
        }
    };
    noise(0, 20);
    let names = |samples: BTreeMap<String, f64>| samples.into_keys().collect::<BTreeSet<_>>();
    let before = names(scrape(&server));
    noise(20, 2000);
    let after = names(scrape(&server));
    // The scrape itself was not among the first one's.
    let new: Vec<_> = after.difference(&before).filter(|name| !name.contains("/metrics")).collect();
    assert!(new.is_empty(), "{new:#?}");
    assert!(after.len() <= 2000, "{} series", after.len());
    let labels: BTreeSet<&str> = after
        .iter()
        .filter_map(|name| name.split_once('{'))
        .flat_map(|(_, labels)| labels.split(',').filter_map(|label| label.split_once('=')))
        .map(|(name, _)| name)
        .collect();
    let known = BTreeSet::from(["endpoint", "le", "method", "model", "reason", "status", "version"]);
    assert!(labels.is_subset(&known), "{labels:?}");
}
