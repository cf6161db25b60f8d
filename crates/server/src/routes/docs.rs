//! `/docs`, `/redoc` and what they load: files out of the binary, and the API description as it is now.

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::{self, Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use ferrocast_protocol::ApiError;

use crate::access::Need;
use crate::assets::{Asset, DOCS, FILES, REDOC};
use crate::error::Failure;
use crate::routes::guarded::get_page;
use crate::state::State;

/// Nothing but this server: no script, style, font or picture from anywhere else, and no page that frames this one.
/// Both pages write styles into the document and Redoc searches in a worker made of its own text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The pages and their files. They are no part of the API that they describe.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/openapi.json").route(get_page(Need::Docs).to(openapi)));
    for (path, asset) in [("/docs", DOCS), ("/redoc", REDOC)].iter().chain(FILES) {
        let send = move |request: HttpRequest| async move { file(&request, asset) };
        config.service(web::resource(*path).route(get_page(Need::Docs).to(send)));
    }
}

/// `GET /openapi.json`.
async fn openapi(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let document = state.api_document();
    let current = Representation {
        media_type: "application/json",
        etag: document.etag.clone(),
        bytes: document.bytes.clone(),
        gzip: false,
    };
    current.answer(request.headers())
}

fn file(request: &HttpRequest, asset: &'static Asset) -> Result<HttpResponse, Failure> {
    let gzip = asset.gzipped().filter(|_| accepts_gzip(request.headers()));
    let bytes = match gzip {
        Some(bytes) => Bytes::from_static(bytes),
        None => Bytes::from(asset.plain().map_err(|_| ApiError::internal())?.into_owned()),
    };
    let representation =
        Representation { media_type: asset.media_type, etag: etag(&bytes), bytes, gzip: gzip.is_some() };
    Ok(representation.answer(request.headers()))
}

/// What is sent for a path at one moment, to one kind of client.
struct Representation {
    media_type: &'static str,
    etag: HeaderValue,
    bytes: Bytes,
    gzip: bool,
}

impl Representation {
    /// The whole, or 304 if the client has it.
    fn answer(self, asked: &HeaderMap) -> HttpResponse {
        let known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| lists(known, &self.etag));
        let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header((header::ETAG, self.etag))
            .insert_header((header::CACHE_CONTROL, "no-cache"))
            .insert_header((header::VARY, "accept-encoding"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY));
        if known {
            return response.finish();
        }
        if self.gzip {
            response.insert_header((header::CONTENT_ENCODING, "gzip"));
        }
        response.content_type(self.media_type).body(self.bytes)
    }
}

/// A validator for bytes that never change behind their back: length and checksum.
pub(crate) fn etag(bytes: &[u8]) -> HeaderValue {
    let mut checksum = flate2::Crc::new();
    checksum.update(bytes);
    let tag = format!("\"{:08x}-{:x}\"", checksum.sum(), bytes.len());
    // Hexadecimal digits in quotes are always a header value; an empty one matches nothing.
    HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static(""))
}

fn lists(known: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(known), Ok(etag)) = (known.to_str(), etag.to_str()) else { return false };
    known.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == etag || tag == "*")
}

/// Whether gzip is named and not refused; browsers name it plainly.
fn accepts_gzip(asked: &HeaderMap) -> bool {
    let accepted = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|choice| {
        let (coding, quality) = choice.split_once(';').unwrap_or((choice, ""));
        let refused = matches!(quality.replace(' ', "").as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        coding.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{self, HeaderMap, HeaderValue};

    use super::{accepts_gzip, etag, lists};

    fn accepts(value: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
        accepts_gzip(&headers)
    }

    #[test]
    fn gzip_is_sent_to_whoever_takes_it() {
        assert!(accepts("gzip, deflate, br") && accepts("br;q=1.0, GZIP;q=0.8"));
        assert!(!accepts("br") && !accepts("gzip;q=0") && !accepts("gzip; q=0.0") && !accepts(""));
    }

    #[test]
    fn a_known_validator_is_recognised_in_a_list() {
        let etag = etag(b"content");
        let known = format!("\"other\", W/{}", etag.to_str().expect("text"));
        assert!(lists(&HeaderValue::from_str(&known).expect("a value"), &etag));
        assert!(lists(&HeaderValue::from_static("*"), &etag));
        assert!(!lists(&HeaderValue::from_static("\"other\""), &etag));
    }
}
