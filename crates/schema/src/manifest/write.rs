//! From [`Manifest`] to text that people edit: what differs from the defaults, with comments that say what could be
//! written beside it. Reading the text back gives the manifest.

use std::fmt::Display;

use super::feature::{Encode, Feature, FeatureType, Scale};
use super::image::{ImageSection, ImageSize};
use super::output::{Activation, OutputSection};
use super::serving::{ServingMode, ServingSection};
use super::versions::VersionPolicy;
use super::{ExtraFields, InputBinding, Manifest, ModelSection};
use crate::prediction::ClassValue;
use crate::value::Value;

/// Writes a whole manifest.
pub(super) fn manifest(manifest: &Manifest) -> String {
    let mut text = Text::default();
    text.comment("How to serve the model beside this file. Edit it, then run `ferrocast check` on the folder.");
    text.line("");
    text.key("manifest", manifest.manifest);
    text.key_with(
        "task",
        quoted(manifest.task.as_str()),
        "classification | regression | embedding | image-classification",
    );
    text.optional("summary", manifest.summary.as_deref().map(quoted), "one sentence about what is predicted");
    if manifest.extra_fields == ExtraFields::default() {
        text.comment("extra_fields = \"forbid\"    # refuse fields that are no features, instead of ignoring them");
    } else {
        text.key("extra_fields", quoted(manifest.extra_fields.as_str()));
    }
    model(&mut text, &manifest.model);
    for spec in &manifest.features {
        feature(&mut text, spec);
    }
    for binding in &manifest.inputs {
        input(&mut text, binding);
    }
    if let Some(section) = &manifest.image {
        image(&mut text, section);
    }
    output(&mut text, &manifest.output);
    serving(&mut text, &manifest.serving);
    if let Some(cache) = &manifest.cache {
        text.header("[cache]");
        text.key_with("ttl", cache.ttl, "seconds");
    }
    versions(&mut text, &manifest.versions);
    text.0
}

fn model(text: &mut Text, model: &ModelSection) {
    text.header("[model]");
    text.key("file", quoted(&model.file));
    text.key("engine", quoted(&model.engine));
    text.optional("sha256", model.sha256.as_deref().map(quoted), "refuse any other file");
}

fn feature(text: &mut Text, feature: &Feature) {
    text.header("[[feature]]");
    text.key("name", quoted(&feature.name));
    text.key_with("type", quoted(feature.kind.as_str()), "float | int | string | bool");
    text.given("description", feature.description.as_deref().map(quoted));
    if !feature.aliases.is_empty() {
        text.key_with("aliases", strings(&feature.aliases), "other names a client may send");
    }
    rules(text, feature);
    if !feature.required {
        text.key("required", false);
    }
    text.given("default", feature.default.as_ref().map(value));
    if feature.nullable {
        text.key_with("nullable", true, "null is a missing value");
    }
    text.given("impute", feature.impute.as_ref().map(value));
    text.given("example", feature.example.as_ref().map(value));
    if feature.encode != Encode::None {
        text.key_with("encode", quoted(feature.encode.as_str()), "none | one-hot | ordinal");
    }
    scale(text, feature.scale);
}

/// What the feature's values must be; where nothing is said, how to say it.
fn rules(text: &mut Text, feature: &Feature) {
    if !feature.shape.is_empty() {
        text.key("shape", list(feature.shape.iter().map(ToString::to_string)));
    }
    let range = feature.range;
    let bounds = [("gt", range.gt), ("ge", range.ge), ("lt", range.lt), ("le", range.le)];
    let given: Vec<String> = bounds
        .iter()
        .filter_map(|(name, bound)| bound.map(|bound| format!("{name} = {}", limit(bound, feature.kind))))
        .collect();
    if !given.is_empty() {
        text.key("range", format!("{{ {} }}", given.join(", ")));
    } else if feature.kind.is_numeric() && !feature.is_categorical() {
        text.comment("range = { ge = 0, le = 100 }    # gt | ge | lt | le");
    }
    if feature.is_categorical() {
        text.key("categories", strings(&feature.categories));
    } else if feature.kind == FeatureType::String && feature.pattern.is_none() {
        text.comment("categories = [\"A\", \"B\"]    # or: pattern = \"^[A-Z]+$\"");
    }
    if !feature.category_aliases.is_empty() {
        let pairs: Vec<String> = feature
            .category_aliases
            .iter()
            .map(|(code, category)| format!("{} = {}", quoted(code), quoted(category)))
            .collect();
        text.key_with("category_aliases", format!("{{ {} }}", pairs.join(", ")), "codes a client may send instead");
    }
    text.given("pattern", feature.pattern.as_deref().map(quoted));
}

fn scale(text: &mut Text, scale: Scale) {
    let (kind, first, second) = match scale {
        Scale::None => return,
        Scale::Standard { mean, std } => ("standard", ("mean", mean), ("std", std)),
        Scale::MinMax { min, max } => ("minmax", ("min", min), ("max", max)),
        Scale::Robust { median, iqr } => ("robust", ("median", median), ("iqr", iqr)),
    };
    let numbers = [first, second].map(|(name, number)| format!("{name} = {}", float(number)));
    text.key("scale", format!("{{ kind = {}, {} }}", quoted(kind), numbers.join(", ")));
}

fn input(text: &mut Text, input: &InputBinding) {
    text.header("[[input]]");
    text.key_with("tensor", quoted(&input.tensor), "an input of the graph");
    text.key_with("features", strings(&input.features), "its columns, in order");
}

fn image(text: &mut Text, image: &ImageSection) {
    let default = ImageSection::default();
    text.header("[image]");
    text.key_with("size", image_size(image.size), "resize: exact | shorter-side | fit; filter: bilinear | bicubic | …");
    text.key_with("layout", quoted(image.layout.as_str()), "NCHW | NHWC");
    text.key_with("channels", quoted(image.channels.as_str()), "RGB | BGR");
    if (image.scale, image.offset) != (default.scale, default.offset) {
        text.key_with("scale", float(image.scale), "of 0..255");
        text.key_with("offset", float(image.offset), "added to that");
    }
    let [mean, std] = [image.normalize.mean, image.normalize.std].map(|channels| list(channels.map(float)));
    text.key_with("normalize", format!("{{ mean = {mean}, std = {std} }}"), "per channel, of what that gives");
}

fn image_size(size: ImageSize) -> String {
    let mut keys = vec![format!("width = {}", size.width), format!("height = {}", size.height)];
    keys.push(format!("resize = {}", quoted(size.resize.as_str())));
    keys.extend(size.shorter_side.map(|pixels| format!("shorter_side = {pixels}")));
    keys.push(format!("filter = {}", quoted(size.filter.as_str())));
    keys.extend(size.pad.map(|colour| format!("pad = {}", list(colour.map(|channel| channel.to_string())))));
    format!("{{ {} }}", keys.join(", "))
}

fn output(text: &mut Text, output: &OutputSection) {
    text.header("[output]");
    text.optional(
        "tensor",
        output.tensor.as_deref().map(quoted),
        "the graph output with probabilities, scores or values",
    );
    text.given("label_tensor", output.label_tensor.as_deref().map(quoted));
    if output.apply != Activation::None {
        text.key_with("apply", quoted(output.apply.as_str()), "none | softmax | sigmoid");
    }
    text.given("threshold", output.threshold.map(float));
    if !output.classes.is_empty() {
        let classes = output.classes.iter().map(|class| match class {
            ClassValue::Int(value) => value.to_string(),
            ClassValue::Str(name) => quoted(name),
        });
        text.key_with("classes", list(classes), "the model's own, in the order of its probabilities");
    }
    if output.labels_file.is_some() {
        text.given("labels_file", output.labels_file.as_deref().map(quoted));
    }
    if !output.labels.is_empty() {
        text.key_with("labels", strings(&output.labels), "what people call the classes, in the same order");
    } else if output.labels_file.is_none() {
        text.comment("labels = [\"no\", \"yes\"]    # what people call the classes; or: labels_file = \"labels.txt\"");
    }
}

fn serving(text: &mut Text, serving: &ServingSection) {
    text.header("[serving]");
    // What few models need to say is left out unless it was chosen.
    if serving.mode != ServingMode::default() {
        text.key_with("mode", quoted(serving.mode.as_str()), "auto | inline | pooled");
    }
    text.given("max_batch_rows", serving.max_batch_rows.map(|rows| rows.to_string()));
    text.given("max_queue_rows", serving.max_queue_rows.map(|rows| rows.to_string()));
    if serving.max_delay_us != 0 {
        text.key_with("max_delay_us", serving.max_delay_us, "0 never waits for company");
    }
    text.given("threads", serving.threads.map(|threads| threads.to_string()));
    text.key_with("warmup", quoted(serving.warmup.as_str()), "examples | none");
}

fn versions(text: &mut Text, policy: &VersionPolicy) {
    let (key, value) = match policy {
        VersionPolicy::All => return,
        VersionPolicy::Latest(number) => ("latest", number.to_string()),
        VersionPolicy::Only(names) => ("only", strings(names)),
    };
    text.header("[versions]");
    text.key(key, value);
}

/// TOML being written.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn comment(&mut self, comment: &str) {
        self.line(&format!("# {comment}"));
    }

    fn header(&mut self, header: &str) {
        self.line("");
        self.line(header);
    }

    fn key(&mut self, key: &str, value: impl Display) {
        self.line(&format!("{key} = {value}"));
    }

    fn key_with(&mut self, key: &str, value: impl Display, comment: &str) {
        self.line(&format!("{key} = {value}    # {comment}"));
    }

    fn given(&mut self, key: &str, value: Option<String>) {
        if let Some(value) = value {
            self.key(key, value);
        }
    }

    /// A key that may be left out; if it is, a comment shows what it would be for.
    fn optional(&mut self, key: &str, value: Option<String>, comment: &str) {
        match value {
            Some(value) => self.key(key, value),
            None => self.comment(&format!("{key} = \"…\"    # {comment}")),
        }
    }
}

/// Always on one line, as keys of inline tables must be. JSON's escapes are TOML's too; only DEL is more in TOML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

fn float(value: f64) -> String {
    toml::Value::from(value).to_string()
}

/// A bound as people write it: without a fraction for an int.
fn limit(bound: f64, kind: FeatureType) -> String {
    if kind == FeatureType::Int && bound.fract() == 0.0 { format!("{bound}") } else { float(bound) }
}

fn value(value: &Value) -> String {
    match value {
        // TOML has no null, and a checked manifest none either.
        Value::Null => quoted(""),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => float(*value),
        Value::Text(text) => quoted(text),
        Value::List(values) => list(values.iter().map(self::value)),
    }
}

fn strings(texts: &[String]) -> String {
    list(texts.iter().map(|text| quoted(text)))
}

fn list(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}
