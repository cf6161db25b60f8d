//! Which pages of other origins may call the API in a browser.
//!
//! Here and not in a layer of a library: errors are rendered by the outermost layer, and a browser shows a page no error that does
//! not carry these headers, so they belong where errors do. <https://fetch.spec.whatwg.org/#http-cors-protocol>

use actix_http::Request;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use actix_web::{HttpMessage, HttpResponse};

use crate::config::{AllowedOrigin, CorsConfig};

/// Methods of all routes.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE");

/// What a page may read beside the headers that every page may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "x-request-id, server-timing, x-cache, age, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, inference-header-content-length, traceparent",
);

/// Who is let in, and for how long a browser remembers it.
#[derive(Debug)]
pub(crate) struct Cors {
    any: bool,
    origins: Vec<String>,
    max_age: HeaderValue,
}

impl Cors {
    /// `None` if no page is let in.
    pub(crate) fn new(config: &CorsConfig) -> Option<Cors> {
        let mut cors = Cors { any: false, origins: Vec::new(), max_age: HeaderValue::from(config.max_age.as_secs()) };
        for origin in &config.origins {
            match origin {
                AllowedOrigin::Any => cors.any = true,
                AllowedOrigin::One(origin) => cors.origins.push(origin.clone()),
            }
        }
        (cors.any || !cors.origins.is_empty()).then_some(cors)
    }

    /// The origin to be named in the answer, if the request comes from one that is let in.
    pub(crate) fn allowed(&self, request: &Request) -> Option<HeaderValue> {
        let origin = request.headers().get(ORIGIN)?;
        if self.any {
            // Nothing here goes by cookies, so all origins are alike.
            return Some(HeaderValue::from_static("*"));
        }
        let is_listed = self.origins.iter().any(|listed| listed.as_bytes().eq_ignore_ascii_case(origin.as_bytes()));
        is_listed.then(|| origin.clone())
    }

    /// The answer to a browser that asks before it sends a request: that carries no key, and reaches no route. Whether its origin is
    /// [let in](Cors::allowed) is known.
    pub(crate) fn preflight(&self, request: &Request, is_allowed: bool) -> Option<HttpResponse> {
        let headers = request.headers();
        let is_preflight = request.method() == Method::OPTIONS
            && headers.contains_key(ORIGIN)
            && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !is_preflight {
            return None;
        }
        let mut response = HttpResponse::NoContent();
        if is_allowed {
            response.insert_header((ACCESS_CONTROL_ALLOW_METHODS, METHODS));
            response.insert_header((ACCESS_CONTROL_MAX_AGE, self.max_age.clone()));
            if let Some(wanted) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
                response.insert_header((ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone()));
            }
        }
        Some(response.finish())
    }
}

/// Lets a page of that origin read the answer.
pub(crate) fn allow(headers: &mut HeaderMap, origin: Option<HeaderValue>) {
    if origin.as_ref().is_none_or(|origin| origin != "*") {
        // Also for those who are not let in: what they got must not be given to others.
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}
