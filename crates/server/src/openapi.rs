//! The API description: a static part by apistos, and the paths of whatever models are loaded now.

pub(crate) mod errors;
mod models;
mod open_inference;
mod security;
mod static_part;

use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use ferrocast_serving::{Deployment, Snapshot};
use serde_json::Value;

use crate::routes::docs::etag;

pub(crate) use static_part::{CaptureError, capture, spec};

/// The document, rebuilt when the set of models changes.
#[derive(Debug)]
pub(crate) struct ApiDocument {
    static_part: Value,
    latest: Mutex<Option<(u64, Published)>>,
}

/// The document at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    /// As JSON.
    pub(crate) bytes: Bytes,
    /// Its validator.
    pub(crate) etag: HeaderValue,
}

impl ApiDocument {
    /// A document whose static part is what [`capture`] gave.
    pub(crate) fn new(static_part: Value) -> ApiDocument {
        ApiDocument { static_part, latest: Mutex::new(None) }
    }

    /// The document for these models; made anew only if they have changed.
    pub(crate) fn current(&self, snapshot: &Arc<Snapshot<Deployment>>, max_batch: usize) -> Published {
        // Nothing is left half done by a panic while it is held.
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        match &*latest {
            Some((generation, published)) if *generation == snapshot.generation() => published.clone(),
            _ => {
                let bytes = Bytes::from(self.build(snapshot, max_batch).to_string());
                let published = Published { etag: etag(&bytes), bytes };
                *latest = Some((snapshot.generation(), published.clone()));
                published
            }
        }
    }

    /// The document for these models, from scratch.
    pub(crate) fn build(&self, snapshot: &Snapshot<Deployment>, max_batch: usize) -> Value {
        let mut document = self.static_part.clone();
        models::merge(&mut document, snapshot, max_batch);
        security::add(&mut document);
        document
    }
}
