//! `X-Request-Timeout-Ms`: how long the client will wait.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName};
use apistos::paths::{Parameter, ParameterDefinition, ParameterIn};
use apistos::{InstanceType, NumberValidation, Schema, SchemaObject};
use ferrocast_schema::{Loc, Violation, code};

use crate::error::Failure;

/// The header's name as people write it.
const NAME: &str = "X-Request-Timeout-Ms";

/// The same, ready to look up.
const HEADER: HeaderName = HeaderName::from_static("x-request-timeout-ms");

/// The time that the request has: what its header says, but no more than `most`, which is also the default.
///
/// # Errors
/// If the header is there and is no whole number of milliseconds above 0.
pub(crate) fn timeout(headers: &HeaderMap, most: Duration) -> Result<Duration, Failure> {
    let Some(value) = headers.get(HEADER) else { return Ok(most) };
    let millis = value.to_str().ok().and_then(|text| text.trim().parse::<u64>().ok()).filter(|&millis| millis > 0);
    match millis {
        Some(millis) => Ok(most.min(Duration::from_millis(millis))),
        None => {
            let at = Loc::root("header").field(NAME);
            let message = "Input should be a whole number of milliseconds above 0";
            Err(Violation::new(at, code::INT_PARSING, message).into())
        }
    }
}

/// The header in the API description.
pub(crate) fn parameter() -> Parameter {
    let whole = SchemaObject {
        instance_type: Some(InstanceType::Integer.into()),
        number: Some(Box::new(NumberValidation { minimum: Some(1.0), ..NumberValidation::default() })),
        ..SchemaObject::default()
    };
    Parameter {
        name: NAME.to_owned(),
        _in: ParameterIn::Header,
        description: Some(
            "How long the client will wait, in milliseconds; then 504. Default and most: `server.request_timeout_s`"
                .to_owned(),
        ),
        required: Some(false),
        definition: Some(ParameterDefinition::Schema(Box::new(Schema::Object(whole).into()))),
        ..Parameter::default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::http::header::{HeaderMap, HeaderValue};

    use super::{HEADER, timeout};

    fn millis(value: &'static str) -> Option<u128> {
        let headers: HeaderMap = [(HEADER, HeaderValue::from_static(value))].into_iter().collect();
        timeout(&headers, Duration::from_secs(30)).ok().map(|timeout| timeout.as_millis())
    }

    #[test]
    fn a_client_may_ask_for_less_and_not_for_more() {
        assert_eq!(
            ["1", "200", " 200 ", "30000", "30001", "18446744073709551615"].map(millis),
            [Some(1), Some(200), Some(200), Some(30_000), Some(30_000), Some(30_000)]
        );
        assert_eq!(timeout(&HeaderMap::new(), Duration::from_secs(3)).unwrap(), Duration::from_secs(3));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for value in ["", "0", "-1", "1.5", "1e3", "soon", "18446744073709551616"] {
            assert_eq!(millis(value), None, "{value:?}");
        }
    }
}
