//! `Cache-Control` of a request: whether an answer that was given before will do.

use std::future::{Ready, ready};
use std::time::{Duration, SystemTime};

use actix_web::dev::Payload;
use actix_web::http::header::{CACHE_CONTROL, HeaderMap};
use actix_web::{FromRequest, HttpRequest};
use apistos::paths::{Parameter, ParameterIn};
use ferrocast_cache::Entry;

use crate::error::Failure;
use crate::extract::parameter::{described_by, optional_text};

/// What the request says. Directives that are not known count for nothing, as RFC 9111 wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Caching {
    /// It wants a new answer. That one may be kept.
    no_cache: bool,
    /// Nothing of it may be kept.
    pub(crate) no_store: bool,
    /// It wants no older answer.
    max_age: Option<Duration>,
}

impl Caching {
    /// Reads the header.
    fn of(headers: &HeaderMap) -> Caching {
        let mut caching = Caching::default();
        for value in headers.get_all(CACHE_CONTROL).filter_map(|value| value.to_str().ok()) {
            for directive in value.split(',').map(str::trim) {
                let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
                match name.trim_end().to_ascii_lowercase().as_str() {
                    "no-cache" => caching.no_cache = true,
                    "no-store" => caching.no_store = true,
                    "max-age" => {
                        caching.max_age = argument.trim().trim_matches('"').parse().ok().map(Duration::from_secs)
                    }
                    _ => {}
                }
            }
        }
        caching
    }

    /// Whether an answer that was given before will do at all.
    pub(crate) fn may_reuse(self) -> bool {
        !self.no_cache && !self.no_store
    }

    /// Whether this one will do.
    pub(crate) fn accepts(self, entry: &Entry) -> bool {
        self.max_age.is_none_or(|most| entry.age(SystemTime::now()) <= most)
    }
}

impl FromRequest for Caching {
    type Error = Failure;
    type Future = Ready<Result<Caching, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Caching::of(request.headers())))
    }
}

/// The header in the API description.
pub(crate) fn parameter() -> Parameter {
    let description = "Where answers are kept. `no-cache`: a new answer, which is kept; `no-store`: a new answer, which is not; `max-age=60`: no answer older than \
        60 seconds";
    optional_text("Cache-Control", ParameterIn::Header, description)
}

described_by!(Caching, vec![parameter()]);

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderValue};
    use actix_web::web::Bytes;
    use ferrocast_cache::Entry;

    use super::Caching;

    fn caching(values: &[&'static str]) -> Caching {
        let header = |value: &&'static str| (CACHE_CONTROL, HeaderValue::from_static(value));
        let mut headers = HeaderMap::new();
        values.iter().map(header).for_each(|(name, value)| headers.append(name, value));
        Caching::of(&headers)
    }

    #[test]
    fn directives_are_read_in_every_spelling() {
        assert_eq!(caching(&[]), Caching::default());
        assert!(!caching(&["No-Cache"]).may_reuse());
        assert!(caching(&["max-age=5 , NO-STORE"]).no_store);
        assert!(!caching(&["max-age=5", "no-cache"]).may_reuse());
        assert_eq!(caching(&["no-transform, only-if-cached, max-age=soon, =, ,"]), Caching::default());
    }

    #[test]
    fn an_answer_may_be_too_old() {
        let made = SystemTime::now() - Duration::from_secs(60);
        let entry = Entry::new(Bytes::new(), made, Duration::from_secs(600));
        assert!(caching(&["max-age=90"]).accepts(&entry) && caching(&[]).accepts(&entry));
        assert!(!caching(&["max-age=30"]).accepts(&entry));
    }
}
