//! What is sent to `/predict_async`: what the model takes, in a form or in JSON, and where the result is to be sent.

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use apistos::paths::RequestBody;
use apistos::reference_or::ReferenceOr;
use apistos::{ApiComponent, Schema};
use futures_util::future::LocalBoxFuture;

use crate::error::Failure;
use crate::extract::json_body::{BodySchema, JsonBody};
use crate::extract::model::{is_form, takes_rows};
use crate::extract::upload::{OneOfTask, Upload};
use crate::routes::image::ImageData;
use crate::routes::predict::DefaultRow;

/// The body of a task. What it means depends on the model.
#[derive(Debug)]
pub(crate) enum TaskBody {
    /// JSON, not parsed yet.
    Json(Bytes),
    /// A form with a picture.
    Form(Upload<OneOfTask>),
}

/// What a row or a picture is called in the API description.
#[derive(Debug)]
pub(crate) struct RowOrPicture;

impl BodySchema for RowOrPicture {
    const NAME: &'static str = "DefaultModelTask";
}

impl FromRequest for TaskBody {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<TaskBody, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if is_form(request) {
            let upload = Upload::<OneOfTask>::from_request(request, payload);
            return Box::pin(async move { Ok(TaskBody::Form(upload.await?)) });
        }
        if takes_rows(request) {
            let body = JsonBody::<DefaultRow>::from_request(request, payload);
            return Box::pin(async move { Ok(TaskBody::Json(body.await?.bytes)) });
        }
        let body = JsonBody::<ImageData>::from_request(request, payload);
        Box::pin(async move { Ok(TaskBody::Json(body.await?.bytes)) })
    }
}

impl ApiComponent for TaskBody {
    fn child_schemas() -> Vec<(String, ReferenceOr<Schema>)> {
        Vec::new()
    }

    fn schema() -> Option<(String, ReferenceOr<Schema>)> {
        None
    }

    fn request_body() -> Option<RequestBody> {
        let mut body = JsonBody::<RowOrPicture>::request_body()?;
        body.content.extend(Upload::<OneOfTask>::request_body()?.content);
        Some(body)
    }
}
