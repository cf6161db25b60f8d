//! Whether a manifest is consistent in itself. Sections by themselves are `garde`'s; what spans several keys is here.

mod feature;
mod image;

use garde::Validate;

use super::Manifest;
use super::error::Finding;
use super::feature::Feature;
use super::versions::VersionPolicy;
use crate::prediction::ClassValue;

/// All problems of a manifest.
pub(super) fn manifest_problems(manifest: &Manifest) -> Vec<Finding> {
    let mut findings = feature_problems(&manifest.features);
    static_rules("model", &manifest.model, &mut findings);
    static_rules("output", &manifest.output, &mut findings);
    static_rules("serving", &manifest.serving, &mut findings);
    image::problems(manifest, &mut findings);
    inputs(manifest, &mut findings);
    output(manifest, &mut findings);
    if let Some(cache) = &manifest.cache {
        static_rules("cache", cache, &mut findings);
    }
    versions(&manifest.versions, &mut findings);
    findings
}

/// All problems of a set of features.
pub(crate) fn feature_problems(features: &[Feature]) -> Vec<Finding> {
    let mut findings = Vec::new();
    names(features, &mut findings);
    for (index, spec) in features.iter().enumerate() {
        feature::problems(&format!("feature[{index}]"), spec, &mut findings);
    }
    findings
}

fn static_rules<S: Validate<Context = ()>>(section: &str, value: &S, findings: &mut Vec<Finding>) {
    if let Err(report) = value.validate() {
        findings.extend(
            report.iter().map(|(path, error)| Finding::new(format!("{section}.{path}"), error.message().to_owned())),
        );
    }
}

/// Names and aliases share one space: each may occur once.
fn names(features: &[Feature], findings: &mut Vec<Finding>) {
    let mut taken: Vec<(&str, String)> = Vec::new();
    for (index, feature) in features.iter().enumerate() {
        let path = format!("feature[{index}].name");
        if feature.name.trim().is_empty() {
            findings.push(Finding::new(path, "is empty"));
        } else if let Some((_, owner)) = taken.iter().find(|(name, _)| *name == feature.name) {
            findings.push(Finding::new(path, format!("\"{}\" is also the name of {owner}", feature.name)));
        } else {
            taken.push((&feature.name, format!("feature[{index}]")));
        }
    }
    for (index, feature) in features.iter().enumerate() {
        for (position, alias) in feature.aliases.iter().enumerate() {
            let path = format!("feature[{index}].aliases[{position}]");
            if alias.trim().is_empty() {
                findings.push(Finding::new(path, "is empty"));
            } else if let Some((_, owner)) = taken.iter().find(|(name, _)| name == alias) {
                findings.push(Finding::new(path, format!("\"{alias}\" already names {owner}")));
            } else {
                taken.push((alias, format!("feature[{index}]")));
            }
        }
    }
}

fn inputs(manifest: &Manifest, findings: &mut Vec<Finding>) {
    for (index, input) in manifest.inputs.iter().enumerate() {
        static_rules(&format!("input[{index}]"), input, findings);
        if manifest.inputs.iter().take(index).any(|other| other.tensor == input.tensor) {
            findings.push(Finding::new(
                format!("input[{index}].tensor"),
                format!("\"{}\" has an [[input]] already", input.tensor),
            ));
        }
        for (position, name) in input.features.iter().enumerate() {
            let path = format!("input[{index}].features[{position}]");
            let known = || manifest.features.iter().map(|feature| feature.name.as_str());
            if !known().any(|feature| feature == name) {
                findings
                    .push(Finding::new(path, format!("there is no feature \"{name}\"")).did_you_mean(name, known()));
            } else if input.features.iter().take(position).any(|other| other == name) {
                findings.push(Finding::new(path, format!("\"{name}\" is listed twice")));
            }
        }
    }
}

fn output(manifest: &Manifest, findings: &mut Vec<Finding>) {
    let output = &manifest.output;
    if !output.labels.is_empty() && output.labels_file.is_some() {
        findings.push(Finding::new("output.labels_file", "labels are given already").suggest("keep one of the two"));
    }
    let (classes, labels) = (output.classes.len(), output.labels.len());
    if classes > 0 && labels > 0 && classes != labels {
        findings.push(Finding::new("output.labels", format!("{labels} labels for {classes} classes")));
    }
    for (index, class) in output.classes.iter().enumerate() {
        let path = format!("output.classes[{index}]");
        if output.classes.iter().take(index).any(|other| other == class) {
            findings.push(Finding::new(path, format!("class {class} is listed twice")));
        } else if output.classes.first().is_some_and(|first| is_text(first) != is_text(class)) {
            findings.push(Finding::new(path, "classes are all integers or all strings"));
        }
    }
}

fn versions(policy: &VersionPolicy, findings: &mut Vec<Finding>) {
    match policy {
        VersionPolicy::Latest(0) => findings.push(Finding::new("versions.latest", "is not above 0")),
        VersionPolicy::Only(none) if none.is_empty() => {
            findings.push(Finding::new("versions.only", "names no version"));
        }
        VersionPolicy::All | VersionPolicy::Latest(_) | VersionPolicy::Only(_) => {}
    }
}

fn is_text(class: &ClassValue) -> bool {
    matches!(class, ClassValue::Str(_))
}

/// A name in the manifest's own folder: a manifest cannot reach for other files.
pub(super) fn plain_file_name(name: &str, _context: &()) -> garde::Result {
    let plain = !name.is_empty() && !name.contains(['/', '\\', '\0']) && name != "." && name != "..";
    if plain { Ok(()) } else { Err(garde::Error::new("is not the plain name of a file beside the manifest")) }
}

pub(super) fn sha256_digits(digits: &str, _context: &()) -> garde::Result {
    let valid = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if valid { Ok(()) } else { Err(garde::Error::new("is not 64 hexadecimal digits")) }
}

pub(super) fn finite(value: &f64, _context: &()) -> garde::Result {
    if value.is_finite() { Ok(()) } else { Err(garde::Error::new("is not finite")) }
}

pub(super) fn positive(value: &f64, _context: &()) -> garde::Result {
    if value.is_finite() && *value > 0.0 { Ok(()) } else { Err(garde::Error::new("is not above 0")) }
}
