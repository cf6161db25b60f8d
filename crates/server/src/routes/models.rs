//! Descriptions of models: `GET /models`, `GET /models/{model}` and its versions.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::Data;
use apistos::api_operation;
use ferrocast_pipeline::Class;
use ferrocast_protocol::native::{
    ClassCard, ExecutionCard, FeatureCard, ImageCard, ModelCard, ModelHealth, ModelList, ModelSummary, QueueCard,
    VersionCard, VersionState, VersionStatus, WarmUpCost,
};
use ferrocast_serving::{CostCurve, Deployment, ModelEntry, ModelState, ServeError, VersionEntry};

use crate::error::Failure;
use crate::extract::model::{Named, NamedVersion, PathParameters, wanted};
use crate::reply::Reply;
use crate::state::State;

#[api_operation(
    operation_id = "list_models",
    tag = "models",
    summary = "List all models with the state of every version",
    error_code = 500
)]
pub(crate) async fn list(state: Data<State>) -> Result<Reply<ModelList>, Failure> {
    let snapshot = state.service.snapshot();
    Reply::of(&ModelList {
        default_model: snapshot.default_model().map(|model| model.name().as_ref().to_owned()),
        models: snapshot.models().iter().map(summary).collect(),
    })
}

#[api_operation(
    operation_id = "get_model",
    tag = "models",
    summary = "Describe a model in its latest version",
    error_code = 404,
    error_code = 500
)]
pub(crate) async fn model(
    state: Data<State>,
    request: HttpRequest,
    _path: PathParameters<Named>,
) -> Result<Reply<ModelCard>, Failure> {
    describe(&state, &request)
}

#[api_operation(
    operation_id = "get_model_version",
    tag = "models",
    summary = "Describe one version of a model",
    error_code = 404,
    error_code = 500
)]
pub(crate) async fn version(
    state: Data<State>,
    request: HttpRequest,
    _path: PathParameters<NamedVersion>,
) -> Result<Reply<ModelCard>, Failure> {
    describe(&state, &request)
}

fn describe(state: &State, request: &HttpRequest) -> Result<Reply<ModelCard>, Failure> {
    let snapshot = state.service.snapshot();
    let (model, version) = snapshot.find(wanted(request)).map_err(ServeError::from)?;
    Reply::of(&card(model, version))
}

/// One model's line in the body of `/health`.
pub(crate) fn health_of(model: &ModelEntry<Deployment>) -> (String, ModelHealth) {
    let versions = model.versions().iter().map(status).collect();
    (model.name().as_ref().to_owned(), ModelHealth { ready: model.latest().is_some(), versions })
}

fn card(model: &ModelEntry<Deployment>, version: &VersionEntry<Deployment>) -> ModelCard {
    let described = version.deployed().map(|deployment| version_card(version, deployment));
    ModelCard { summary: summary(model), described }
}

fn summary(model: &ModelEntry<Deployment>) -> ModelSummary {
    let default = model.default_version().and_then(VersionEntry::deployed);
    let manifest = default.map(|default| default.pipeline().manifest());
    ModelSummary {
        model: model.name().as_ref().to_owned(),
        task: manifest.map(|manifest| manifest.task.as_str().to_owned()),
        summary: manifest.and_then(|manifest| manifest.summary.clone()),
        default_version: default.map(|default| default.version().to_owned()),
        aliases: model.aliases().map(|(alias, version)| (alias.to_string(), version.to_string())).collect(),
        versions: model.versions().iter().map(status).collect(),
    }
}

fn status(version: &VersionEntry<Deployment>) -> VersionStatus {
    let state = version.state();
    VersionStatus {
        version: version.version().to_string(),
        reason: reason(version),
        state: match state {
            ModelState::Loading => VersionState::Loading,
            ModelState::Warming => VersionState::Warming,
            ModelState::Ready => VersionState::Ready,
            ModelState::Draining => VersionState::Draining,
            ModelState::Unloaded => VersionState::Unloaded,
            // A state that this crate does not know yet is none in which requests are answered.
            _ => VersionState::Failed,
        },
    }
}

/// Why the version does not serve; or, if it does, why it still serves what lay in the folder before.
pub(super) fn reason(version: &VersionEntry<Deployment>) -> Option<String> {
    let kept = || Some(format!("what replaces it was refused: {}", version.failed_reload()?));
    version.state().reason().map(ToString::to_string).or_else(kept)
}

fn version_card(version: &VersionEntry<Deployment>, deployment: &Arc<Deployment>) -> VersionCard {
    let pipeline = deployment.pipeline();
    let manifest = pipeline.manifest();
    let costs = deployment.costs().map(CostCurve::points).unwrap_or_default().iter();
    let warm_up = costs.map(|point| WarmUpCost { rows: point.rows, microseconds: point.time.as_nanos() as f64 / 1e3 });
    VersionCard {
        version: deployment.version().to_owned(),
        features: manifest.features.iter().map(FeatureCard::from).collect(),
        image: manifest.image.map(|image| ImageCard {
            width: image.size.width,
            height: image.size.height,
            resize: image.size.resize.as_str().to_owned(),
            filter: image.size.filter.as_str().to_owned(),
        }),
        classes: class_cards(pipeline.classes()),
        targets: pipeline.targets().into_iter().map(class_cards).collect(),
        example: pipeline.schema().example(),
        engine: manifest.model.engine.clone(),
        load_ms: version.took().map_or(0.0, milliseconds),
        resident_bytes: pipeline.engine().resident_bytes(),
        warm_up: warm_up.collect(),
        execution: execution_card(deployment),
        queue: queue_card(deployment),
    }
}

fn execution_card(deployment: &Deployment) -> ExecutionCard {
    let serving = deployment.pipeline().manifest().serving;
    let placement = deployment.placement();
    let unless_all = |rows| Some(rows).filter(|&rows| rows != usize::MAX);
    ExecutionCard {
        mode: serving.mode.as_str().to_owned(),
        reason: placement.reason.to_string(),
        inline_rows: unless_all(placement.inline_rows),
        inline_alone_rows: unless_all(placement.inline_alone_rows),
        joins: placement.joins,
        max_batch_rows: placement.run_rows,
        max_queue_rows: placement.queue_rows,
        max_delay_us: serving.max_delay_us,
        threads: deployment.threads(),
    }
}

fn queue_card(deployment: &Deployment) -> QueueCard {
    let load = deployment.load();
    let counts = deployment.pool_counts();
    QueueCard {
        rows: load.rows,
        running: load.running,
        oldest_ms: milliseconds(load.oldest),
        runs: counts.runs,
        run_rows: counts.rows,
        rejected: counts.rejected,
        abandoned: counts.abandoned,
        expired: counts.expired,
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e6
}

fn class_cards(classes: &[Class]) -> Vec<ClassCard> {
    classes.iter().map(|class| ClassCard::new(&class.value, class.label.as_deref())).collect()
}
