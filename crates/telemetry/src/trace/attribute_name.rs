//! The names of what is said about spans.
//!
//! Those without `ferrocast.` are of OpenTelemetry's semantic conventions, version 1.37. `url.path`, `url.query` and
//! `client.address` are not among them on purpose: they hold what a client chose, and the route says enough.

/// `POST`.
pub const HTTP_REQUEST_METHOD: &str = "http.request.method";
/// The route's template, `/models/{model}/predict`, never the path.
pub const HTTP_ROUTE: &str = "http.route";
/// A number.
pub const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
/// Which attempt this is, of those after the first: a number from 1.
pub const HTTP_REQUEST_RESEND_COUNT: &str = "http.request.resend_count";
/// Bytes.
pub const HTTP_REQUEST_BODY_SIZE: &str = "http.request.body.size";
/// Bytes.
pub const HTTP_RESPONSE_BODY_SIZE: &str = "http.response.body.size";
/// `http` or `https`.
pub const URL_SCHEME: &str = "url.scheme";
/// `1.1`.
pub const NETWORK_PROTOCOL_VERSION: &str = "network.protocol.version";
/// The host that a callback goes to.
pub const SERVER_ADDRESS: &str = "server.address";
/// A number.
pub const SERVER_PORT: &str = "server.port";
/// The code of an error in the answer's body, or the kind of failure. Only where something failed.
pub const ERROR_TYPE: &str = "error.type";

/// What the answer's header `X-Request-Id` says.
pub const REQUEST_ID: &str = "ferrocast.request.id";
/// The model's name in the registry.
pub const MODEL_NAME: &str = "ferrocast.model.name";
/// The version that answered.
pub const MODEL_VERSION: &str = "ferrocast.model.version";
/// Rows of the request: a number.
pub const ROWS: &str = "ferrocast.rows";
/// Rows of the run that these rows were part of: a number.
pub const BATCH_ROWS: &str = "ferrocast.batch.rows";
/// Whether the answer came out of the cache.
pub const CACHE_HIT: &str = "ferrocast.cache.hit";
/// The task that is done, or that is told of.
pub const TASK_ID: &str = "ferrocast.task.id";
/// Which attempt at the task this is: a number from 1.
pub const TASK_ATTEMPT: &str = "ferrocast.task.attempt";
