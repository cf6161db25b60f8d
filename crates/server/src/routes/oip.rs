//! The Open Inference Protocol: what Triton's and KServe's clients speak.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use apistos::api_operation;
use ferrocast_engine::Tensor;
use ferrocast_protocol::oip::{
    self, BatchStatistics, DurationStatistic, InferRequest, InferResponse, InferStatistics, MemoryUsage, ModelMetadata,
    ModelStatistics, ServedBy, ServerMetadata, StatisticsResponse,
};
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_serving::{CallOptions, Deployment, Encoded, ModelEntry, Spent, VersionEntry};
use futures_util::{Stream, stream};
use serde::Serialize;

use crate::answers::{Inferred, Keep, Wishes};
use crate::content_encoding::ContentEncoding;
use crate::error::Failure;
use crate::extract::caching::Caching;
use crate::extract::model::{Model, NamedTensors, wanted};
use crate::extract::tensor_body::{HEADER_LENGTH, TensorBody};
use crate::lap::Lap;
use crate::middleware::request_context::RequestContext;
use crate::question::Took;
use crate::routes::health::of_probe;
use crate::server_timing;
use crate::state::State;

/// Numbers of so many bytes are written as text, or compressed, in less time than the trip to another thread is worth.
const WRITTEN_HERE: usize = 64 << 10;
/// Of those that are only copied.
const COPIED_HERE: usize = 1 << 20;
/// Shorter answers are hardly any shorter when they are compressed.
const COMPRESSED_FROM: usize = 1024;

type Answer = Result<HttpResponse, Failure>;

#[api_operation(skip)]
pub(crate) async fn live(state: Data<State>) -> Answer {
    #[derive(Serialize)]
    struct Live {
        live: bool,
    }
    let live = state.lifecycle.is_live();
    json(of_probe(live), &Live { live })
}

#[api_operation(skip)]
pub(crate) async fn ready(state: Data<State>) -> Answer {
    #[derive(Serialize)]
    struct Ready {
        ready: bool,
    }
    let ready = state.is_ready();
    json(of_probe(ready), &Ready { ready })
}

#[api_operation(skip)]
pub(crate) async fn server() -> Answer {
    json(StatusCode::OK, &ServerMetadata::of_version(env!("CARGO_PKG_VERSION")))
}

#[api_operation(skip)]
pub(crate) async fn models(state: Data<State>) -> Answer {
    #[derive(Serialize)]
    struct Models<'a> {
        models: Vec<&'a str>,
    }
    let snapshot = state.service.snapshot();
    json(StatusCode::OK, &Models { models: snapshot.models().iter().map(|model| &**model.name()).collect() })
}

#[api_operation(skip)]
pub(crate) async fn model_ready(state: Data<State>, request: HttpRequest) -> Answer {
    #[derive(Serialize)]
    struct ModelReady<'a> {
        name: &'a str,
        ready: bool,
    }
    let deployment = found(&state, &request)?;
    json(StatusCode::OK, &ModelReady { name: deployment.model(), ready: true })
}

#[api_operation(skip)]
pub(crate) async fn model(state: Data<State>, request: HttpRequest) -> Answer {
    let deployment = found(&state, &request)?;
    let snapshot = state.service.snapshot();
    let versions = snapshot.model(deployment.model()).map(ready_versions).unwrap_or_default();
    json(StatusCode::OK, &metadata(&deployment, versions))
}

#[api_operation(skip)]
pub(crate) async fn config(state: Data<State>, request: HttpRequest) -> Answer {
    let deployment = found(&state, &request)?;
    let (pipeline, placement) = (deployment.pipeline(), deployment.placement());
    let manifest = pipeline.manifest();
    let served = ServedBy {
        max_rows: manifest.serving.max_batch_rows.unwrap_or(placement.queue_rows),
        threads: deployment.threads(),
        delay_us: placement.joins.then_some(manifest.serving.max_delay_us),
        versions: &manifest.versions,
    };
    let config = oip::model_config(deployment.model(), pipeline.wire_signature(), &served);
    json(StatusCode::OK, &config)
}

#[api_operation(skip)]
pub(crate) async fn all_statistics(state: Data<State>) -> Answer {
    let snapshot = state.service.snapshot();
    let deployments = snapshot.models().iter().flat_map(ModelEntry::versions).filter_map(VersionEntry::deployed);
    json(StatusCode::OK, &StatisticsResponse { model_stats: deployments.map(|entry| statistics(entry)).collect() })
}

#[api_operation(skip)]
pub(crate) async fn model_statistics(state: Data<State>, request: HttpRequest) -> Answer {
    let wanted = wanted(&request);
    let deployment = found(&state, &request)?;
    let snapshot = state.service.snapshot();
    let model_stats = match wanted.version {
        Some(_) => vec![statistics(&deployment)],
        None => {
            let versions = snapshot.model(deployment.model()).map(ModelEntry::versions).unwrap_or_default();
            versions.iter().filter_map(VersionEntry::deployed).map(|entry| statistics(entry)).collect()
        }
    };
    json(StatusCode::OK, &StatisticsResponse { model_stats })
}

#[api_operation(skip)]
pub(crate) async fn infer(
    state: Data<State>,
    model: Model<NamedTensors>,
    request: HttpRequest,
    caching: Caching,
    body: TensorBody,
) -> Answer {
    let _permit = state.service.admit(&model)?;
    let packing = ContentEncoding::of_answer(request.headers());
    let began = Instant::now();
    let asked = decode(&state, &model, body).await;
    model.parsed_since(began);
    let mut asked = asked?;
    let mut options = model.options();
    let asked_for = asked.timeout.map(|timeout| Instant::now() + timeout);
    options.deadline = options.deadline.into_iter().chain(asked_for).min();
    let is_own_timeout = asked_for.is_some() && options.deadline == asked_for;
    let tensors = Encoded { tensors: std::mem::take(&mut asked.inputs), rows: asked.rows };
    let wishes = Wishes { options, caching, keep: Keep::AsManifest };
    let Inferred { tensors, timing, kept } =
        state.answers.outputs(&state.service, &model, wishes, tensors).await.map_err(|failure| {
            match failure.api_error().code {
                ErrorCode::DeadlineExceeded if is_own_timeout => {
                    let message = "The answer was not there in time (parameters.timeout)";
                    ApiError::new(ErrorCode::DeadlineExceeded, message).into()
                }
                _ => failure,
            }
        })?;
    let (rows, began) = (asked.rows, Instant::now());
    let mut answer = encode(&state, &model, asked, tensors, packing, options).await?;
    if let Some(timing) = timing {
        let written = Lap::since(began);
        model.observer().answered(rows, &timing, written.took());
        RequestContext::of(&request)?.note(|phases| phases.took = Some(Took { timing: Some(timing), written }));
        server_timing::write(&timing, answer.headers_mut());
    }
    if let Some(kept) = kept {
        RequestContext::of(&request)?.note(|phases| phases.looked = kept.looked());
        kept.tell(answer.headers_mut());
    }
    Ok(answer)
}

async fn decode<P>(state: &State, model: &Model<P>, body: TensorBody) -> Result<InferRequest, Failure> {
    let (is_small, size, deployment) = (body.is_small(), body.size(), model.shared());
    let decode = move || -> Result<InferRequest, Failure> {
        let header_length = body.header_length();
        let bytes: Bytes = body.unpacked()?;
        let signature = deployment.pipeline().wire_signature();
        Ok(oip::decode_infer(&bytes, header_length, deployment.model(), signature)?)
    };
    if is_small { decode() } else { state.service.on_pool(size, model.options(), decode).await? }
}

async fn encode<P>(
    state: &State,
    model: &Model<P>,
    asked: InferRequest,
    tensors: Vec<Tensor>,
    packing: Option<ContentEncoding>,
    options: CallOptions,
) -> Answer {
    let size = tensors.iter().map(|tensor| tensor.byte_len()).sum();
    let only_copied = packing.is_none() && asked.outputs.iter().all(|output| output.binary && output.classes.is_none());
    let here = if only_copied { COPIED_HERE } else { WRITTEN_HERE };
    let deployment = model.shared();
    let write = move || -> Result<Written, Failure> {
        let answer = oip::Inferred {
            model: deployment.model(),
            version: deployment.version(),
            id: asked.id.as_deref(),
            signature: deployment.pipeline().wire_signature(),
            class_names: deployment.pipeline().class_names(),
        };
        Written::of(oip::encode_infer(&answer, tensors, &asked.outputs)?, packing)
    };
    let written = if size <= here { write()? } else { state.service.on_pool(size, options, write).await?? };
    Ok(written.respond())
}

/// An answer as it goes out.
struct Written {
    body: WrittenBody,
    header_length: Option<usize>,
    packing: Option<ContentEncoding>,
}

enum WrittenBody {
    Packed(Vec<u8>),
    /// Tensors are sent from where they lie.
    Parts(InferResponse),
}

impl Written {
    fn of(response: InferResponse, packing: Option<ContentEncoding>) -> Result<Written, Failure> {
        let packing = packing.filter(|_| response.size() >= COMPRESSED_FROM);
        let header_length = response.header_length();
        let body = match packing {
            Some(packing) => WrittenBody::Packed(packing.pack(&response.joined()).map_err(|_| ApiError::internal())?),
            None => WrittenBody::Parts(response),
        };
        Ok(Written { body, header_length, packing })
    }

    fn respond(self) -> HttpResponse {
        let kind = if self.header_length.is_some() { "application/octet-stream" } else { "application/json" };
        let mut builder = HttpResponse::Ok();
        builder.content_type(HeaderValue::from_static(kind));
        let mut response = match self.body {
            WrittenBody::Packed(bytes) => builder.body(bytes),
            WrittenBody::Parts(InferResponse { json, binary }) if binary.is_empty() => builder.body(json),
            WrittenBody::Parts(parts) => builder.body(in_parts(parts)),
        };
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(length) = self.header_length {
            headers.insert(HEADER_LENGTH, HeaderValue::from(length));
        }
        if let Some(packing) = self.packing {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(packing.as_str()));
        }
        response
    }
}

fn in_parts(response: InferResponse) -> SizedStream<impl Stream<Item = Result<Bytes, Infallible>>> {
    let size = response.size() as u64;
    let binary = response.binary.into_iter().map(Bytes::from_owner);
    SizedStream::new(size, stream::iter([Bytes::from(response.json)].into_iter().chain(binary).map(Ok)))
}

/// The version that the path means, ready to answer.
fn found(state: &State, request: &HttpRequest) -> Result<Arc<Deployment>, Failure> {
    Ok(state.service.model(wanted(request))?)
}

fn ready_versions(model: &ModelEntry<Deployment>) -> Vec<String> {
    model.versions().iter().filter_map(VersionEntry::deployed).map(|ready| ready.version().to_owned()).collect()
}

fn metadata(deployment: &Deployment, versions: Vec<String>) -> ModelMetadata {
    let pipeline = deployment.pipeline();
    let properties = BTreeMap::from([("task", pipeline.manifest().task.as_str().to_owned())]);
    oip::model_metadata(deployment.model(), versions, pipeline.wire_signature(), properties)
}

fn statistics(deployment: &Deployment) -> ModelStatistics {
    let report = deployment.report();
    let last = report.last_answer.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let memory = deployment.pipeline().engine().resident_bytes();
    ModelStatistics {
        name: deployment.model().to_owned(),
        version: deployment.version().to_owned(),
        last_inference: last.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX)),
        inference_count: report.rows,
        execution_count: report.runs.count,
        inference_stats: InferStatistics {
            success: duration(report.answered),
            fail: duration(report.failed),
            queue: duration(report.queue),
            compute_input: duration(report.encode),
            compute_infer: duration(report.inference),
            compute_output: duration(report.decode),
            ..InferStatistics::default()
        },
        response_stats: oip::Empty {},
        batch_stats: report.runs_by_rows.iter().map(|(&rows, &spent)| batch_statistics(rows, spent)).collect(),
        memory_usage: memory.map(|byte_size| MemoryUsage { kind: "CPU", id: 0, byte_size }).into_iter().collect(),
    }
}

/// What comes before and after a run is not part of it, and counted for each request.
fn batch_statistics(rows: usize, spent: Spent) -> BatchStatistics {
    let none = DurationStatistic { count: spent.count, ns: 0 };
    BatchStatistics { batch_size: rows, compute_input: none, compute_infer: duration(spent), compute_output: none }
}

fn duration(spent: Spent) -> DurationStatistic {
    DurationStatistic { count: spent.count, ns: u64::try_from(spent.time.as_nanos()).unwrap_or(u64::MAX) }
}

pub(super) fn json<T: Serialize>(status: StatusCode, body: &T) -> Answer {
    let body = serde_json::to_vec(body).map_err(|_| ApiError::internal())?;
    Ok(HttpResponse::build(status).content_type(HeaderValue::from_static("application/json")).body(body))
}
