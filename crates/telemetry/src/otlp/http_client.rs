//! The client of OTLP over HTTP, which keeps why a request failed: the library's exporter says no more than that it did.

use std::error::Error;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::{Client, redirect, retry};

use super::config::{OtlpConfig, OtlpError};
use super::tls;

/// Why the last request got no answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Failure(Arc<Mutex<Option<String>>>);

impl Failure {
    pub(super) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, why: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

/// Sends requests over kept connections, and follows no redirects.
#[derive(Debug)]
pub(super) struct OtlpHttpClient {
    client: Client,
    failure: Failure,
}

impl OtlpHttpClient {
    pub(super) fn new(config: &OtlpConfig, failure: Failure) -> Result<OtlpHttpClient, OtlpError> {
        let client = Client::builder()
            .tls_backend_preconfigured(tls::client_config(config)?)
            .default_headers(config.header_map()?)
            .timeout(config.timeout)
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .build()?;
        Ok(OtlpHttpClient { client, failure })
    }
}

/// What `async_trait` makes of the trait's one function.
type Sending<'s> = Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 's>>;

impl HttpClient for OtlpHttpClient {
    fn send_bytes<'c, 's>(&'c self, request: Request<Bytes>) -> Sending<'s>
    where
        'c: 's,
        Self: 's,
    {
        Box::pin(async move {
            let result = self.client.send_bytes(request).await;
            self.failure.put(result.as_ref().err().map(|error| causes(&**error)));
            result
        })
    }
}

/// An error and what led to it, in one line: the first alone says no more than that it could not connect.
fn causes(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
