//! `[[feature]]`: one field of a row, its rules, and how it becomes numbers.

use std::collections::BTreeMap;

use crate::value::Value;

/// What a feature's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureType {
    /// Numbers.
    Float,
    /// Whole numbers.
    Int,
    /// Text, or one of a set of categories.
    String,
    /// True or false.
    Bool,
}

impl FeatureType {
    /// All types, with the words that name them in a manifest.
    pub const ALL: [(&'static str, FeatureType); 4] = [
        ("float", FeatureType::Float),
        ("int", FeatureType::Int),
        ("string", FeatureType::String),
        ("bool", FeatureType::Bool),
    ];

    /// The word for it in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            FeatureType::Float => "float",
            FeatureType::Int => "int",
            FeatureType::String => "string",
            FeatureType::Bool => "bool",
        }
    }

    /// Whether its values are numbers.
    pub fn is_numeric(self) -> bool {
        matches!(self, FeatureType::Float | FeatureType::Int)
    }
}

/// Bounds on a number; for integer features they are whole.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Range {
    /// Values are greater than this.
    pub gt: Option<f64>,
    /// Values are greater than or equal to this.
    pub ge: Option<f64>,
    /// Values are less than this.
    pub lt: Option<f64>,
    /// Values are less than or equal to this.
    pub le: Option<f64>,
}

impl Range {
    /// Whether there is no bound at all.
    pub fn is_unbounded(&self) -> bool {
        *self == Range::default()
    }

    /// Whether `value` is within all bounds.
    pub fn contains(&self, value: f64) -> bool {
        self.gt.is_none_or(|bound| value > bound)
            && self.ge.is_none_or(|bound| value >= bound)
            && self.lt.is_none_or(|bound| value < bound)
            && self.le.is_none_or(|bound| value <= bound)
    }
}

/// How a category becomes numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encode {
    /// It does not: a string tensor takes the text, a numeric tensor the number.
    #[default]
    None,
    /// One column per category, 1 in that of the value.
    OneHot,
    /// The category's position.
    Ordinal,
}

impl Encode {
    /// All encodings, with the words that name them in a manifest.
    pub const ALL: [(&'static str, Encode); 3] =
        [("none", Encode::None), ("one-hot", Encode::OneHot), ("ordinal", Encode::Ordinal)];

    /// The word for it in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Encode::None => "none",
            Encode::OneHot => "one-hot",
            Encode::Ordinal => "ordinal",
        }
    }
}

/// How a number is scaled before the model sees it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Scale {
    /// Not at all.
    #[default]
    None,
    /// `(x - mean) / std`
    Standard {
        /// Mean of the training data.
        mean: f64,
        /// Standard deviation of the training data; of 0, the division is by 1.
        std: f64,
    },
    /// `(x - min) / (max - min)`
    MinMax {
        /// Becomes 0.
        min: f64,
        /// Becomes 1; if equal to `min`, the division is by 1.
        max: f64,
    },
    /// `(x - median) / iqr`
    Robust {
        /// Median of the training data.
        median: f64,
        /// Interquartile range of the training data; of 0, the division is by 1.
        iqr: f64,
    },
}

/// One `[[feature]]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// Name of the field in requests.
    pub name: String,
    /// What its values are; `type` in the manifest.
    pub kind: FeatureType,
    /// Bounds on its numbers.
    pub range: Range,
    /// For people.
    pub description: Option<String>,
    /// Other names that a client may use for the field.
    pub aliases: Vec<String>,
    /// A typical value, for documentation and warm-up.
    pub example: Option<Value>,
    /// Whether the field must be there, unless it has a default.
    pub required: bool,
    /// What an absent field stands for.
    pub default: Option<Value>,
    /// Whether `null` is accepted and means a missing value.
    pub nullable: bool,
    /// What a missing value becomes, before scaling.
    pub impute: Option<Value>,
    /// The only values there are; those of an integer feature are written as text.
    pub categories: Vec<String>,
    /// Codes that a client may send instead of a category: code → category.
    pub category_aliases: BTreeMap<String, String>,
    /// A regular expression that text must match somewhere (anchor it with `^` and `$`).
    pub pattern: Option<String>,
    /// How categories become numbers.
    pub encode: Encode,
    /// How numbers are scaled.
    pub scale: Scale,
    /// The axes of an array feature; empty for a single value.
    pub shape: Vec<usize>,
}

impl Feature {
    /// A required feature without rules.
    pub fn new(name: impl Into<String>, kind: FeatureType) -> Feature {
        Feature {
            name: name.into(),
            kind,
            range: Range::default(),
            description: None,
            aliases: Vec::new(),
            example: None,
            required: true,
            default: None,
            nullable: false,
            impute: None,
            categories: Vec::new(),
            category_aliases: BTreeMap::new(),
            pattern: None,
            encode: Encode::default(),
            scale: Scale::default(),
            shape: Vec::new(),
        }
    }

    /// Whether its values are positions in `categories`.
    pub fn is_categorical(&self) -> bool {
        !self.categories.is_empty()
    }

    /// A category as a value of the feature's type: a number for an int feature.
    pub fn category_value(&self, category: &str) -> Value {
        match (self.kind, category.parse()) {
            (FeatureType::Int, Ok(number)) => Value::Int(number),
            _ => Value::from(category),
        }
    }

    /// Values per row: 1, or the product of the shape.
    pub fn width(&self) -> usize {
        self.shape.iter().fold(1, |width, axis| width.saturating_mul(*axis))
    }

    /// Whether a row may lack the value altogether, as opposed to having a default for it.
    pub fn may_be_missing(&self) -> bool {
        self.nullable || (!self.required && self.default.is_none())
    }
}
