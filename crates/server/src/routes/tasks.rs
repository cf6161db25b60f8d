//! Predictions that are made later: hand one in, ask how it is, call it off.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::{Bytes, Data};
use apistos::actix::AcceptedJson;
use apistos::api_operation;
use ferrocast_cache::CacheKey;
use ferrocast_protocol::native::{self, TaskAccepted, TaskList, TaskStatus, TopK};
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_serving::{CallOptions, Deployment};
use ferrocast_tasks::{Callback, Cancelled, Idempotency, NewTask, Record, Submitted, TaskId};

use crate::error::Failure;
use crate::extract::idempotency::IdempotencyKey;
use crate::extract::model::{FlatTask, Model, Named, NamedTask, OneTask, PathParameters, TaskOfModel, wanted};
use crate::extract::owner::Owner;
use crate::extract::task_body::TaskBody;
use crate::extract::task_query::TaskQuery;
use crate::extract::top_k::TopKQuery;
use crate::middleware::request_context::RequestContext;
use crate::reply::Reply;
use crate::state::State;
use crate::tasks::{Input, Payload, status_of, summary_of};

#[api_operation(
    operation_id = "predict_async",
    tag = "default model",
    summary = "Hand in a row or a picture, to be predicted soon",
    description = "A row for the default model in JSON, or a picture in a form for the default model of pictures; beside it \
                   `callback_url`, if the result is to be sent somewhere. What is answered with 202 is stored, and survives a \
                   crash. Ask `/prediction_status/{task_id}` how it is."
)]
pub(crate) async fn predict_async(
    state: Data<State>,
    request: HttpRequest,
    model: Model<FlatTask>,
    owner: Owner,
    key: IdempotencyKey,
    top_k: TopKQuery,
    body: TaskBody,
) -> Result<AcceptedJson<TaskAccepted>, Failure> {
    submit(&state, &request, &model, (owner, key), (body, top_k.0)).await
}

/// For the model, and the version if there is one, that the path names.
#[api_operation(skip)]
pub(crate) async fn of_model(
    state: Data<State>,
    request: HttpRequest,
    model: Model<NamedTask>,
    owner: Owner,
    key: IdempotencyKey,
    top_k: TopKQuery,
    body: TaskBody,
) -> Result<AcceptedJson<TaskAccepted>, Failure> {
    submit(&state, &request, &model, (owner, key), (body, top_k.0)).await
}

#[api_operation(
    operation_id = "prediction_status",
    tag = "tasks",
    summary = "Tell how a task is",
    description = "`status` is `processing`, then `completed`, `failed` or `cancelled`. A task that has ended is known for a \
                   day (`tasks.keep_s`).",
    error_code = 404,
    error_code = 500,
    error_code = 503
)]
pub(crate) async fn status(
    state: Data<State>,
    request: HttpRequest,
    _path: PathParameters<OneTask>,
    owner: Owner,
) -> Result<Reply<TaskStatus<'static>>, Failure> {
    told(&found(&state, &request, &owner).await?)
}

#[api_operation(
    operation_id = "cancel_prediction",
    tag = "tasks",
    summary = "Call a task off",
    description = "A task that runs is stopped, or its result dropped. No callback is sent.",
    error_code = 404,
    error_code = 409,
    error_code = 500,
    error_code = 503
)]
pub(crate) async fn cancel(
    state: Data<State>,
    request: HttpRequest,
    _path: PathParameters<OneTask>,
    owner: Owner,
) -> Result<Reply<TaskStatus<'static>>, Failure> {
    match state.tasks.cancel(task_id(&request)?, owner.0.as_deref()).await? {
        Cancelled::Now => told(&found(&state, &request, &owner).await?),
        Cancelled::Before(ended) => {
            let message = format!("The task has ended: {}", ended.as_str());
            Err(ApiError::new(ErrorCode::Conflict, message).into())
        }
        Cancelled::Unknown => Err(not_found()),
    }
}

#[api_operation(
    operation_id = "replay_callback",
    tag = "tasks",
    summary = "Send a callback again that was given up",
    error_code = 404,
    error_code = 409,
    error_code = 500,
    error_code = 503
)]
pub(crate) async fn replay(
    state: Data<State>,
    request: HttpRequest,
    _path: PathParameters<OneTask>,
    owner: Owner,
) -> Result<Reply<TaskStatus<'static>>, Failure> {
    let record = found(&state, &request, &owner).await?;
    if !state.tasks.replay(record.id, owner.0.as_deref()).await? {
        return Err(ApiError::new(ErrorCode::Conflict, "The task has no callback that was given up").into());
    }
    told(&found(&state, &request, &owner).await?)
}

#[api_operation(
    operation_id = "prediction_status_of_model",
    tag = "tasks",
    summary = "Tell how a task of a model is",
    error_code = 404,
    error_code = 500,
    error_code = 503
)]
pub(crate) async fn status_of_model(
    state: Data<State>,
    request: HttpRequest,
    _path: PathParameters<TaskOfModel>,
    owner: Owner,
) -> Result<Reply<TaskStatus<'static>>, Failure> {
    told(&found(&state, &request, &owner).await?)
}

#[api_operation(
    operation_id = "list_predictions",
    tag = "tasks",
    summary = "List tasks, the latest first, without their results",
    error_code = 422,
    error_code = 500,
    error_code = 503
)]
pub(crate) async fn list(
    state: Data<State>,
    request: HttpRequest,
    query: TaskQuery,
    owner: Owner,
) -> Result<Reply<TaskList>, Failure> {
    listed(&state, &request, query, owner).await
}

async fn listed(
    state: &State,
    request: &HttpRequest,
    TaskQuery(mut query): TaskQuery,
    owner: Owner,
) -> Result<Reply<TaskList>, Failure> {
    query.owner = owner.0;
    query.topic = wanted(request).name.map(str::to_owned).or(query.topic);
    let most = query.most;
    let records = state.tasks.list(query).await?;
    let next = records.last().filter(|_| records.len() == most).map(|record| record.id.to_string());
    Reply::of(&TaskList { tasks: records.iter().map(summary_of).collect(), next })
}

#[api_operation(
    operation_id = "list_predictions_of_model",
    tag = "tasks",
    summary = "List tasks of a model, the latest first, without their results",
    error_code = 422,
    error_code = 500,
    error_code = 503
)]
pub(crate) async fn list_of_model(
    state: Data<State>,
    request: HttpRequest,
    _path: PathParameters<Named>,
    query: TaskQuery,
    owner: Owner,
) -> Result<Reply<TaskList>, Failure> {
    listed(&state, &request, query, owner).await
}

/// Validates, stores, and only then answers.
async fn submit<P>(
    state: &State,
    request: &HttpRequest,
    model: &Model<P>,
    (Owner(owner), IdempotencyKey(key)): (Owner, IdempotencyKey),
    (body, top_k): (TaskBody, Option<TopK>),
) -> Result<AcceptedJson<TaskAccepted>, Failure> {
    let (input, callback_url) = read(state, model.deployment(), model.options(), (body, top_k)).await?;
    let callback = callback_url.map(|url| callback(state, &url)).transpose()?;
    let payload =
        Payload { model: model.model().to_owned(), version: wanted(request).version.map(str::to_owned), input };
    let payload = payload.to_bytes().map_err(|_| ApiError::internal())?;
    let context = RequestContext::of(request)?;
    let task = NewTask {
        id: TaskId::random(),
        topic: model.model().to_owned(),
        owner,
        request_id: context.id().as_str().to_owned(),
        trace_parent: context.trace().map(|trace| trace.to_string()),
        idempotency: key.map(|key| Idempotency { key, fingerprint: fingerprint(&payload, callback.as_ref()) }),
        payload,
        callback,
    };
    let mut id = task.id;
    if let Submitted::Known(first) = state.tasks.submit(task).await? {
        id = first;
    }
    Ok(AcceptedJson(TaskAccepted::new(id.to_string())))
}

/// What is to be predicted, valid, and where the result is to be sent.
async fn read(
    state: &State,
    model: &Arc<Deployment>,
    options: CallOptions,
    (body, top_k): (TaskBody, Option<TopK>),
) -> Result<(Input, Option<String>), Failure> {
    let (picture, top_k, callback_url) = match body {
        TaskBody::Json(body) if !model.pipeline().takes_pictures() => {
            let (_, callback_url) = native::decode_task_row(&body, model.pipeline().schema(), &state.limits)?;
            return Ok((Input::Row(body), callback_url));
        }
        TaskBody::Json(body) => {
            let (limits, most) = (state.limits.json, state.uploads.image_bytes);
            let unpack = move || native::decode_task_picture(&body, &limits, most);
            let (picture, callback_url) = state.service.on_pool(most, options, unpack).await??;
            (Bytes::from(picture), top_k, callback_url)
        }
        TaskBody::Form(upload) => {
            let picture = upload.pictures.into_iter().next().ok_or_else(ApiError::internal)?;
            (picture, Some(top_k.unwrap_or_default()), upload.callback_url)
        }
    };
    state.service.check_image(model, picture.clone(), options).await?;
    Ok((Input::Picture(picture, top_k), callback_url))
}

/// An address that the policy lets pass.
fn callback(state: &State, url: &str) -> Result<Callback, Failure> {
    let refused = |message: String| ApiError::new(ErrorCode::CallbackRefused, message);
    if !state.sends_callbacks {
        return Err(refused("Callbacks are not sent: they have to be signed (callbacks.secret)".to_owned()).into());
    }
    let url = state.callback_policy.check(url).map_err(|error| refused(error.to_string()))?;
    Ok(url.into())
}

/// Equal for what is the same, handed in twice.
fn fingerprint(payload: &[u8], callback: Option<&Callback>) -> [u8; 32] {
    let mut key = CacheKey::builder("task");
    key.part(payload).text(callback.map_or("", |callback| &callback.url));
    *key.finish().as_bytes()
}

/// The task that the path names, if it is the caller's.
async fn found(state: &State, request: &HttpRequest, owner: &Owner) -> Result<Record, Failure> {
    let record = state.tasks.record(task_id(request)?, owner.0.as_deref()).await?;
    let is_meant = |record: &Record| wanted(request).name.is_none_or(|model| model == record.topic);
    record.filter(is_meant).ok_or_else(not_found)
}

/// The name in the path; what cannot be one is nobody's.
fn task_id(request: &HttpRequest) -> Result<TaskId, Failure> {
    request.match_info().get("task_id").and_then(|text| text.parse().ok()).ok_or_else(not_found)
}

fn told(record: &Record) -> Result<Reply<TaskStatus<'static>>, Failure> {
    let body = serde_json::to_vec(&status_of(record)?).map_err(|_| ApiError::internal())?;
    Ok(Reply::json(body))
}

fn not_found() -> Failure {
    ApiError::new(ErrorCode::TaskNotFound, "Task not found").into()
}
