//! Errors of the native routes: one envelope that serves both clients of this server (`error_code`, `details`) and
//! clients written for FastAPI (`detail`, with entries as pydantic words them).

use ferrocast_schema::{LocPart, Violation};
use serde::Serialize;
use serde_json::Value;

use crate::ApiError;

/// Writes the body of an error; its HTTP status is `error.code.status()`.
///
/// `request_id` is the word under which the server's log knows the request.
pub fn render(error: &ApiError, request_id: &str) -> Vec<u8> {
    let details: Vec<ErrorDetail<'_>> = error.details.iter().map(ErrorDetail::of).collect();
    let details = Some(details.as_slice()).filter(|details| !details.is_empty());
    let body = ErrorResponse {
        error: &error.message,
        error_code: error.code.as_str(),
        error_type: error.code.error_type(),
        details,
        details_omitted: Some(error.omitted).filter(|&omitted| omitted > 0),
        detail: details.map_or(Detail::Message(&error.message), Detail::List),
        request_id,
    };
    // Text, numbers and values that were JSON before: writing them cannot fail. Were it to, no body is the honest rest.
    serde_json::to_vec(&body).unwrap_or_default()
}

/// The body of every error.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos::ApiComponent, apistos_schemars::JsonSchema))]
pub struct ErrorResponse<'a> {
    /// What went wrong, for people.
    error: &'a str,
    /// What went wrong, for programs: a code of the error table. Codes are stable, messages are not.
    error_code: &'a str,
    /// The family of the code.
    #[serde(rename = "type")]
    error_type: &'a str,
    /// What is wrong with which part of the request; absent unless the request's content was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a [ErrorDetail<'a>]>,
    /// How many more details there are than are listed; absent if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    details_omitted: Option<usize>,
    /// The same for FastAPI clients: the list, or the message if there is none.
    detail: Detail<'a>,
    /// Quote it when asking the operator: the server's log knows the request by it.
    request_id: &'a str,
}

/// FastAPI's `detail`: a list for refused input, else a sentence.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema), schemars(rename = "FastApiDetail"))]
#[serde(untagged)]
pub enum Detail<'a> {
    /// The message of the error.
    Message(&'a str),
    /// What is wrong with which part of the request.
    List(&'a [ErrorDetail<'a>]),
}

/// One thing that is wrong with the request, in pydantic's vocabulary.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema), schemars(rename = "ValidationError"))]
pub struct ErrorDetail<'a> {
    /// The kind: `missing`, `float_parsing`, `greater_than_equal`, …
    #[serde(rename = "type")]
    code: &'a str,
    /// Path to the place, from `"body"`; numbers are positions in lists.
    loc: Vec<LocSegment<'a>>,
    /// The rule that was broken, as a sentence.
    msg: &'a str,
    /// What was sent, cut if it is long.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a Value>,
    /// The figures in `msg`, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    ctx: Option<&'a Value>,
}

/// One step of a path into the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
#[serde(untagged)]
pub enum LocSegment<'a> {
    /// A field of an object.
    Field(&'a str),
    /// A position in a list, from 0.
    Index(usize),
}

impl<'a> LocSegment<'a> {
    fn of(part: &'a LocPart) -> LocSegment<'a> {
        match part {
            LocPart::Field(name) => LocSegment::Field(name),
            LocPart::Index(index) => LocSegment::Index(*index),
        }
    }
}

impl<'a> ErrorDetail<'a> {
    fn of(violation: &'a Violation) -> ErrorDetail<'a> {
        ErrorDetail {
            code: violation.code,
            loc: violation.loc.parts().iter().map(LocSegment::of).collect(),
            msg: &violation.message,
            input: violation.input.as_ref(),
            ctx: violation.ctx.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use ferrocast_schema::{Loc, Violation, Violations, code};
    use serde_json::{Value, json};

    use super::render;
    use crate::{ApiError, ErrorCode};

    fn rendered(error: &ApiError) -> Value {
        serde_json::from_slice(&render(error, "req-1")).unwrap()
    }

    #[test]
    fn an_error_without_details_tells_fastapi_clients_its_message() {
        let error = ApiError::new(ErrorCode::VersionNotFound, "Model \"churn\" has no version 9");
        let expected = json!({
            "error": "Model \"churn\" has no version 9", "error_code": "VERSION_NOT_FOUND", "type": "request_error",
            "detail": "Model \"churn\" has no version 9", "request_id": "req-1",
        });
        assert_eq!(rendered(&error), expected);
    }

    #[test]
    fn refused_input_is_listed_for_both_kinds_of_client() {
        let place = Loc::body().field("instances").index(3).field("feature1");
        let violation = Violation::new(place, code::LESS_THAN_EQUAL, "Input should be less than or equal to 100")
            .with_input(json!(140))
            .with_ctx(json!({"le": 100.0}));
        let missing = Violation::new(Loc::body().field("feature2"), code::MISSING, "Field required");
        let violations = Violations::new(vec![violation, missing], 7).unwrap();
        let details = json!([
            {"type": "less_than_equal", "loc": ["body", "instances", 3, "feature1"],
             "msg": "Input should be less than or equal to 100", "input": 140, "ctx": {"le": 100.0}},
            {"type": "missing", "loc": ["body", "feature2"], "msg": "Field required"},
        ]);
        let expected = json!({
            "error": "Validation error", "error_code": "VALIDATION_ERROR", "type": "validation_error",
            "details": details, "details_omitted": 7, "detail": details, "request_id": "req-1",
        });
        assert_eq!(rendered(&ApiError::from(violations)), expected);
    }

    #[test]
    fn every_code_renders_to_json_that_names_it() {
        for &code in ErrorCode::ALL {
            let body = rendered(&ApiError::new(code, "\u{0}\"\u{2028}é"));
            assert_eq!(body.get("error_code"), Some(&json!(code.as_str())));
            assert_eq!(body.get("error"), body.get("detail"));
        }
    }
}
