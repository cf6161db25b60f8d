//! The route table: every path of the server on one screen.

pub(crate) mod docs;
mod health;
mod models;
mod predict;

use actix_web::web as plain;
use apistos::web::{ServiceConfig, get, post, resource};

/// Routes that the API description shows as they stand here.
pub(crate) fn documented(routes: &mut ServiceConfig<'_>) {
    routes
        .service(resource("/").route(get().to(health::root)))
        .service(resource("/health").route(get().to(health::health)))
        .service(resource("/predict").route(post().to(predict::predict)))
        .service(resource("/predict_batch").route(post().to(predict::predict_batch)))
        .service(resource("/predict/{version}").route(post().to(predict::predict_version)))
        .service(resource("/models").route(get().to(models::list)))
        .service(resource("/models/{model}").route(get().to(models::model)))
        .service(resource("/models/{model}/versions/{version}").route(get().to(models::version)));
}

/// Routes that the API description shows once for each loaded model, with its own fields.
pub(crate) fn per_model(routes: &mut plain::ServiceConfig) {
    let row = || plain::post().to(predict::row);
    let batch = || plain::post().to(predict::batch);
    routes
        .service(plain::resource("/models/{model}/predict").route(row()))
        .service(plain::resource("/models/{model}/predict_batch").route(batch()))
        .service(plain::resource("/models/{model}/versions/{version}/predict").route(row()))
        .service(plain::resource("/models/{model}/versions/{version}/predict_batch").route(batch()));
}

/// `/docs`, `/redoc`, `/openapi.json`: about the API, not part of it.
pub(crate) fn pages(routes: &mut plain::ServiceConfig) {
    docs::configure(routes);
}
