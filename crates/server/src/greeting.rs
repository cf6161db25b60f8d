//! The log's first lines for people: what is served, where, and what to try.

use std::sync::Arc;
use std::thread;

use ferrocast_serving::{Deployment, ModelRef, Service};
use tracing::{info, warn};

use crate::listen::Endpoint;
use crate::systemd;

/// Begins to load all models, and says in the log what came of it once all are ready or have failed.
pub(crate) fn after_loading(service: Arc<Service>, main: Endpoint, admin: Option<Endpoint>) {
    let loading = service.load_all();
    let wait = move || {
        if let Err(error) = loading.wait() {
            warn!(%error, "models were not loaded");
        }
        greet(&service, main);
        if let Some(admin) = admin {
            info!("administration at {admin}");
        }
        info!("listening on {main}");
        systemd::ready();
    };
    let thread = thread::Builder::new().name("greeting".to_owned());
    if let Err(error) = thread.spawn(wait) {
        warn!(%error, "no thread to wait for the models; they load all the same");
    }
}

fn greet(service: &Service, main: Endpoint) {
    let snapshot = service.snapshot();
    let serving = snapshot.models().iter().filter_map(|model| model.latest()?.deployed());
    for deployment in serving {
        let task = deployment.pipeline().manifest().task.as_str();
        info!("serving {} version {} ({task})", deployment.model(), deployment.version());
    }
    if snapshot.models().is_empty() {
        warn!("there is no model to serve; README.md shows how to add one");
    }
    match service.model(ModelRef::default()) {
        Ok(deployment) => info!("try: {}", curl(&deployment, main)),
        Err(error) => warn!("the flat routes such as /predict have no model: {error}"),
    }
    info!("documentation at {main}/docs");
}

/// A request for the default model that works.
fn curl(deployment: &Deployment, main: Endpoint) -> String {
    if deployment.pipeline().takes_pictures() {
        return format!("curl {main}/predict_image -F file=@picture.jpg");
    }
    let example = deployment.pipeline().schema().example();
    format!("curl {main}/predict -H 'content-type: application/json' -d '{example}'")
}
