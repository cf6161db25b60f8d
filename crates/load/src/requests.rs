//! What is sent: one method, the same headers, and bodies in turn.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use hyper::{Method, Request};

use crate::{LoadError, Target};

/// The requests of a load test.
///
/// ```
/// use ferrocast_load::Requests;
///
/// let requests = Requests::post("application/json", [br#"{"x": 1}"#.to_vec(), br#"{"x": 2}"#.to_vec()])?
///     .header("x-team", "pricing")?;
/// # drop(requests);
/// # Ok::<(), ferrocast_load::LoadError>(())
/// ```
#[derive(Debug)]
pub struct Requests {
    method: Method,
    headers: HeaderMap,
    /// Never none.
    bodies: Vec<Bytes>,
    next: AtomicUsize,
}

impl Requests {
    /// `GET` without a body.
    #[must_use]
    pub fn get() -> Requests {
        Requests {
            method: Method::GET,
            headers: HeaderMap::new(),
            bodies: vec![Bytes::new()],
            next: AtomicUsize::new(0),
        }
    }

    /// `POST` of these bodies, one after the other and again from the first, over all connections together.
    ///
    /// # Errors
    /// If there is no body, or no such content type is possible.
    pub fn post(content_type: &str, bodies: impl IntoIterator<Item = Vec<u8>>) -> Result<Requests, LoadError> {
        let bodies: Vec<Bytes> = bodies.into_iter().map(Bytes::from).collect();
        if bodies.is_empty() {
            return Err(LoadError::NoBody);
        }
        Requests { method: Method::POST, bodies, ..Requests::get() }.header(CONTENT_TYPE.as_str(), content_type)
    }

    /// The same with another method.
    ///
    /// # Errors
    /// If there is no such method.
    pub fn method(mut self, method: &str) -> Result<Requests, LoadError> {
        self.method = method.parse().map_err(|_| LoadError::BadMethod(method.to_owned()))?;
        Ok(self)
    }

    /// The same with this header, in place of one of the same name. Values of `authorization` are not shown by `Debug`.
    ///
    /// # Errors
    /// If it is no header, or one that follows from what is sent.
    pub fn header(mut self, name: &str, value: &str) -> Result<Requests, LoadError> {
        let bad = |reason| LoadError::BadHeader { name: name.to_owned(), reason };
        let known: HeaderName =
            name.parse().map_err(|_| bad("is no name of HTTP: letters, digits and hyphens, as in `x-team`"))?;
        if [CONTENT_LENGTH, TRANSFER_ENCODING].contains(&known) {
            return Err(bad("follows from the body: leave it out"));
        }
        let mut value: HeaderValue =
            value.parse().map_err(|_| bad("has a value with characters that HTTP does not allow in it"))?;
        value.set_sensitive(known == AUTHORIZATION);
        self.headers.insert(known, value);
        Ok(self)
    }

    /// Names the server, unless another name was given.
    pub(crate) fn address(&mut self, target: &Target) -> Result<(), LoadError> {
        let bad = |_| LoadError::BadHeader { name: HOST.to_string(), reason: "cannot be made of this host" };
        let host = HeaderValue::try_from(target.authority()).map_err(bad)?;
        self.headers.entry(HOST).or_insert(host);
        Ok(())
    }

    pub(crate) fn method_name(&self) -> &str {
        self.method.as_str()
    }

    /// The next one.
    pub(crate) fn next(&self, target: &Target) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.next_body()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = target.uri().clone();
        *request.headers_mut() = self.headers.clone();
        request
    }

    fn next_body(&self) -> Bytes {
        let turn = match self.bodies.len() {
            // Nothing that the threads would have to share.
            1 => 0,
            count => self.next.fetch_add(1, Ordering::Relaxed) % count,
        };
        self.bodies.get(turn).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::Requests;

    #[tokio::test]
    async fn bodies_come_in_turn() {
        let target = "http://a".parse().unwrap();
        let requests = Requests::post("text/plain", ["a", "b"].map(|body| body.as_bytes().to_vec())).unwrap();
        for expected in ["a", "b", "a"] {
            assert_eq!(requests.next(&target).into_body().collect().await.unwrap().to_bytes(), expected);
        }
        assert!(Requests::post("text/plain", []).is_err());
    }

    #[test]
    fn headers_replace_what_is_there() {
        let target = "http://a:1".parse().unwrap();
        let mut requests = Requests::post("text/plain", [Vec::new()]).unwrap().header("Content-Type", "a/b").unwrap();
        requests.address(&target).unwrap();
        let requests = requests.method("PUT").unwrap();
        let request = requests.next(&target);
        assert_eq!((request.method().as_str(), request.headers()["host"].as_bytes()), ("PUT", &b"a:1"[..]));
        assert_eq!(request.headers().get_all("content-type").iter().collect::<Vec<_>>(), ["a/b"]);
    }

    #[test]
    fn what_cannot_be_sent_is_told_without_values() {
        let problem = |name, value| Requests::get().header(name, value).unwrap_err().to_string();
        assert!(problem("two words", "secret").contains("`two words` is no name"));
        assert!(problem("content-length", "1").contains("leave it out"));
        assert!(problem("x", "sec\nret").contains("`x`") && !problem("x", "sec\nret").contains("sec"));
        assert!(Requests::get().method("NO METHOD").unwrap_err().to_string().contains("`NO METHOD`"));
        let shown = format!("{:?}", Requests::get().header("Authorization", "secret").unwrap());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
