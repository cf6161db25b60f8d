//! The bytes of a body with tensors: JSON, and maybe the elements of tensors behind it; maybe compressed.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use apistos::reference_or::ReferenceOr;
use apistos::{ApiComponent, Schema};
use ferrocast_protocol::ErrorCode;
use futures_util::future::LocalBoxFuture;

use crate::body_budget::HeldBytes;
use crate::content_encoding::{ContentEncoding, UnpackError};
use crate::error::Failure;
use crate::extract::body::{Arriving, Bounds, MostBytes, refused, state, too_large};
use crate::middleware::request_context::RequestContext;
use crate::state::State;

/// How many bytes of a body are JSON, of a request as of an answer.
pub(crate) const HEADER_LENGTH: HeaderName = HeaderName::from_static("inference-header-content-length");

/// Of a compressed body nobody knows how much work is in it, and parsing JSON of this size takes longer than the trip to
/// another thread.
const JSON_HERE: usize = 64 << 10;
/// Elements in bytes are only copied.
const BINARY_HERE: usize = 1 << 20;

/// A body as it was sent.
#[derive(Debug)]
pub(crate) struct TensorBody {
    bytes: Bytes,
    header_length: Option<usize>,
    encoding: Option<ContentEncoding>,
    most: MostBytes,
    held: Arc<HeldBytes>,
}

impl FromRequest for TensorBody {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<TensorBody, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let checked = check_head(request);
        let payload = payload.take();
        let request = request.clone();
        Box::pin(async move {
            let Head { bounds, most, header_length, encoding } = checked?;
            let bytes = Arriving::new(payload, bounds).whole().await?;
            let context = RequestContext::of(&request)?;
            context.note_body_read();
            let held = context.held(&state(&request)?.bodies);
            Ok(TensorBody { bytes, header_length, encoding, most, held })
        })
    }
}

/// Everything that the headers alone decide.
struct Head {
    bounds: Bounds,
    most: MostBytes,
    header_length: Option<usize>,
    encoding: Option<ContentEncoding>,
}

fn check_head(request: &HttpRequest) -> Result<Head, Failure> {
    let state: &State = state(request)?;
    let most = MostBytes::of_body(state.tensor_bytes, "limits.tensor_bytes");
    let encoding = ContentEncoding::of_body(request.headers()).map_err(|unknown| {
        let message = format!("unsupported Content-Encoding: {unknown}; supported are gzip, deflate and identity");
        refused(ErrorCode::UnsupportedMediaType, message)
    })?;
    let header_length = header_length(request.headers())?;
    let context = RequestContext::of(request)?;
    let bounds = Bounds::of_any_encoding(&context, request.headers(), state, most)?;
    Ok(Head { bounds, most, header_length, encoding })
}

fn header_length(headers: &HeaderMap) -> Result<Option<usize>, Failure> {
    let Some(value) = headers.get(HEADER_LENGTH) else { return Ok(None) };
    let digits = value.to_str().ok().map(str::trim).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let is_alone = headers.get_all(HEADER_LENGTH).count() == 1;
    let length = digits.filter(|_| is_alone).and_then(|text| text.parse().ok());
    let refusal = || {
        let value = String::from_utf8_lossy(value.as_bytes());
        let message = format!("Unable to parse Inference-Header-Content-Length, got: {value}");
        refused(ErrorCode::BadRequest, message)
    };
    length.ok_or_else(refusal).map(Some)
}

impl TensorBody {
    /// How many bytes of it are JSON; without it, all are.
    pub(crate) fn header_length(&self) -> Option<usize> {
        self.header_length
    }

    /// Bytes of memory that it takes.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it takes less time than the trip to another thread is worth.
    pub(crate) fn is_small(&self) -> bool {
        let json = self.header_length.unwrap_or(self.bytes.len());
        self.encoding.is_none() && json <= JSON_HERE && self.bytes.len() <= BINARY_HERE
    }

    /// The body as the client wrote it.
    pub(crate) fn unpacked(self) -> Result<Bytes, Failure> {
        let Some(encoding) = self.encoding else { return Ok(self.bytes) };
        // What it was and what it becomes are both there for a while.
        let room = |bytes: usize| self.held.grow_to(self.bytes.len() + bytes);
        encoding.unpack(&self.bytes, self.most.bytes, room).map(Bytes::from).map_err(|error| match error {
            UnpackError::TooLarge => too_large(self.most),
            UnpackError::NoRoom(failure) => failure,
            UnpackError::Damaged(cause) => {
                let message = format!("the body is no {} stream: {cause}", encoding.as_str());
                refused(ErrorCode::BadRequest, message)
            }
        })
    }
}

impl ApiComponent for TensorBody {
    fn child_schemas() -> Vec<(String, ReferenceOr<Schema>)> {
        Vec::new()
    }

    fn schema() -> Option<(String, ReferenceOr<Schema>)> {
        None
    }
}
