//! `model.toml`: what a model expects and answers, written by people.

mod cache;
mod check;
mod document;
mod error;
mod feature;
mod image;
mod output;
mod read;
mod serving;
mod text_format;
mod triton;
mod versions;
mod write;

use garde::Validate;

pub use cache::CacheSection;
pub use error::{ManifestError, Problem};
pub use feature::{Encode, Feature, FeatureType, Range, Scale};
pub use image::{Filter, ImageChannels, ImageLayout, ImageSection, ImageSize, Normalize, Resize};
pub use output::{Activation, OutputSection};
pub use serving::{ServingMode, ServingSection, Warmup};
pub use triton::{TritonConfig, TritonTensor};
pub use versions::VersionPolicy;

pub(crate) use check::feature_problems;

/// The version of the manifest format that is read and written.
pub(crate) const FORMAT: u32 = 1;

/// What a model is for; decides how its output is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// A row belongs to one of several classes.
    Classification,
    /// A row has a number.
    Regression,
    /// A row becomes a vector.
    Embedding,
    /// A picture belongs to one of several classes.
    ImageClassification,
    /// Tensors in, tensors out, with no meaning attached.
    Tensor,
}

impl Task {
    /// All tasks, with the words that name them in a manifest.
    pub const ALL: [(&'static str, Task); 5] = [
        ("classification", Task::Classification),
        ("regression", Task::Regression),
        ("embedding", Task::Embedding),
        ("image-classification", Task::ImageClassification),
        ("tensor", Task::Tensor),
    ];

    /// The word for it in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Task::Classification => "classification",
            Task::Regression => "regression",
            Task::Embedding => "embedding",
            Task::ImageClassification => "image-classification",
            Task::Tensor => "tensor",
        }
    }
}

/// What happens to fields that are no features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExtraFields {
    /// They are skipped, pydantic's default.
    #[default]
    Ignore,
    /// They are violations.
    Forbid,
}

impl ExtraFields {
    /// Both choices, with the words that name them in a manifest.
    pub const ALL: [(&'static str, ExtraFields); 2] =
        [("ignore", ExtraFields::Ignore), ("forbid", ExtraFields::Forbid)];

    /// The word for it in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            ExtraFields::Ignore => "ignore",
            ExtraFields::Forbid => "forbid",
        }
    }
}

/// `[model]`: the file and who runs it.
#[derive(Debug, Clone, PartialEq, Eq, Validate)]
pub struct ModelSection {
    /// Name of the model file, beside the manifest.
    #[garde(custom(check::plain_file_name))]
    pub file: String,
    /// Name of the engine that runs it.
    #[garde(length(min = 1))]
    pub engine: String,
    /// What the file must hash to, 64 hexadecimal digits.
    #[garde(inner(custom(check::sha256_digits)))]
    pub sha256: Option<String>,
}

impl Default for ModelSection {
    fn default() -> Self {
        ModelSection { file: "model.onnx".to_owned(), engine: "tract".to_owned(), sha256: None }
    }
}

/// `[[input]]`: which features a graph input is made of.
#[derive(Debug, Clone, PartialEq, Eq, Validate)]
pub struct InputBinding {
    /// Name of the graph's input.
    #[garde(length(min = 1))]
    pub tensor: String,
    /// Names of the features, in the order of the tensor's columns.
    #[garde(length(min = 1))]
    pub features: Vec<String>,
}

/// A consistent manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Format version, 1.
    pub manifest: u32,
    /// What the model is for.
    pub task: Task,
    /// One sentence for people.
    pub summary: Option<String>,
    /// What happens to fields that are no features.
    pub extra_fields: ExtraFields,
    /// `[model]`.
    pub model: ModelSection,
    /// `[[feature]]`, in the order of the columns.
    pub features: Vec<Feature>,
    /// `[[input]]`; empty when the features' order says it all.
    pub inputs: Vec<InputBinding>,
    /// `[image]`, of models that take pictures.
    pub image: Option<ImageSection>,
    /// `[output]`.
    pub output: OutputSection,
    /// `[serving]`.
    pub serving: ServingSection,
    /// `[cache]`; `None`: only what is asked of a route that says so is kept.
    pub cache: Option<CacheSection>,
    /// `[versions]`, in a manifest that serves all versions of a model.
    pub versions: VersionPolicy,
}

impl Manifest {
    /// A manifest that says only what the model is for; everything else is as when left out of the file.
    pub fn new(task: Task) -> Manifest {
        Manifest {
            manifest: FORMAT,
            task,
            summary: None,
            extra_fields: ExtraFields::default(),
            model: ModelSection::default(),
            features: Vec::new(),
            inputs: Vec::new(),
            image: None,
            output: OutputSection::default(),
            serving: ServingSection::default(),
            cache: None,
            versions: VersionPolicy::default(),
        }
    }

    /// Reads `model.toml`. All problems are reported at once, each with line, column, key and, where there is one, a
    /// suggestion; only a syntax error hides those after it.
    pub fn from_toml(text: &str) -> Result<Manifest, ManifestError> {
        read::manifest(text)
    }

    /// Writes the manifest with comments that explain each part, as `ferrocast init` leaves it for people to edit.
    /// Reading the text back gives an equal manifest.
    pub fn to_toml(&self) -> String {
        write::manifest(self)
    }

    /// Whether the manifest is consistent in itself, as [`Manifest::from_toml`] checks it; for manifests made in code.
    pub fn check(&self) -> Result<(), ManifestError> {
        ManifestError::from_problems(check::manifest_problems(self).into_iter().map(Problem::without_place).collect())
    }
}
