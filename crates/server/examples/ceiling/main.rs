//! The ceiling of `cargo xtask bench`: what actix-web itself reaches with bodies of the size of ours.
//!
//! `ceiling <bytes> <rows>` listens on a free port. It parses a row, or a batch of rows, into plain structs as a
//! hand-written service would, and answers a struct whose JSON has that many bytes for that many rows. `ceiling <bytes> mixed`
//! does so with a row of several models. Nothing is validated and no model runs.

#![expect(clippy::disallowed_methods, reason = "routes as actix-web has them")]

mod mixed;

use std::{env, error::Error, hint::black_box};

use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[expect(dead_code, reason = "a service without a model parses its input and has no use for it")]
struct Row {
    bill_length_mm: f64,
    bill_depth_mm: f64,
    island: String,
    flipper_length_mm: i64,
}

#[derive(Deserialize)]
struct Batch {
    instances: Vec<Row>,
}

#[derive(Serialize)]
struct Answer<'a> {
    prediction: i64,
    label: &'a str,
    probability: [f32; 3],
    confidence: f32,
    status: &'a str,
    model: &'a str,
    version: &'a str,
    /// Fills the answer up to the wanted size: its numbers are a little shorter than real ones.
    padding: &'a str,
}

#[derive(Serialize)]
struct BatchAnswer<'a> {
    predictions: Vec<Item<'a>>,
    status: &'a str,
    processed_count: usize,
    model: &'a str,
    version: &'a str,
    padding: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    instance_id: usize,
    prediction: i64,
    label: &'a str,
    probability: [f32; 3],
    confidence: f32,
}

/// Most bytes of a body that is returned.
const ECHOED: usize = 16 << 20;

const PROBABILITY: [f32; 3] = [0.9985, 0.0014, 0.0001];

fn answer(padding: &str) -> Answer<'_> {
    Answer {
        prediction: 0,
        label: "Adelie",
        probability: PROBABILITY,
        confidence: 0.9985,
        status: "success",
        model: "penguins",
        version: "2",
        padding,
    }
}

fn batch_answer(rows: usize, padding: &str) -> BatchAnswer<'_> {
    let item = |instance_id| Item {
        instance_id,
        prediction: 0,
        label: "Adelie",
        probability: PROBABILITY,
        confidence: 0.9985,
    };
    BatchAnswer {
        predictions: (0..rows).map(item).collect(),
        status: "success",
        processed_count: rows,
        model: "penguins",
        version: "2",
        padding,
    }
}

async fn predict(row: web::Json<Row>, padding: web::Data<String>) -> HttpResponse {
    black_box(&row);
    HttpResponse::Ok().json(answer(&padding))
}

async fn predict_batch(batch: web::Json<Batch>, padding: web::Data<String>) -> HttpResponse {
    black_box(&batch);
    HttpResponse::Ok().json(batch_answer(batch.instances.len(), &padding))
}

/// Receives bytes and returns them: the yardstick of tensors.
async fn echo(body: web::Bytes) -> HttpResponse {
    HttpResponse::Ok().content_type("application/octet-stream").body(body)
}

/// Takes a row as bytes and answers what lies ready: the yardstick of answers that are kept.
async fn answer_static(body: web::Bytes, answer: web::Data<Bytes>) -> HttpResponse {
    black_box(&body);
    HttpResponse::Ok().content_type("application/json").body(answer.get_ref().clone())
}

/// What an answer for `rows` lacks to `bytes`.
fn padding(bytes: usize, rows: usize) -> Result<String, Box<dyn Error>> {
    let bare = match rows {
        1 => serde_json::to_vec(&answer(""))?,
        rows => serde_json::to_vec(&batch_answer(rows, ""))?,
    };
    filled(bytes, bare.len())
}

/// As much as `bare` bytes lack to `bytes`.
fn filled(bytes: usize, bare: usize) -> Result<String, Box<dyn Error>> {
    let missing = bytes.checked_sub(bare).ok_or_else(|| format!("an answer has {bare} bytes at least"))?;
    Ok(" ".repeat(missing))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [bytes, rows] = arguments.as_slice() else { return Err("usage: ceiling <bytes> <rows>|mixed".into()) };
    let padding = web::Data::new(match rows.as_str() {
        "mixed" => mixed::padding(bytes.parse()?)?,
        rows => padding(bytes.parse()?, rows.parse()?)?,
    });
    let ready = web::Data::new(Bytes::from(serde_json::to_vec(&answer(&padding))?));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(padding.clone())
            .app_data(ready.clone())
            .route("/predict", web::post().to(predict))
            .route("/predict_batch", web::post().to(predict_batch))
            .route("/static", web::post().to(answer_static))
            .route("/echo", web::post().to(echo))
            .configure(mixed::routes)
            .app_data(web::PayloadConfig::new(ECHOED))
    })
    .bind(("127.0.0.1", 0))?;
    let address = server.addrs().into_iter().next().ok_or("it listens nowhere")?;
    announce(&format!("listening on http://{address}"));
    Ok(server.run().await?)
}

#[allow(clippy::print_stdout, reason = "its only output, awaited by xtask")]
fn announce(line: &str) {
    println!("{line}");
}
