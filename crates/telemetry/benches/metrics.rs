//! What counting costs a request, and what a scrape costs: `cargo bench -p ferrocast-telemetry --bench metrics`.

use std::hint::black_box;
use std::time::Duration;

use divan::{Bencher, counter::ItemsCount};
use ferrocast_telemetry::{Metrics, MetricsConfig, ModelMetrics, ModelMoment, Moment, Phases, RouteMetrics};

fn main() {
    divan::main();
}

/// How many requests are timed as one, so that two threads are at it together for most of the time.
const REQUESTS: u64 = 100_000;

fn metrics() -> Metrics {
    Metrics::new(MetricsConfig { triton: true, version: "0.0.0" })
}

fn count(route: &RouteMetrics, model: &ModelMetrics, number: u64) {
    let took = Duration::from_nanos(black_box(number * 997 % 50_000));
    model.parsed(took);
    model.answered(1, &Phases { preprocess: took, queue: Duration::ZERO, inference: took * 20, encode: took });
    route.answered(200, took * 30);
}

/// One prediction: what was parsed, its phases, its answer. Threads count the same route and model.
#[divan::bench(threads = [1, 2])]
fn prediction(bencher: Bencher<'_, '_>) {
    let metrics = metrics();
    let route = metrics.route("POST", "/predict");
    let model = metrics.model("penguins", "1");
    bencher.counter(ItemsCount::new(REQUESTS)).bench(|| (0..REQUESTS).for_each(|number| count(&route, &model, number)));
}

/// That a request began and ended.
#[divan::bench(threads = [1, 2])]
fn in_flight(bencher: Bencher<'_, '_>) {
    let metrics = metrics();
    bencher
        .counter(ItemsCount::new(REQUESTS))
        .bench(|| (0..REQUESTS).for_each(|_| drop(black_box(metrics.http().begin()))));
}

/// A scrape of 50 models and 40 routes, every one of them used.
#[divan::bench]
fn scrape(bencher: Bencher<'_, '_>) {
    let metrics = metrics();
    let names: Vec<String> = (0..50).map(|number| format!("model-{number}")).collect();
    let models: Vec<ModelMetrics> = names.iter().map(|name| metrics.model(name, "1")).collect();
    for number in 0..40 {
        let route = metrics.route("POST", &format!("/route/{number}/{{model}}"));
        models.iter().zip(0..).for_each(|(model, number)| count(&route, model, number));
        [400, 404, 422, 429, 503].into_iter().for_each(|status| route.answered(status, Duration::ZERO));
    }
    let models = names.iter().map(|name| ModelMoment { model: name, version: "1", ..ModelMoment::default() }).collect();
    let moment = Moment { models, ..Moment::default() };
    bencher.bench(|| metrics.render(&moment));
}
