//! From text to [`Manifest`]: every key is asked for by name, and those that nobody asked for are unknown.

mod feature;
mod image;
mod section;
mod triton;

use super::cache::CacheSection;
use super::check;
use super::document::{Document, Node};
use super::error::{Finding, ManifestError};
use super::output::{Activation, OutputSection};
use super::serving::{ServingMode, ServingSection, Warmup};
use super::versions::VersionPolicy;
use super::{ExtraFields, FORMAT, InputBinding, Manifest, ModelSection, Task};
use crate::prediction::ClassValue;

pub(super) use triton::config as triton_config;

use section::Section;

/// Reads a whole manifest.
pub(super) fn manifest(text: &str) -> Result<Manifest, ManifestError> {
    let document = Document::parse(text)?;
    let mut findings = Vec::new();
    let (manifest, complete) = root(Section::new(String::new(), document.members(), &mut findings));
    if complete {
        findings.extend(check::manifest_problems(&manifest));
    }
    let problems = findings.into_iter().map(|finding| document.locate(finding)).collect();
    ManifestError::from_problems(problems)?;
    Ok(manifest)
}

/// The manifest as far as it can be read, and whether so much of it is there that checking it makes sense.
fn root(mut root: Section<'_, '_>) -> (Manifest, bool) {
    let format = root.whole::<u32>("manifest").unwrap_or(FORMAT);
    if format != FORMAT {
        let message = format!("format {format} is not known");
        root.find("manifest", |path| Finding::new(path, message).suggest(format!("write `manifest = {FORMAT}`")));
    }
    let task = root.required_choice("task", &Task::ALL);
    let mut manifest = Manifest::new(task.unwrap_or(Task::Tensor));
    manifest.summary = root.text("summary");
    manifest.extra_fields = root.choice("extra_fields", &ExtraFields::ALL).unwrap_or_default();
    if let Some(section) = root.section("model") {
        manifest.model = model(section);
    }
    let features = root.sections("feature", feature::read);
    let inputs = root.sections("input", input);
    let complete = features.iter().all(Option::is_some) && inputs.iter().all(Option::is_some);
    manifest.features = features.into_iter().flatten().collect();
    manifest.inputs = inputs.into_iter().flatten().collect();
    manifest.image = root.section("image").map(image::read);
    if let Some(section) = root.section("output") {
        manifest.output = output(section);
    }
    if let Some(section) = root.section("serving") {
        manifest.serving = serving(section);
    }
    manifest.cache = root.section("cache").and_then(cache);
    if let Some(section) = root.section("versions") {
        manifest.versions = versions(section);
    }
    root.finish();
    (manifest, complete)
}

fn model(mut section: Section<'_, '_>) -> ModelSection {
    let default = ModelSection::default();
    let model = ModelSection {
        file: section.text("file").unwrap_or(default.file),
        engine: section.text("engine").unwrap_or(default.engine),
        sha256: section.text("sha256"),
    };
    section.finish();
    model
}

fn input(mut section: Section<'_, '_>) -> Option<InputBinding> {
    let tensor = section.required("tensor", Section::text);
    let features = section.required("features", |section, key| section.list(key, "strings", Section::as_text));
    section.finish();
    Some(InputBinding { tensor: tensor?, features: features? })
}

fn output(mut section: Section<'_, '_>) -> OutputSection {
    let class = |node: &Node| match node {
        Node::Int(value) => Some(ClassValue::Int(*value)),
        Node::Text(text) => Some(ClassValue::Str(text.as_str().into())),
        _ => None,
    };
    let output = OutputSection {
        tensor: section.text("tensor"),
        label_tensor: section.text("label_tensor"),
        apply: section.choice("apply", &Activation::ALL).unwrap_or_default(),
        classes: section.list("classes", "integers or strings", class).unwrap_or_default(),
        labels: section.list("labels", "strings", Section::as_text).unwrap_or_default(),
        labels_file: section.text("labels_file"),
        threshold: section.number("threshold"),
    };
    section.finish();
    output
}

fn serving(mut section: Section<'_, '_>) -> ServingSection {
    let serving = ServingSection {
        mode: section.choice("mode", &ServingMode::ALL).unwrap_or_default(),
        max_batch_rows: section.whole("max_batch_rows"),
        max_queue_rows: section.whole("max_queue_rows"),
        max_delay_us: section.whole("max_delay_us").unwrap_or_default(),
        threads: section.whole("threads"),
        warmup: section.choice("warmup", &Warmup::ALL).unwrap_or_default(),
    };
    section.finish();
    serving
}

fn cache(mut section: Section<'_, '_>) -> Option<CacheSection> {
    let ttl = section.required("ttl", Section::whole);
    section.finish();
    Some(CacheSection { ttl: ttl? })
}

fn versions(mut section: Section<'_, '_>) -> VersionPolicy {
    let latest = section.at_least_one("latest");
    let only = section.list("only", "versions", version);
    let policy = match (latest, only) {
        (Some(_), Some(_)) => {
            section.find("only", |path| Finding::new(path, "`latest` is given already").suggest("keep one of the two"));
            VersionPolicy::All
        }
        (Some(latest), None) => VersionPolicy::Latest(latest),
        (None, Some(only)) => VersionPolicy::Only(only),
        (None, None) => VersionPolicy::All,
    };
    section.finish();
    policy
}

fn version(node: &Node) -> Option<String> {
    match node {
        Node::Int(number) if *number >= 0 => Some(number.to_string()),
        Node::Text(name) => Some(name.clone()),
        _ => None,
    }
}
