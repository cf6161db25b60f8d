//! What a scrape holds after everything was used, and how much of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ferrocast_cache::{CacheObserver, CacheStatus};
use ferrocast_telemetry::{
    CacheMetrics, Metrics, MetricsConfig, ModelMetrics, ModelMoment, Moment, NotPredicted, Phases, TaskCounts,
};
use proptest::prelude::{any, prop_assert_eq, proptest};

use crate::exposition::Exposition;

const MS: Duration = Duration::from_millis(1);
const STATUSES: [u16; 6] = [200, 400, 404, 422, 429, 503];
const VERSIONS: [(&str, &str); 3] = [("penguins", "1"), ("penguins", "2"), ("digits", "1")];

/// A server with 40 routes and three versions, on which everything has happened at least once.
pub(crate) struct Used {
    metrics: Metrics,
    models: Vec<ModelMetrics>,
}

impl Used {
    pub(crate) fn new(triton: bool) -> Used {
        let metrics = Metrics::new(MetricsConfig { triton, version: "1.2.3" });
        for number in 0..40 {
            let route = metrics.route("POST", &format!("/route-{number}/{{model}}"));
            STATUSES.into_iter().for_each(|status| route.answered(status, MS));
        }
        let models: Vec<_> = VERSIONS.into_iter().map(|(model, version)| metrics.model(model, version)).collect();
        for model in &models {
            model.parsed(MS);
            model.answered(8, &Phases { preprocess: MS, queue: 2 * MS, inference: 3 * MS, encode: 4 * MS });
            model.ran(8);
            model.cache_hit(5 * MS);
            model.cache_miss(7 * MS);
            let reasons = [NotPredicted::Rejected, NotPredicted::Canceled, NotPredicted::Backend, NotPredicted::Other];
            reasons.into_iter().for_each(|why| model.failed(why));
        }
        metrics.loads().loaded("penguins");
        metrics.loads().failed("digits");
        let http = metrics.http();
        http.panicked();
        http.auth_failed();
        http.rate_limited();
        http.overloaded();
        http.deadline_exceeded();
        metrics.tasks().accepted();
        metrics.tasks().completed(2_000 * MS);
        metrics.tasks().failed(MS);
        metrics.tasks().cancelled();
        metrics.callbacks().delivered(20 * MS);
        metrics.callbacks().attempt_failed(MS);
        metrics.callbacks().died();
        let tier: Arc<dyn CacheObserver> = Arc::<CacheMetrics>::clone(metrics.cache());
        tier.lookup_failed();
        tier.put_dropped();
        Used { metrics, models }
    }

    pub(crate) fn scrape(&self) -> String {
        let _in_flight = self.metrics.http().begin();
        self.metrics.render(&moment())
    }
}

fn moment() -> Moment<'static> {
    let models = VERSIONS.map(|(model, version)| ModelMoment {
        model,
        version,
        ready: version == "1",
        load_time: Some(1_500 * MS),
        queued_requests: 3,
        queued_rows: 30,
    });
    Moment {
        ready: true,
        draining: false,
        connections: 11,
        body_bytes_held: 12,
        log_lines_dropped: 13,
        models: models.to_vec(),
        cache: Some(CacheStatus { memory: 1, shared: 2, remote: 3, misses: 4, entries: 5, bytes: 6, degraded: true }),
        tasks: Some(TaskCounts { queued: 7, running: 8, callbacks_due: 9 }),
        task_store_degraded: true,
    }
}

fn scrape(triton: bool) -> Exposition {
    Exposition::read(&Used::new(triton).scrape())
}

#[test]
fn what_happened_is_in_the_text() {
    let scraped = scrape(false);
    let penguins = "{model=\"penguins\",version=\"1\"}";
    let route = "{method=\"POST\",endpoint=\"/route-7/{model}\"}";
    let rows = [
        ("ml_api_requests_total{method=\"POST\",endpoint=\"/route-7/{model}\",status=\"422\"}", 1.0),
        (&format!("ml_api_request_duration_seconds_sum{route}"), 0.006),
        (&format!("ml_api_predictions_total{penguins}"), 8.0),
        (&format!("ferrocast_failures_total{penguins}"), 4.0),
        (&format!("ferrocast_parse_duration_seconds_count{penguins}"), 1.0),
        (&format!("ferrocast_preprocess_duration_seconds_sum{penguins}"), 0.001),
        (&format!("ferrocast_queue_duration_seconds_sum{penguins}"), 0.002),
        (&format!("ferrocast_inference_duration_seconds_sum{penguins}"), 0.003),
        (&format!("ferrocast_encode_duration_seconds_sum{penguins}"), 0.004),
        ("ferrocast_encode_duration_seconds_bucket{model=\"digits\",version=\"1\",le=\"0.003\"}", 0.0),
        ("ferrocast_encode_duration_seconds_bucket{model=\"digits\",version=\"1\",le=\"0.01\"}", 1.0),
        ("ferrocast_batch_rows_bucket{model=\"digits\",version=\"1\",le=\"4\"}", 0.0),
        ("ferrocast_batch_rows_bucket{model=\"digits\",version=\"1\",le=\"8\"}", 1.0),
        (&format!("ferrocast_queue_rows{penguins}"), 30.0),
        ("ferrocast_model_ready{model=\"penguins\",version=\"2\"}", 0.0),
        (&format!("ferrocast_model_ready{penguins}"), 1.0),
        (&format!("ferrocast_model_load_seconds{penguins}"), 1.5),
        ("ferrocast_model_loads_total{model=\"penguins\"}", 1.0),
        ("ferrocast_model_load_failures_total{model=\"digits\"}", 1.0),
        ("ferrocast_requests_in_flight", 1.0),
        ("ferrocast_connections", 11.0),
        ("ferrocast_body_bytes_held", 12.0),
        ("ferrocast_log_lines_dropped_total", 13.0),
        ("ferrocast_panics_total", 1.0),
        ("ferrocast_auth_failures_total", 1.0),
        ("ferrocast_rate_limited_total", 1.0),
        ("ferrocast_overloaded_total", 1.0),
        ("ferrocast_deadline_exceeded_total", 1.0),
        ("ferrocast_ready", 1.0),
        ("ferrocast_draining", 0.0),
        ("ferrocast_build_info{version=\"1.2.3\"}", 1.0),
        ("ferrocast_cache_hits_total", 1.0),
        ("ferrocast_cache_shared_total", 2.0),
        ("ferrocast_cache_remote_hits_total", 3.0),
        ("ferrocast_cache_misses_total", 4.0),
        ("ferrocast_cache_entries", 5.0),
        ("ferrocast_cache_bytes", 6.0),
        ("ferrocast_cache_degraded", 1.0),
        ("ferrocast_cache_remote_failures_total", 2.0),
        ("ferrocast_tasks_accepted_total", 1.0),
        ("ferrocast_tasks_completed_total", 1.0),
        ("ferrocast_tasks_failed_total", 1.0),
        ("ferrocast_tasks_cancelled_total", 1.0),
        ("ferrocast_tasks_queued", 7.0),
        ("ferrocast_tasks_running", 8.0),
        ("ferrocast_task_duration_seconds_sum", 2.001),
        ("ferrocast_task_store_degraded", 1.0),
        ("ferrocast_callbacks_delivered_total", 1.0),
        ("ferrocast_callback_attempt_failures_total", 1.0),
        ("ferrocast_callbacks_dead_total", 1.0),
        ("ferrocast_callbacks_due", 9.0),
        ("ferrocast_callback_duration_seconds_count", 2.0),
    ];
    for (series, value) in rows {
        assert_eq!(scraped.value(series), value, "{series}");
    }
}

#[test]
fn tritons_names_are_added_when_asked_for() {
    let without = scrape(false);
    assert!(!without.samples.iter().any(|sample| sample.name.starts_with("nv_")));
    let with = scrape(true);
    let added: BTreeSet<_> = with.types.keys().filter(|name| !without.types.contains_key(*name)).collect();
    assert!(added.iter().all(|name| name.starts_with("nv_")), "{added:?}");
    let of_digits = "{model=\"digits\",version=\"1\"}";
    let rows = [
        ("nv_inference_request_success", 2.0),
        ("nv_inference_count", 8.0),
        ("nv_inference_exec_count", 1.0),
        ("nv_inference_pending_request_count", 3.0),
        ("nv_inference_request_duration_us", 22_000.0),
        ("nv_inference_queue_duration_us", 2_000.0),
        ("nv_inference_compute_input_duration_us", 1_000.0),
        ("nv_inference_compute_infer_duration_us", 3_000.0),
        ("nv_inference_compute_output_duration_us", 4_000.0),
        ("nv_cache_num_hits_per_model", 1.0),
        ("nv_cache_num_misses_per_model", 1.0),
        ("nv_cache_hit_duration_per_model", 5_000.0),
        ("nv_cache_miss_duration_per_model", 7_000.0),
    ];
    for (name, value) in rows {
        assert_eq!(with.value(&format!("{name}{of_digits}")), value, "{name}");
        let kind = if name == "nv_inference_pending_request_count" { "gauge" } else { "counter" };
        assert_eq!(with.types[name], kind);
    }
    for reason in ["REJECTED", "CANCELED", "BACKEND", "OTHER"] {
        let series = format!("nv_inference_request_failure{{model=\"digits\",version=\"1\",reason=\"{reason}\"}}");
        assert_eq!(with.value(&series), 1.0);
    }
}

#[test]
fn series_are_few_and_labels_are_known() {
    let scraped = scrape(true);
    assert!(scraped.samples.len() <= 2_000, "{} series", scraped.samples.len());
    for sample in &scraped.samples {
        for (label, _) in &sample.labels {
            let known = ["method", "endpoint", "status", "model", "version", "le"].contains(&&label[..]);
            assert!(known || (sample.name == "nv_inference_request_failure" && label == "reason"), "{sample:?}");
        }
    }
}

#[test]
fn the_process_is_measured() {
    let scraped = scrape(true);
    if !cfg!(target_os = "linux") {
        return;
    }
    let names = [
        "process_cpu_seconds_total",
        "process_open_fds",
        "process_max_fds",
        "process_virtual_memory_bytes",
        "process_resident_memory_bytes",
        "process_threads",
        "process_start_time_seconds",
        "nv_cpu_memory_total_bytes",
        "nv_cpu_memory_used_bytes",
    ];
    let least = [0.0, 3.0, 3.0, 1e6, 1e5, 1.0, 1.6e9, 1e6, 1e6];
    for (name, least) in names.into_iter().zip(least) {
        assert!(scraped.value(name) >= least, "{name} is {}", scraped.value(name));
    }
    assert!((0.0..=1.0).contains(&scraped.value("nv_cpu_utilization")));
}

#[test]
fn nothing_lingers_of_a_model_that_has_gone() {
    let mut used = Used::new(true);
    used.models.remove(2);
    let mut moment = moment();
    moment.models.retain(|model| model.model != "digits");
    let scraped = Exposition::read(&used.metrics.render(&moment));
    assert!(!scraped.samples.iter().any(|sample| sample.label("model") == Some("digits")));
    assert!(scraped.samples.iter().any(|sample| sample.label("model") == Some("penguins")));
}

#[test]
fn names_are_told_apart_that_read_alike_with_their_versions() {
    let metrics = Metrics::new(MetricsConfig { triton: false, version: "1.2.3" });
    let models = [metrics.model("a", "11"), metrics.model("a1", "1")];
    models.iter().zip([2, 3]).for_each(|(model, rows)| model.answered(rows, &Phases::default()));
    let scraped = Exposition::read(&metrics.render(&Moment::default()));
    assert_eq!(scraped.value("ml_api_predictions_total{model=\"a\",version=\"11\"}"), 2.0);
    assert_eq!(scraped.value("ml_api_predictions_total{model=\"a1\",version=\"1\"}"), 3.0);
}

#[test]
fn what_is_not_known_is_left_out() {
    let metrics = Metrics::new(MetricsConfig { triton: true, version: "1.2.3" });
    let scraped = Exposition::read(&metrics.render(&Moment::default()));
    let unknown =
        ["ml_api_requests_total", "ferrocast_model_ready", "ferrocast_cache_hits_total", "ferrocast_tasks_queued"];
    for name in unknown {
        assert!(!scraped.has(name), "{name}");
    }
    assert_eq!(scraped.value("ferrocast_ready"), 0.0);
    assert_eq!(scraped.value("ferrocast_task_store_degraded"), 0.0);
}

proptest! {
    #[test]
    fn any_name_comes_back_as_it_was(endpoint in any::<String>()) {
        let metrics = Metrics::new(MetricsConfig { triton: false, version: "1.2.3" });
        metrics.route("GET", &endpoint).answered(200, MS);
        let scraped = Exposition::read(&metrics.render(&Moment::default()));
        let request = scraped.samples.iter().find(|sample| sample.name == "ml_api_requests_total").unwrap();
        prop_assert_eq!(request.label("endpoint"), Some(&endpoint[..]));
    }
}

#[test]
fn scrapes_and_requests_do_not_disturb_each_other() {
    let metrics = Metrics::new(MetricsConfig { triton: true, version: "1.2.3" });
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let route = metrics.route("GET", "/");
                let model = metrics.model("a", "1");
                for _ in 0..20_000 {
                    route.answered(200, MS);
                    model.answered(1, &Phases::default());
                }
            });
        }
        for _ in 0..50 {
            Exposition::read(&metrics.render(&Moment::default()));
        }
    });
    let scraped = Exposition::read(&metrics.render(&Moment::default()));
    assert_eq!(scraped.value("ml_api_requests_total{method=\"GET\",endpoint=\"/\",status=\"200\"}"), 40_000.0);
}
