//! The route table: every path of the server on one screen.

pub(crate) mod aliases;
pub(crate) mod docs;
mod health;
pub(crate) mod image;
mod models;
mod oip;
pub(crate) mod predict;
mod repository;
mod tasks;

use actix_web::web as plain;
use apistos::web::{ServiceConfig, delete, get, post, put, resource, scope};

/// Routes of the API. The description shows those with a name as they stand here, and those of one model's predictions
/// once for each loaded model, with its own fields.
pub(crate) fn api(routes: &mut ServiceConfig<'_>) {
    // The first match counts, and a template is a regular expression: fixed paths come first, and the templates of models
    // are a tree, which tries two of them for any path of a model rather than six.
    routes
        .service(resource("/").route(get().to(health::root)))
        .service(resource("/health").route(get().to(health::health)))
        .service(resource("/startupz").route(get().to(health::startupz)))
        .service(resource("/livez").route(get().to(health::livez)))
        .service(resource("/readyz").route(get().to(health::readyz)))
        .service(resource("/predict").route(post().to(predict::predict)))
        .service(resource("/predict_batch").route(post().to(predict::predict_batch)))
        .service(resource("/predict_cached").route(post().to(predict::predict_cached)))
        .service(resource("/predict_async").route(post().to(tasks::predict_async)))
        .service(resource("/predict_image").route(post().to(image::predict_image)))
        .service(resource("/predict_image_batch").route(post().to(image::predict_image_batch)))
        .service(resource("/predict_image_base64").route(post().to(image::predict_image_base64)))
        .service(resource("/prediction_status").route(get().to(tasks::list)))
        .service(
            resource("/prediction_status/{task_id}").route(get().to(tasks::status)).route(delete().to(tasks::cancel)),
        )
        .service(resource("/prediction_status/{task_id}/callback").route(post().to(tasks::replay)))
        .service(resource("/models").route(get().to(models::list)))
        .service(
            scope("/models/{model}")
                .service(resource("").route(get().to(models::model)))
                .service(resource("/aliases/{alias}").route(put().to(aliases::set)))
                .service(resource("/predict").route(post().to(predict::row)))
                .service(resource("/predict_batch").route(post().to(predict::batch)))
                .service(resource("/predict_cached").route(post().to(predict::cached_row)))
                .service(resource("/predict_async").route(post().to(tasks::of_model)))
                .service(resource("/prediction_status").route(get().to(tasks::list_of_model)))
                .service(resource("/prediction_status/{task_id}").route(get().to(tasks::status_of_model)))
                .service(resource("/predict_image").route(post().to(image::file)))
                .service(resource("/predict_image_batch").route(post().to(image::files)))
                .service(resource("/predict_image_base64").route(post().to(image::base64)))
                .service(
                    scope("/versions/{version}")
                        .service(resource("").route(get().to(models::version)))
                        .service(resource("/predict").route(post().to(predict::row)))
                        .service(resource("/predict_batch").route(post().to(predict::batch)))
                        .service(resource("/predict_cached").route(post().to(predict::cached_row)))
                        .service(resource("/predict_async").route(post().to(tasks::of_model)))
                        .service(resource("/predict_image").route(post().to(image::file)))
                        .service(resource("/predict_image_batch").route(post().to(image::files)))
                        .service(resource("/predict_image_base64").route(post().to(image::base64))),
                ),
        )
        .service(resource("/predict/{version}").route(post().to(predict::predict_version)))
        .service(resource("/v2/").route(get().to(oip::server)))
        .service(
            scope("/v2")
                .service(resource("").route(get().to(oip::server)))
                .service(resource("/health/live").route(get().to(oip::live)))
                .service(resource("/health/ready").route(get().to(oip::ready)))
                .service(resource("/models").route(get().to(oip::models)))
                .service(resource("/models/stats").route(get().to(oip::all_statistics)))
                .service(
                    scope("/models/{model}")
                        .service(resource("").route(get().to(oip::model)))
                        .service(resource("/infer").route(post().to(oip::infer)))
                        .service(resource("/ready").route(get().to(oip::model_ready)))
                        .service(resource("/config").route(get().to(oip::config)))
                        .service(resource("/stats").route(get().to(oip::model_statistics)))
                        .service(
                            scope("/versions/{version}")
                                .service(resource("").route(get().to(oip::model)))
                                .service(resource("/infer").route(post().to(oip::infer)))
                                .service(resource("/ready").route(get().to(oip::model_ready)))
                                .service(resource("/config").route(get().to(oip::config)))
                                .service(resource("/stats").route(get().to(oip::model_statistics))),
                        ),
                )
                .service(resource("/repository/index").route(post().to(repository::index)))
                .service(resource("/repository/models/{model}/load").route(post().to(repository::load)))
                .service(resource("/repository/models/{model}/unload").route(post().to(repository::unload))),
        );
}

/// `/docs`, `/redoc`, `/openapi.json`: about the API, not part of it.
pub(crate) fn pages(routes: &mut plain::ServiceConfig) {
    docs::configure(routes);
}
