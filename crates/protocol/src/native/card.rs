//! Answers of the routes that describe models: `GET /models` and `GET /models/{model}`. What a person needs to write a
//! correct request is here; what a program needs is in the OpenAPI document.

mod feature;

use std::collections::BTreeMap;

use ferrocast_schema::ClassValue;
use serde::Serialize;
use serde_json::Value;

pub use feature::{FeatureCard, RangeCard};

/// `GET /models`: everything that is served, the failed versions included.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos::ApiComponent, apistos_schemars::JsonSchema))]
pub struct ModelList {
    /// The model behind the flat routes (`/predict`); null if nothing is served.
    pub default_model: Option<String>,
    /// By name.
    pub models: Vec<ModelSummary>,
}

/// One model in the list of models.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
pub struct ModelSummary {
    /// The name in `/models/{model}`.
    pub model: String,
    /// What the model does, `"classification"`; null while no version is ready.
    pub task: Option<String>,
    /// The manifest's one-line summary.
    pub summary: Option<String>,
    /// The version that answers when a request names none; null while no version is ready.
    pub default_version: Option<String>,
    /// Movable names of versions: alias to version.
    pub aliases: BTreeMap<String, String>,
    /// All versions, in the order in which the server ranks them.
    pub versions: Vec<VersionStatus>,
}

/// The state of one version, wherever it is mentioned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
pub struct VersionStatus {
    /// The version's name as in its folder.
    pub version: String,
    /// Where it is in its life.
    pub state: VersionState,
    /// Why it failed; or, of one that serves, why what lies in its folder now does not replace it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Where a version is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum VersionState {
    /// Being read and optimised.
    Loading,
    /// Being run on its examples.
    Warming,
    /// Answers requests.
    Ready,
    /// Could not be loaded; `reason` says why.
    Failed,
    /// Finishes what it has and takes nothing new.
    Draining,
    /// Taken out of service, and freed.
    Unloaded,
}

/// `GET /models/{model}`: one model, described by its default version.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos::ApiComponent, apistos_schemars::JsonSchema))]
pub struct ModelCard {
    /// Name, task, summary, versions and aliases, as in the list of models.
    #[serde(flatten)]
    pub summary: ModelSummary,
    /// The version described below; null while no version is ready.
    pub described: Option<VersionCard>,
}

/// What one loaded version expects, answers and costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
pub struct VersionCard {
    /// The version's name as in its folder.
    pub version: String,
    /// The fields of a request, in the order in which the model takes them.
    pub features: Vec<FeatureCard>,
    /// What becomes of a picture, for models that take pictures; else absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageCard>,
    /// What the model chooses from, in the order of `probability`; empty if it does not choose.
    pub classes: Vec<ClassCard>,
    /// Where the model tells several things about a row: what it chooses each from, in the order of `prediction` and of
    /// `probability`. A list is empty if the file does not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Vec<ClassCard>>,
    /// A request that the model accepts; empty for models of pictures.
    pub example: Value,
    /// The backend that runs the model: `"tract"`.
    pub engine: String,
    /// From reading the folder to ready, warm-up included, in milliseconds.
    pub load_ms: f64,
    /// Memory held by weights and compiled kernels in bytes; null if the engine does not know.
    pub resident_bytes: Option<u64>,
    /// What predictions cost, measured while warming up; by rising number of rows.
    pub warm_up: Vec<WarmUpCost>,
    /// Where predictions run, and why.
    pub execution: ExecutionCard,
    /// What waits for the pool, and what became of earlier predictions there.
    pub queue: QueueCard,
}

/// What becomes of a picture before the model sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
pub struct ImageCard {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// How it gets that size: `exact`, `shorter-side` (the middle is cut out) or `fit` (the rest is padded).
    pub resize: String,
    /// How new pixels are made out of old ones: `nearest`, `bilinear`, `bicubic` or `lanczos`.
    pub filter: String,
}

/// Where the predictions of a version run: chosen by what rows cost, unless the manifest says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
pub struct ExecutionCard {
    /// `serving.mode` of the manifest: `auto`, `inline` or `pooled`.
    pub mode: String,
    /// What decided.
    pub reason: String,
    /// Requests of up to so many rows run on the thread that read them; null if all do.
    pub inline_rows: Option<usize>,
    /// Those of up to so many rows do if nothing else of the model runs or waits; null if all do.
    pub inline_alone_rows: Option<usize>,
    /// Whether rows of different requests run together on the pool.
    pub joins: bool,
    /// Most rows in one run on the pool; larger requests are cut and their answers joined.
    pub max_batch_rows: usize,
    /// Most rows that wait; more are answered 429.
    pub max_queue_rows: usize,
    /// How long a row may wait for company, in microseconds.
    pub max_delay_us: u64,
    /// Most threads of the pool that work for this version at a time.
    pub threads: usize,
}

/// The queue of a version before the pool.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
pub struct QueueCard {
    /// Rows that wait now.
    pub rows: usize,
    /// Runs that are going on now.
    pub running: usize,
    /// How long the oldest waiting row has waited, in milliseconds.
    pub oldest_ms: f64,
    /// Runs since the version was loaded.
    pub runs: u64,
    /// The rows of these runs.
    pub run_rows: u64,
    /// Requests refused because the queue was full.
    pub rejected: u64,
    /// Requests dropped from the queue because the client had gone.
    pub abandoned: u64,
    /// Requests dropped from the queue because their time was up.
    pub expired: u64,
}

/// One measurement of the warm-up.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
pub struct WarmUpCost {
    /// Rows predicted in one run.
    pub rows: usize,
    /// Time of that run in microseconds.
    pub microseconds: f64,
}

/// One class of a classifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
pub struct ClassCard {
    /// The model's own value, as `prediction` has it: an integer or a string.
    class: Value,
    /// Its name for people, as `label` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
}

impl ClassCard {
    /// A class and the name that the manifest gives it.
    pub fn new(class: &ClassValue, label: Option<&str>) -> ClassCard {
        let class = match class {
            ClassValue::Int(class) => Value::from(*class),
            ClassValue::Str(class) => Value::from(class.as_ref()),
        };
        ClassCard { class, label: label.map(str::to_owned) }
    }
}
