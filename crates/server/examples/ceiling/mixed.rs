//! Rows of several models on the paths that the server has for them, so that both sides are sent the same requests.
//!
//! Each row is parsed into the struct of its model. All answers are alike and of the mean size: a label that some of the
//! models have would be longer than what others answer.

use std::{error::Error, hint::black_box};

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Row;

/// One of `auto-mpg`.
#[derive(Deserialize)]
#[expect(dead_code, reason = "as of the rows of penguins")]
struct Car {
    cylinders: i64,
    displacement: f64,
    horsepower: Option<f64>,
    weight_in_lbs: i64,
    acceleration: f64,
    model_year: i64,
    origin: String,
}

/// One of the timed models.
#[derive(Deserialize)]
#[expect(dead_code, reason = "as of the rows of penguins")]
struct Numbers {
    x0: f64,
    x1: f64,
    x2: f64,
    x3: f64,
    x4: f64,
    x5: f64,
    x6: f64,
    x7: f64,
    x8: f64,
    x9: f64,
    x10: f64,
    x11: f64,
    x12: f64,
    x13: f64,
    x14: f64,
    x15: f64,
    x16: f64,
    x17: f64,
    x18: f64,
    x19: f64,
}

#[derive(Serialize)]
struct Answer<'a> {
    prediction: i64,
    probability: [f32; 2],
    confidence: f32,
    status: &'a str,
    model: &'a str,
    version: &'a str,
    padding: &'a str,
}

fn answer(padding: &str) -> Answer<'_> {
    Answer {
        prediction: 0,
        probability: [0.9985, 0.0015],
        confidence: 0.9985,
        status: "success",
        model: "forest",
        version: "1",
        padding,
    }
}

/// What an answer lacks to `bytes`.
pub(super) fn padding(bytes: usize) -> Result<String, Box<dyn Error>> {
    super::filled(bytes, serde_json::to_vec(&answer(""))?.len())
}

async fn predict<R: DeserializeOwned>(row: web::Json<R>, padding: web::Data<String>) -> HttpResponse {
    black_box(&row);
    HttpResponse::Ok().json(answer(&padding))
}

pub(super) fn routes(service: &mut ServiceConfig) {
    service
        .route("/models/penguins/versions/1/predict", web::post().to(predict::<Row>))
        .route("/models/penguins/versions/2/predict", web::post().to(predict::<Row>))
        .route("/models/auto-mpg/predict", web::post().to(predict::<Car>))
        .route("/models/logistic-regression/predict", web::post().to(predict::<Numbers>))
        .route("/models/random-forest-2000-rows/predict", web::post().to(predict::<Numbers>))
        .route("/models/random-forest/predict", web::post().to(predict::<Numbers>));
}
