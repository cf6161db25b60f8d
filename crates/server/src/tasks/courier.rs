//! Sends the ends of tasks to whoever wanted to know: signed, to addresses that were checked, and to nobody else.

use std::error::Error;
use std::fs;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use ferrocast_protocol::native::encode_task_event;
use ferrocast_tasks::callback::{
    CallbackPolicy, CallbackRefused, DeliveryAnswer, ID_HEADER, SIGNATURE_HEADER, Schedule, SigningKeys,
    TIMESTAMP_HEADER, jitter, judge, retry_after,
};
use ferrocast_tasks::{BoxFuture, Courier, Delivery, DeliveryVerdict, Timestamp};
use ferrocast_telemetry::{Attribute, RequestTrace, RootSpan, SpanKind, SpanStatus, Tracing, attribute_name as name};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore, crypto};
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::resolver::{CheckedResolver, Lookup, SystemLookup, Unresolved};
use super::told::status_of;
use crate::config::CallbacksConfig;
use crate::lap::Lap;
use crate::middleware::answer::TRACEPARENT;
use crate::middleware::request_id::X_REQUEST_ID;

/// Most of an answer that is read.
const MOST_READ: usize = 64 << 10;

/// Longest that is read.
const LONGEST_READ: Duration = Duration::from_secs(1);

/// Delivers over HTTP.
#[derive(Debug)]
pub(crate) struct CallbackCourier {
    client: Client,
    keys: Option<SigningKeys>,
    policy: Arc<CallbackPolicy>,
    schedule: Schedule,
    timeout: Duration,
    /// Where the spans of attempts go.
    tracing: Tracing,
}

/// Why nothing can be delivered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CourierError {
    /// The file of certificates.
    #[error("{0}")]
    Certificates(String),
    /// The HTTP client.
    #[error("the client for callbacks cannot be made: {0}")]
    Client(#[from] reqwest::Error),
    /// Its TLS.
    #[error("the client for callbacks cannot be made: {0}")]
    Tls(#[from] rustls::Error),
}

impl CallbackCourier {
    /// One that looks names up as the system does.
    pub(crate) fn new(config: &CallbacksConfig, tracing: Tracing) -> Result<CallbackCourier, CourierError> {
        CallbackCourier::with_lookup(config, tracing, Arc::new(SystemLookup))
    }

    fn with_lookup(
        config: &CallbacksConfig,
        tracing: Tracing,
        lookup: Arc<dyn Lookup>,
    ) -> Result<CallbackCourier, CourierError> {
        let policy = Arc::new(config.policy.clone());
        let provider = Arc::new(crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(authorities(config)?)
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(CheckedResolver { lookup, policy: Arc::clone(&policy) })
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            // Each attempt is checked anew.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("ferrocast/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let (keys, schedule) = (config.keys.clone(), config.schedule.clone());
        Ok(CallbackCourier { client, keys, policy, schedule, timeout: config.timeout, tracing })
    }

    async fn attempt(&self, delivery: &Delivery, trace_parent: Option<String>) -> DeliveryAnswer {
        let deadline = Instant::now() + self.timeout;
        match timeout_at(deadline, self.send(delivery, trace_parent)).await {
            Ok(Ok(response)) => answered(response, deadline).await,
            Ok(Err(answer)) => answer,
            Err(_) => DeliveryAnswer::TimedOut { after: self.timeout },
        }
    }

    /// The head of the answer, or why there is none.
    async fn send(&self, delivery: &Delivery, trace_parent: Option<String>) -> Result<Response, DeliveryAnswer> {
        // It was checked when it was handed in; the configuration may have changed since.
        let url = self.policy.check(&delivery.callback.url).map_err(DeliveryAnswer::Refused)?;
        let failed = |why: &str| DeliveryAnswer::Failed(why.to_owned());
        let keys = self.keys.as_ref().ok_or_else(|| failed("not sent: callbacks.secret is not given"))?;
        let body = status_of(&delivery.record).and_then(encode_task_event);
        let body = body.map_err(|_| failed("not sent: the result cannot be read"))?;
        let id = delivery.record.id.to_string();
        let seconds = Timestamp::of_wall().as_millis() / 1000;
        let mut request = self
            .client
            .post(url.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(SIGNATURE_HEADER, keys.sign(&id, seconds, &body))
            .header(TIMESTAMP_HEADER, seconds)
            .header(ID_HEADER, id)
            .header(X_REQUEST_ID.as_str(), &delivery.record.request_id)
            .body(body);
        if let Some(trace_parent) = trace_parent {
            request = request.header(TRACEPARENT.as_str(), trace_parent);
        }
        request.send().await.map_err(broken)
    }
}

impl Courier for CallbackCourier {
    fn deliver(&self, delivery: Delivery) -> BoxFuture<'_, DeliveryVerdict> {
        Box::pin(async move {
            let trace = self.tracing.begin(delivery.record.trace_parent.as_deref(), None);
            let began = std::time::Instant::now();
            let answer = self.attempt(&delivery, trace.traceparent()).await;
            if trace.is_sampled() {
                end_trace(trace, &delivery, Lap::since(began), &answer);
            }
            judge(answer, delivery.attempt, &self.schedule, jitter())
        })
    }
}

/// Ends the trace of one attempt.
fn end_trace(trace: RequestTrace, delivery: &Delivery, lap: Lap, answer: &DeliveryAnswer) {
    let id = delivery.record.id.to_string();
    let mut attributes = vec![
        Attribute::text(name::HTTP_REQUEST_METHOD, "POST"),
        Attribute::text(name::SERVER_ADDRESS, &delivery.callback.host),
        Attribute::text(name::TASK_ID, &id),
        Attribute::int(name::HTTP_REQUEST_RESEND_COUNT, i64::from(delivery.attempt.saturating_sub(1))),
    ];
    let failure = match answer {
        DeliveryAnswer::Status { status, .. } => {
            attributes.push(Attribute::int(name::HTTP_RESPONSE_STATUS_CODE, i64::from(*status)));
            (*status >= 400).then(|| status.to_string())
        }
        DeliveryAnswer::TimedOut { .. } => Some("timeout".to_owned()),
        DeliveryAnswer::Refused(_) => Some("refused".to_owned()),
        DeliveryAnswer::Failed(_) => Some("failed".to_owned()),
    };
    attributes.extend(failure.iter().map(|failure| Attribute::text(name::ERROR_TYPE, failure)));
    trace.finish(&RootSpan {
        name: "callback",
        kind: SpanKind::Client,
        from: lap.from,
        to: lap.to,
        status: if failure.is_some() { SpanStatus::Error("") } else { SpanStatus::Unset },
        attributes: &attributes,
    });
}

/// The status. Some of the body is read, so that the receiver need not notice that nobody wants it; but not for long, nor
/// after the deadline.
async fn answered(mut response: Response, deadline: Instant) -> DeliveryAnswer {
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = header.and_then(|value| retry_after(value, Timestamp::of_wall()));
    let status = response.status().as_u16();
    let mut left = MOST_READ;
    let read = async {
        while let Ok(Some(chunk)) = response.chunk().await {
            left = left.saturating_sub(Bytes::len(&chunk));
            if left == 0 {
                return;
            }
        }
    };
    // Whatever becomes of the body, the receiver has said what it thinks.
    drop(timeout_at(deadline.min(Instant::now() + LONGEST_READ), read).await);
    DeliveryAnswer::Status { status, retry_after }
}

/// Why there is no answer, without the address, which may hold what only the receiver knows.
fn broken(error: reqwest::Error) -> DeliveryAnswer {
    let error = error.without_url();
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<CallbackRefused>() {
            return DeliveryAnswer::Refused(refused.clone());
        }
        if inner.is::<Unresolved>() {
            return DeliveryAnswer::Failed(inner.to_string());
        }
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return DeliveryAnswer::Failed(format!("no secure connection: {tls}"));
        }
        if let Some(io) = inner.downcast_ref::<io::Error>()
            && io.raw_os_error().is_some()
        {
            return DeliveryAnswer::Failed(io.kind().to_string());
        }
        // An I/O error may wrap one of ours.
        cause = inner
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map_or_else(|| inner.source(), |it| Some(it));
    }
    DeliveryAnswer::Failed("the connection broke off".to_owned())
}

/// Those of the system, and those of the configuration.
fn authorities(config: &CallbacksConfig) -> Result<RootCertStore, CourierError> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = &config.ca_file {
        let text = fs::read(file).map_err(|error| CourierError::Certificates(error.to_string()))?;
        for certificate in CertificateDer::pem_slice_iter(&text) {
            let certificate = certificate.map_err(|error| CourierError::Certificates(error.to_string()))?;
            store.add(certificate).map_err(|error| CourierError::Certificates(error.to_string()))?;
        }
    }
    if store.is_empty() && config.keys.is_some() {
        warn!("this system has no certificates of authorities: no callback can be sent with https (callbacks.ca_file)");
    }
    Ok(store)
}

#[cfg(test)]
mod tests;
