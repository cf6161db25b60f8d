//! Reads `config.pbtxt`.

use super::super::check;
use super::super::document::{Document, Node};
use super::super::error::{Finding, ManifestError};
use super::super::triton::{TritonConfig, TritonTensor};
use super::super::versions::VersionPolicy;
use super::section::Section;

/// Fields of Triton's messages that occur any number of times, among those that are read.
const REPEATED: [&str; 5] = ["input", "output", "dims", "shape", "versions"];

/// What runs ONNX files in Triton.
const ONNX_BACKENDS: [&str; 2] = ["onnxruntime", "onnxruntime_onnx"];

/// Reads a whole configuration.
pub(in super::super) fn config(text: &str) -> Result<TritonConfig, ManifestError> {
    let document = Document::parse_text_format(text, &REPEATED)?;
    let mut findings = Vec::new();
    let config = root(Section::new(String::new(), document.members(), &mut findings));
    let (notes, mistakes): (Vec<_>, Vec<_>) = findings.into_iter().partition(|finding| finding.is_note);
    let located = |findings: Vec<Finding>| findings.into_iter().map(|finding| document.locate(finding)).collect();
    ManifestError::from_problems(located(mistakes))?;
    let mut unused: Vec<_> = located(notes);
    unused.sort_by_key(|note| note.place);
    Ok(TritonConfig { unused, ..config })
}

fn root(mut root: Section<'_, '_>) -> TritonConfig {
    let name = root.text("name").filter(|name| !name.is_empty());
    for key in ["platform", "backend"] {
        let others = root.text(key).filter(|backend| !backend.is_empty() && !ONNX_BACKENDS.contains(&backend.as_str()));
        if let Some(backend) = others {
            root.find(key, |path| {
                Finding::note(path, format!("\"{backend}\" is not used: the model must be an ONNX file"))
            });
        }
    }
    let file = plain_file(&mut root, "default_model_filename", ".onnx");
    let max_batch_size = root.whole("max_batch_size").unwrap_or_default();
    let inputs = root.sections("input", tensor).into_iter().flatten().collect();
    let outputs = root.sections("output", tensor).into_iter().flatten().collect();
    let max_delay_us = root.section("dynamic_batching").map(max_delay_us).unwrap_or_default();
    let versions = root.section("version_policy").and_then(version_policy).unwrap_or(VersionPolicy::Latest(1));
    root.finish_with_notes();
    TritonConfig { name, file, max_batch_size, inputs, outputs, max_delay_us, versions, unused: Vec::new() }
}

fn tensor(mut section: Section<'_, '_>) -> Option<TritonTensor> {
    let name = section.required("name", Section::text);
    let data_type = section.text("data_type").map(|word| word.strip_prefix("TYPE_").unwrap_or(&word).to_owned());
    let dims = section.list("dims", "lengths above 0, or -1", length).unwrap_or_default();
    let reshape = section.section("reshape").map(reshape);
    let labels_file = plain_file(&mut section, "label_filename", ".txt");
    section.finish_with_notes();
    Some(TritonTensor { name: name?, data_type, dims, reshape, labels_file })
}

/// The name of a file, by the rules of manifests. With another ending it would not be looked at for changes.
fn plain_file(section: &mut Section<'_, '_>, key: &'static str, ending: &str) -> Option<String> {
    let name = section.text(key).filter(|name| !name.is_empty())?;
    if !name.ends_with(ending) {
        section.find(key, |path| Finding::new(path, format!("\"{name}\" must end in {ending}")));
        return None;
    }
    match check::plain_file_name(&name, &()) {
        Ok(()) => Some(name),
        Err(error) => {
            section.find(key, |path| Finding::new(path, error.message()));
            None
        }
    }
}

fn reshape(mut section: Section<'_, '_>) -> Vec<i64> {
    let shape = section.list("shape", "lengths above 0, or -1", length).unwrap_or_default();
    section.finish_with_notes();
    shape
}

fn length(node: &Node) -> Option<i64> {
    match node {
        Node::Int(length) if *length == -1 || *length > 0 => Some(*length),
        _ => None,
    }
}

fn max_delay_us(mut section: Section<'_, '_>) -> u64 {
    let delay = section.whole("max_queue_delay_microseconds").unwrap_or_default();
    section.finish_with_notes();
    delay
}

fn version_policy(mut section: Section<'_, '_>) -> Option<VersionPolicy> {
    let all = section.section("all").map(Section::finish_with_notes);
    let latest = section.section("latest").and_then(|mut latest| {
        let number = latest.at_least_one("num_versions");
        latest.finish_with_notes();
        number
    });
    let specific = section.section("specific").map(|mut specific| {
        let versions = specific.list("versions", "versions", super::version).unwrap_or_default();
        specific.finish_with_notes();
        versions
    });
    section.finish_with_notes();
    // One of the three, since they are a `oneof`.
    let all = all.map(|()| VersionPolicy::All);
    all.or(specific.map(VersionPolicy::Only)).or(latest.map(VersionPolicy::Latest))
}
