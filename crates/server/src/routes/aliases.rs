//! Second names of versions, moved while the server runs: `PUT /models/{model}/aliases/{alias}`.

use actix_web::HttpRequest;
use actix_web::web::Data;
use apistos::api_operation;
use ferrocast_protocol::native::{AliasSet, decode_alias_target};
use ferrocast_protocol::{ApiError, ErrorCode};
use ferrocast_serving::{AliasError, ServeError};

use crate::error::Failure;
use crate::extract::json_body::{BodySchema, JsonBody};
use crate::extract::model::{NamedAlias, PathParameters};
use crate::reply::Reply;
use crate::state::State;

/// The version that an alias is to mean.
#[derive(Debug)]
pub(crate) struct AliasTarget;

impl BodySchema for AliasTarget {
    const NAME: &'static str = "AliasTarget";
}

/// Points an alias to a version, `{"version": "2"}`; requests that arrive from then on mean that one.
#[api_operation(
    operation_id = "set_alias",
    tag = "models",
    summary = "Point an alias of a model to one of its versions",
    description = "If `models.control` lets requests change what is served.",
    error_code = 400,
    error_code = 404,
    error_code = 422,
    error_code = 500
)]
pub(crate) async fn set(
    state: Data<State>,
    request: HttpRequest,
    _path: PathParameters<NamedAlias>,
    body: JsonBody<AliasTarget>,
) -> Result<Reply<AliasSet>, Failure> {
    if !state.loads_on_request {
        let message = "Aliases may not be moved by requests (models.control)";
        return Err(ApiError::new(ErrorCode::BadRequest, message).into());
    }
    let version = decode_alias_target(&body.bytes, &state.limits.json)?;
    let name = |name| request.match_info().get(name).unwrap_or_default();
    let (model, alias) = (name("model"), name("alias"));
    state.service.set_alias(model, alias, &version).map_err(|error| match error {
        AliasError::Unknown(cause) => Failure::from(ServeError::Resolve(cause)),
        error => ApiError::new(ErrorCode::BadRequest, error.to_string()).into(),
    })?;
    let snapshot = state.service.snapshot();
    let meant = snapshot.model(model).and_then(|model| {
        let (_, version) = model.aliases().find(|(name, _)| &***name == alias)?;
        Some(version.to_string())
    });
    Reply::of(&AliasSet { model: model.to_owned(), alias: alias.to_owned(), version: meant.unwrap_or(version) })
}
