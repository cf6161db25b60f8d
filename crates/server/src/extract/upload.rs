//! Pictures in a form: `multipart/form-data` with parts called `file`.
//!
//! The parser is actix-multipart's. What it leaves open is closed here: how much may come before the first part, how large a
//! part's head may be, how many parts there are and what they are called. A file's name counts for nothing.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_multipart::{Field, Multipart, MultipartConfig, MultipartError};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use apistos::paths::{MediaType, RequestBody};
use apistos::reference_or::ReferenceOr;
use apistos::{ApiComponent, Schema};
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_schema::{Loc, Violation, Violations, code};
use futures_util::future::LocalBoxFuture;
use futures_util::{Stream, StreamExt};
use serde_json::json;

use crate::error::Failure;
use crate::extract::body::{Arriving, BodyRead, Bounds, MostBytes, declared_length, refused, state};

/// The one part that is known.
const PART: &str = "file";

/// Bytes before the first boundary: there is no reason for any.
const PREAMBLE: usize = 1024;

/// Bytes of a part's head.
const PART_HEAD: usize = 8 << 10;

/// Bytes of a form around one picture.
const FORM: usize = 64 << 10;

/// The pictures of a form, `N` of them: the bytes of files, not looked at yet.
#[derive(Debug)]
pub(crate) struct Upload<N> {
    pub(crate) pictures: Vec<Bytes>,
    number: PhantomData<N>,
}

/// How many pictures a form holds.
pub(crate) trait Number {
    /// Whether there may be several.
    const SEVERAL: bool;
}

/// One picture.
#[derive(Debug)]
pub(crate) struct One;
/// One or more.
#[derive(Debug)]
pub(crate) struct Several;

impl Number for One {
    const SEVERAL: bool = false;
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
            let body = Rc::new(Body::new(Arriving::new(payload, head.bounds), &head.boundary));
            let form = Multipart::from_request(&request, &mut body_payload(&body)).await;
            let pictures = match form {
                Ok(form) => read_form(form, &head).await,
                Err(_) => Err(not_a_form()),
            };
            // What the connection failed with is the cause of whatever the parser thinks of it.
            let pictures = body.failure.take().map_or(pictures, Err)?;
            body.drain().await?;
            request.extensions_mut().insert(BodyRead);
            Ok(Upload { pictures, number: PhantomData })
        })
    }
}

/// What is known of a form before its body arrives.
struct Head {
    bounds: Bounds,
    boundary: String,
    /// Most pictures, of which more than one is an error of its own kind.
    most_pictures: usize,
    several: bool,
    image_bytes: usize,
    /// The size of the body, if the head says it.
    declared: usize,
}

fn check_head<N: Number>(request: &HttpRequest) -> Result<Head, Failure> {
    let state = state(request)?;
    let mime = request.mime_type().ok().flatten().ok_or_else(not_a_form)?;
    if mime.essence_str() != "multipart/form-data" {
        return Err(not_a_form());
    }
    let boundary = mime.get_param("boundary").filter(|boundary| !boundary.as_str().is_empty());
    let boundary = boundary.ok_or_else(|| refused(ErrorCode::BadRequest, "The form names no boundary"))?;
    let most = if N::SEVERAL {
        MostBytes { bytes: state.uploads.batch_bytes, setting: "limits.image_batch_bytes" }
    } else {
        MostBytes { bytes: state.uploads.image_bytes.saturating_add(FORM), setting: "limits.image_bytes" }
    };
    Ok(Head {
        bounds: Bounds::of(request, state, most)?,
        boundary: boundary.as_str().to_owned(),
        most_pictures: if N::SEVERAL { state.uploads.max_batch } else { 1 },
        several: N::SEVERAL,
        image_bytes: state.uploads.image_bytes,
        declared: declared_length(request.headers()).unwrap_or(0),
    })
}

async fn read_form(mut form: Multipart, head: &Head) -> Result<Vec<Bytes>, Failure> {
    let mut pictures = Vec::new();
    while let Some(field) = form.next().await {
        let field = field.map_err(|cause| unreadable(&cause))?;
        let name = field.name().unwrap_or_default();
        if name != PART {
            let violation =
                Violation::new(Loc::body().field(name), code::EXTRA_FORBIDDEN, "Extra inputs are not permitted");
            return Err(invalid(violation));
        }
        if pictures.len() == head.most_pictures {
            return Err(too_many(head));
        }
        // A client need not say what it is: the first bytes tell.
        if field.content_type().is_some_and(|kind| kind.type_() != "image") {
            return Err(refused(ErrorCode::NotAnImage, "File must be an image"));
        }
        pictures.push(read_field(field, head).await?);
    }
    if pictures.is_empty() {
        return Err(invalid(Violation::new(Loc::body().field(PART), code::MISSING, "Field required")));
    }
    Ok(pictures)
}

async fn read_field(mut field: Field, head: &Head) -> Result<Bytes, Failure> {
    let mut bytes = BytesMut::with_capacity(head.declared.min(head.image_bytes));
    while let Some(chunk) = field.next().await {
        let chunk = chunk.map_err(|cause| unreadable(&cause))?;
        if bytes.len() + chunk.len() > head.image_bytes {
            let message = format!("The picture is larger than {} bytes (limits.image_bytes)", head.image_bytes);
            return Err(refused(ErrorCode::PayloadTooLarge, message));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

fn too_many(head: &Head) -> Failure {
    if head.several {
        let message = format!("Too many pictures (max {}; limits.max_image_batch)", head.most_pictures);
        return refused(ErrorCode::BatchTooLarge, message);
    }
    let message = "Field given more than once; /predict_image_batch takes several pictures";
    invalid(Violation::new(Loc::body().field(PART), code::DUPLICATE_FIELD, message))
}

fn invalid(violation: Violation) -> Failure {
    ApiError::from(Violations::one(violation)).into()
}

fn not_a_form() -> Failure {
    let message = "The body must be multipart/form-data with a part `file`; with curl: -F file=@picture.jpg";
    refused(ErrorCode::UnsupportedMediaType, message)
}

fn unreadable(cause: &MultipartError) -> Failure {
    let message = match cause {
        MultipartError::Payload(_) => {
            format!("The form cannot be read: the head of a part is larger than {PART_HEAD} bytes")
        }
        cause => format!("The form cannot be read: {cause}"),
    };
    refused(ErrorCode::BadRequest, message)
}

/// A body between the connection and the parser, which takes it but does not give it back.
struct Body {
    arriving: RefCell<Arriving>,
    preamble: RefCell<Preamble>,
    /// Why it ended early: the parser's errors have no room for it.
    failure: Cell<Option<Failure>>,
}

impl Body {
    fn new(arriving: Arriving, boundary: &str) -> Body {
        Body {
            arriving: RefCell::new(arriving),
            preamble: RefCell::new(Preamble::before(boundary)),
            failure: Cell::new(None),
        }
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        let next = ready!(self.arriving.borrow_mut().poll_next_unpin(context));
        Poll::Ready(next.map(|chunk| {
            let chunk = chunk?;
            self.preamble.borrow_mut().check(&chunk)?;
            Ok(chunk)
        }))
    }

    /// Reads what comes behind the last boundary, so that the connection can go on.
    async fn drain(&self) -> Result<(), Failure> {
        let ended = || self.arriving.borrow().has_ended();
        while !ended() {
            std::future::poll_fn(|context| self.poll(context)).await.transpose()?;
        }
        Ok(())
    }
}

/// The body as the parser takes one.
fn body_payload(body: &Rc<Body>) -> Payload {
    Payload::Stream { payload: Box::pin(ForParser(Rc::clone(body))) }
}

struct ForParser(Rc<Body>);

impl Stream for ForParser {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.0.poll(context));
        Poll::Ready(next.map(|chunk| {
            chunk.map_err(|failure| {
                self.0.failure.set(Some(failure));
                PayloadError::Overflow
            })
        }))
    }
}

/// What comes before the first boundary.
struct Preamble {
    delimiter: Vec<u8>,
    /// Its beginning, until the boundary has been seen.
    seen: Option<Vec<u8>>,
}

impl Preamble {
    fn before(boundary: &str) -> Preamble {
        Preamble { delimiter: format!("--{boundary}").into_bytes(), seen: Some(Vec::new()) }
    }

    fn check(&mut self, chunk: &[u8]) -> Result<(), Failure> {
        let Some(seen) = &mut self.seen else { return Ok(()) };
        let most = PREAMBLE + self.delimiter.len();
        seen.extend(chunk.iter().take(most - seen.len()));
        if seen.windows(self.delimiter.len()).any(|window| window == self.delimiter) {
            self.seen = None;
        } else if seen.len() == most {
            let message = format!("The form does not begin: its boundary is not among the first {PREAMBLE} bytes");
            return Err(refused(ErrorCode::BadRequest, message));
        }
        Ok(())
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
        let schema = serde_json::from_value(form_schema(N::SEVERAL)).ok()?;
        let form = MediaType { schema: Some(ReferenceOr::Object(schema)), ..MediaType::default() };
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
