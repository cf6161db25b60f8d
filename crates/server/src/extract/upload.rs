//! Pictures in a form: `multipart/form-data` with parts called `file`.
//!
//! The parser is actix-multipart's. What it leaves open is closed here: how much may come before the first part, how large a
//! part's head may be, how many parts there are and what they are called. A file's name counts for nothing.

mod guarded_body;

use std::marker::PhantomData;
use std::rc::Rc;

use actix_multipart::{Field, Multipart, MultipartConfig, MultipartError};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use apistos::paths::{MediaType, RequestBody};
use apistos::reference_or::ReferenceOr;
use apistos::{ApiComponent, Schema};
use ferrocast_protocol::ErrorCode;
use ferrocast_schema::{Loc, Violation, code};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde_json::json;

use self::guarded_body::{GuardedBody, for_parser};
use crate::error::Failure;
use crate::extract::body::{Arriving, Bounds, MostBytes, refused, state, too_large};
use crate::middleware::request_context::RequestContext;

/// The part that holds a picture.
const PART: &str = "file";

/// The part that says where the result of a task is to be sent.
pub(crate) const CALLBACK_URL: &str = "callback_url";

/// Bytes of a part's head.
const PART_HEAD: usize = 8 << 10;

/// Bytes of a form around one picture.
const FORM: usize = 64 << 10;

/// The pictures of a form, `N` of them: the bytes of files, not looked at yet.
#[derive(Debug)]
pub(crate) struct Upload<N> {
    pub(crate) pictures: Vec<Bytes>,
    /// Where the result is to be sent, if the form says so.
    pub(crate) callback_url: Option<String>,
    number: PhantomData<N>,
}

/// How many pictures a form holds.
pub(crate) trait Number {
    /// Whether there may be several.
    const SEVERAL: bool;
    /// Whether there may be a `callback_url`.
    const TAKES_CALLBACK: bool = false;
}

/// One picture.
#[derive(Debug)]
pub(crate) struct One;
/// One, of a task.
#[derive(Debug)]
pub(crate) struct OneOfTask;
/// One or more.
#[derive(Debug)]
pub(crate) struct Several;

impl Number for One {
    const SEVERAL: bool = false;
}
impl Number for OneOfTask {
    const SEVERAL: bool = false;
    const TAKES_CALLBACK: bool = true;
}
impl Number for Several {
    const SEVERAL: bool = true;
}

/// How the parser is to be set up: it buffers no more than a part's head may have.
pub(crate) fn parser_config() -> MultipartConfig {
    MultipartConfig::new().buffer_limit(PART_HEAD)
}

impl<N: Number> FromRequest for Upload<N> {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Upload<N>, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let checked = check_head::<N>(request);
        let payload = payload.take();
        let request = request.clone();
        Box::pin(async move {
            let head = checked?;
            let body = Rc::new(GuardedBody::new(Arriving::new(payload, head.bounds.clone()), &head.boundary));
            let form = Multipart::from_request(&request, &mut for_parser(&body)).await;
            let upload = match form {
                Ok(form) => read_form::<N>(form, &head).await,
                Err(_) => Err(not_a_form()),
            };
            // What the connection failed with is the cause of whatever the parser thinks of it.
            let upload = body.failure.take().map_or(upload, Err)?;
            body.drain().await?;
            RequestContext::of(&request)?.note_body_read();
            Ok(upload)
        })
    }
}

/// What is known of a form before its body arrives.
struct Head {
    bounds: Bounds,
    boundary: String,
    most_pictures: usize,
    image_bytes: usize,
}

fn check_head<N: Number>(request: &HttpRequest) -> Result<Head, Failure> {
    let state = state(request)?;
    let mime = request.mime_type().ok().flatten().ok_or_else(not_a_form)?;
    if mime.essence_str() != "multipart/form-data" {
        return Err(not_a_form());
    }
    let boundary = mime.get_param("boundary").filter(|boundary| !boundary.as_str().is_empty());
    let boundary = boundary.ok_or_else(|| refused(ErrorCode::BadRequest, "The form names no boundary"))?;
    let limits = &state.uploads;
    let most = if N::SEVERAL {
        MostBytes::of_body(limits.batch_bytes, "limits.image_batch_bytes")
    } else {
        MostBytes::of_picture(limits.image_bytes.saturating_add(FORM), limits.image_bytes)
    };
    Ok(Head {
        bounds: Bounds::of(request, state, most)?,
        boundary: boundary.as_str().to_owned(),
        most_pictures: if N::SEVERAL { limits.max_batch } else { 1 },
        image_bytes: limits.image_bytes,
    })
}

async fn read_form<N: Number>(mut form: Multipart, head: &Head) -> Result<Upload<N>, Failure> {
    let mut pictures = Vec::new();
    let mut callback_url = None;
    while let Some(field) = form.next().await {
        let field = field.map_err(|cause| unreadable(&cause))?;
        let name = field.name().unwrap_or_default();
        if name == CALLBACK_URL && N::TAKES_CALLBACK && callback_url.is_none() {
            callback_url = Some(read_text(field).await?);
            continue;
        }
        if name != PART {
            let violation =
                Violation::new(Loc::body().field(name), code::EXTRA_FORBIDDEN, "Extra inputs are not permitted");
            return Err(violation.into());
        }
        if pictures.len() == head.most_pictures {
            return Err(too_many::<N>(head.most_pictures));
        }
        // A client need not say what it is: the first bytes tell.
        if let Some(kind) = field.content_type().filter(|kind| kind.type_() != "image") {
            let message = format!(
                "File must be an image, but its Content-Type is {}; with curl: -F 'file=@picture.webp;type=image/webp'",
                kind.essence_str()
            );
            return Err(refused(ErrorCode::NotAnImage, message));
        }
        pictures.push(read_field(field, head).await?);
    }
    if pictures.is_empty() {
        return Err(Violation::new(Loc::body().field(PART), code::MISSING, "Field required").into());
    }
    Ok(Upload { pictures, callback_url, number: PhantomData })
}

/// The text of a part; as long as a head may be.
async fn read_text(mut field: Field) -> Result<String, Failure> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = field.next().await {
        bytes.extend_from_slice(&chunk.map_err(|cause| unreadable(&cause))?);
        if bytes.len() > PART_HEAD {
            let message = format!("The part {CALLBACK_URL} is larger than {PART_HEAD} bytes");
            return Err(refused(ErrorCode::PayloadTooLarge, message));
        }
    }
    String::from_utf8(bytes.to_vec()).map_err(|_| {
        let at = Loc::body().field(CALLBACK_URL);
        Violation::new(at, code::STRING_TYPE, "Input should be a valid string").into()
    })
}

async fn read_field(mut field: Field, head: &Head) -> Result<Bytes, Failure> {
    let mut bytes = BytesMut::with_capacity(head.bounds.declared().min(head.image_bytes));
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|cause| unreadable(&cause))?;
        if bytes.len() + chunk.len() > head.image_bytes {
            return Err(too_large(MostBytes::of_picture(head.image_bytes, head.image_bytes)));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

fn too_many<N: Number>(most: usize) -> Failure {
    if N::SEVERAL {
        let message = format!("Too many pictures (max {most}; limits.max_image_batch)");
        return refused(ErrorCode::BatchTooLarge, message);
    }
    let message = "Field given more than once; /predict_image_batch takes several pictures";
    Violation::new(Loc::body().field(PART), code::DUPLICATE_FIELD, message).into()
}

fn not_a_form() -> Failure {
    let message = "The body must be multipart/form-data with a part `file`; with curl: -F file=@picture.jpg";
    refused(ErrorCode::UnsupportedMediaType, message)
}

fn unreadable(cause: &MultipartError) -> Failure {
    let reason = match cause {
        MultipartError::Payload(PayloadError::Overflow) => {
            format!("the head of a part is larger than {PART_HEAD} bytes")
        }
        MultipartError::Payload(_) => "the Content-Length of a part is not a number".to_owned(),
        MultipartError::ContentDispositionMissing => {
            "a part has no Content-Disposition of form-data, or one that is not UTF-8".to_owned()
        }
        cause => cause.to_string(),
    };
    refused(ErrorCode::BadRequest, format!("The form cannot be read: {reason}"))
}

impl<N: Number> Upload<N> {
    /// What such a form is in the API description.
    pub(crate) fn content() -> serde_json::Value {
        let mut schema = form_schema(N::SEVERAL);
        if let Some(parts) = schema.pointer_mut("/properties").filter(|_| N::TAKES_CALLBACK) {
            parts[CALLBACK_URL] = callback_schema();
        }
        json!({"schema": schema})
    }
}

impl<N: Number> ApiComponent for Upload<N> {
    fn child_schemas() -> Vec<(String, ReferenceOr<Schema>)> {
        Vec::new()
    }

    fn schema() -> Option<(String, ReferenceOr<Schema>)> {
        None
    }

    fn request_body() -> Option<RequestBody> {
        let form: MediaType = serde_json::from_value(Self::content()).ok()?;
        Some(RequestBody {
            content: [("multipart/form-data".to_owned(), form)].into(),
            required: Some(true),
            ..RequestBody::default()
        })
    }
}

/// A form in the API description: where `file` is binary, `/docs` shows a file picker.
pub(crate) fn form_schema(several: bool) -> serde_json::Value {
    let mut file = json!({"type": "string", "format": "binary", "description": "A PNG, JPEG or WebP file"});
    if several {
        file = json!({"type": "array", "items": file, "minItems": 1});
    }
    json!({"type": "object", "required": [PART], "properties": {PART: file}})
}

/// Where the result of a task is to be sent.
pub(crate) fn callback_schema() -> serde_json::Value {
    json!({"type": "string", "format": "uri", "nullable": true, "description": "Where the end of the task is sent (`[callbacks]`)"})
}

/// Limits of forms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UploadLimits {
    /// Most bytes of a picture, as it is sent.
    pub(crate) image_bytes: usize,
    /// Most bytes of a form with several.
    pub(crate) batch_bytes: usize,
    /// Most pictures of a form.
    pub(crate) max_batch: usize,
}
