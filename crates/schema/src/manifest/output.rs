//! `[output]`: how a model's tensors become an answer.

use garde::Validate;

use crate::prediction::ClassValue;

/// What is still to be applied to scores so that they are probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Activation {
    /// Nothing: the graph does it, or there are no probabilities.
    #[default]
    None,
    /// Over all classes.
    Softmax,
    /// Each score for itself.
    Sigmoid,
}

impl Activation {
    /// All activations, with the words that name them in a manifest.
    pub const ALL: [(&'static str, Activation); 3] =
        [("none", Activation::None), ("softmax", Activation::Softmax), ("sigmoid", Activation::Sigmoid)];

    /// The word for it in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Activation::None => "none",
            Activation::Softmax => "softmax",
            Activation::Sigmoid => "sigmoid",
        }
    }
}

/// `[output]`.
#[derive(Debug, Clone, PartialEq, Default, Validate)]
pub struct OutputSection {
    /// The graph output with probabilities, scores or values; by default found by its shape.
    #[garde(inner(length(min = 1)))]
    pub tensor: Option<String>,
    /// The graph output with the model's own label.
    #[garde(inner(length(min = 1)))]
    pub label_tensor: Option<String>,
    /// What is applied to the scores.
    #[garde(skip)]
    pub apply: Activation,
    /// The model's own class values, in the order of the probabilities; by default the graph's hints, else 0, 1, 2, …
    #[garde(skip)]
    pub classes: Vec<ClassValue>,
    /// Display names, in the same order.
    #[garde(inner(length(min = 1)))]
    pub labels: Vec<String>,
    /// A file beside the manifest with one display name per line, instead of `labels`.
    #[garde(inner(custom(super::check::plain_file_name)))]
    pub labels_file: Option<String>,
    /// Of pictures that may belong to several classes: every class whose score reaches it is told.
    #[garde(inner(custom(super::check::finite)))]
    pub threshold: Option<f64>,
}
