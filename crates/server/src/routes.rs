//! The route table: every path of the server on one screen.

pub(crate) mod aliases;
pub(crate) mod docs;
pub(crate) mod guarded;
mod health;
pub(crate) mod image;
pub(crate) mod log;
mod metrics;
mod models;
mod oip;
pub(crate) mod predict;
mod repository;
mod tasks;

use actix_web::web as plain;
use apistos::web::{ServiceConfig, resource, scope};

use self::guarded::{delete, get, post, put};
use crate::access::Need::{Admin, Jobs, Metrics, Nothing, Predict};

/// Routes of the API. The description shows those with a name as they stand here, and those of one model's predictions
/// once for each loaded model, with its own fields.
pub(crate) fn api(routes: &mut ServiceConfig<'_>) {
    // The first match counts, and a template is a regular expression: fixed paths come first, and the templates of models
    // are a tree, which tries two of them for any path of a model rather than six.
    routes
        .service(resource("/").route(get(Predict).to(health::root)))
        .service(resource("/health").route(get(Nothing).to(health::health)))
        .service(resource("/startupz").route(get(Nothing).to(health::startupz)))
        .service(resource("/livez").route(get(Nothing).to(health::livez)))
        .service(resource("/readyz").route(get(Nothing).to(health::readyz)))
        .service(resource("/admin/log").route(get(Admin).to(log::level)).route(put(Admin).to(log::set_level)))
        .service(resource("/metrics").route(get(Metrics).to(metrics::metrics)))
        .service(resource("/predict").route(post(Predict).to(predict::predict)))
        .service(resource("/predict_batch").route(post(Predict).to(predict::predict_batch)))
        .service(resource("/predict_cached").route(post(Predict).to(predict::predict_cached)))
        .service(resource("/predict_async").route(post(Jobs).to(tasks::predict_async)))
        .service(resource("/predict_image").route(post(Predict).to(image::predict_image)))
        .service(resource("/predict_image_batch").route(post(Predict).to(image::predict_image_batch)))
        .service(resource("/predict_image_base64").route(post(Predict).to(image::predict_image_base64)))
        .service(resource("/prediction_status").route(get(Jobs).to(tasks::list)))
        .service(
            resource("/prediction_status/{task_id}")
                .route(get(Jobs).to(tasks::status))
                .route(delete(Jobs).to(tasks::cancel)),
        )
        .service(resource("/prediction_status/{task_id}/callback").route(post(Admin).to(tasks::replay)))
        .service(resource("/models").route(get(Predict).to(models::list)))
        .service(
            scope("/models/{model}")
                .service(resource("").route(get(Predict).to(models::model)))
                .service(resource("/aliases/{alias}").route(put(Admin).to(aliases::set)))
                .service(resource("/predict").route(post(Predict).to(predict::row)))
                .service(resource("/predict_batch").route(post(Predict).to(predict::batch)))
                .service(resource("/predict_cached").route(post(Predict).to(predict::cached_row)))
                .service(resource("/predict_async").route(post(Jobs).to(tasks::of_model)))
                .service(resource("/prediction_status").route(get(Jobs).to(tasks::list_of_model)))
                .service(resource("/prediction_status/{task_id}").route(get(Jobs).to(tasks::status_of_model)))
                .service(resource("/predict_image").route(post(Predict).to(image::file)))
                .service(resource("/predict_image_batch").route(post(Predict).to(image::files)))
                .service(resource("/predict_image_base64").route(post(Predict).to(image::base64)))
                .service(
                    scope("/versions/{version}")
                        .service(resource("").route(get(Predict).to(models::version)))
                        .service(resource("/predict").route(post(Predict).to(predict::row)))
                        .service(resource("/predict_batch").route(post(Predict).to(predict::batch)))
                        .service(resource("/predict_cached").route(post(Predict).to(predict::cached_row)))
                        .service(resource("/predict_async").route(post(Jobs).to(tasks::of_model)))
                        .service(resource("/predict_image").route(post(Predict).to(image::file)))
                        .service(resource("/predict_image_batch").route(post(Predict).to(image::files)))
                        .service(resource("/predict_image_base64").route(post(Predict).to(image::base64))),
                ),
        )
        .service(resource("/predict/{version}").route(post(Predict).to(predict::predict_version)))
        .service(resource("/v2/").route(get(Predict).to(oip::server)))
        .service(
            scope("/v2")
                .service(resource("").route(get(Predict).to(oip::server)))
                .service(resource("/health/live").route(get(Nothing).to(oip::live)))
                .service(resource("/health/ready").route(get(Nothing).to(oip::ready)))
                .service(resource("/models").route(get(Predict).to(oip::models)))
                .service(resource("/models/stats").route(get(Metrics).to(oip::all_statistics)))
                .service(
                    scope("/models/{model}")
                        .service(resource("").route(get(Predict).to(oip::model)))
                        .service(resource("/infer").route(post(Predict).to(oip::infer)))
                        .service(resource("/ready").route(get(Predict).to(oip::model_ready)))
                        .service(resource("/config").route(get(Predict).to(oip::config)))
                        .service(resource("/stats").route(get(Metrics).to(oip::model_statistics)))
                        .service(
                            scope("/versions/{version}")
                                .service(resource("").route(get(Predict).to(oip::model)))
                                .service(resource("/infer").route(post(Predict).to(oip::infer)))
                                .service(resource("/ready").route(get(Predict).to(oip::model_ready)))
                                .service(resource("/config").route(get(Predict).to(oip::config)))
                                .service(resource("/stats").route(get(Metrics).to(oip::model_statistics))),
                        ),
                )
                .service(resource("/repository/index").route(post(Admin).to(repository::index)))
                .service(resource("/repository/models/{model}/load").route(post(Admin).to(repository::load)))
                .service(resource("/repository/models/{model}/unload").route(post(Admin).to(repository::unload))),
        );
}

/// `/docs`, `/redoc`, `/openapi.json`: about the API, not part of it.
pub(crate) fn pages(routes: &mut plain::ServiceConfig) {
    docs::configure(routes);
}
