//! Whether `[image]`, and what belongs to models of pictures, is consistent.

use super::super::error::Finding;
use super::super::image::{ImageSize, Resize};
use super::super::output::Activation;
use super::super::{Manifest, Task};
use super::static_rules;

/// All problems of `[image]`, of its absence, and of the rest of the manifest because of it.
pub(super) fn problems(manifest: &Manifest, findings: &mut Vec<Finding>) {
    let of_pictures = manifest.task == Task::ImageClassification;
    match &manifest.image {
        Some(image) => {
            static_rules("image", image, findings);
            size(image.size, findings);
            if !manifest.features.is_empty() {
                findings.push(Finding::new("image", "a model takes either [[feature]]s or an [image], not both"));
            }
            if !manifest.inputs.is_empty() {
                findings
                    .push(Finding::new("image", "[[input]] is about features, which a model of pictures has none of"));
            }
            if !of_pictures {
                findings.push(
                    Finding::new("image", format!("task = \"{}\" takes no pictures", manifest.task.as_str()))
                        .suggest("write task = \"image-classification\""),
                );
            }
        }
        None if of_pictures => findings.push(
            Finding::new("task", "[image] is missing, which says what a picture becomes")
                .suggest("add [image] with size = { width = 224, height = 224 }"),
        ),
        None => {}
    }
    if manifest.output.threshold.is_some() {
        threshold(manifest, of_pictures, findings);
    }
}

fn size(size: ImageSize, findings: &mut Vec<Finding>) {
    if let Some(shorter) = size.shorter_side {
        let largest = size.width.max(size.height);
        if size.resize != Resize::ShorterSide {
            findings.push(
                Finding::new(
                    "image.size.shorter_side",
                    format!("has no effect on resize = \"{}\"", size.resize.as_str()),
                )
                .suggest("write resize = \"shorter-side\""),
            );
        } else if shorter < largest {
            let message = format!("{shorter} is less than the {largest} pixels that are cut out of the middle");
            findings.push(Finding::new("image.size.shorter_side", message));
        }
    }
    if size.pad.is_some() && size.resize != Resize::Fit {
        findings.push(
            Finding::new("image.size.pad", format!("has no effect on resize = \"{}\"", size.resize.as_str()))
                .suggest("write resize = \"fit\""),
        );
    }
}

fn threshold(manifest: &Manifest, of_pictures: bool, findings: &mut Vec<Finding>) {
    if !of_pictures {
        findings.push(Finding::new("output.threshold", "is only for task = \"image-classification\""));
    } else if manifest.output.apply == Activation::Softmax {
        findings.push(
            Finding::new("output.threshold", "several classes at a time are no matter of apply = \"softmax\"")
                .suggest("write apply = \"sigmoid\""),
        );
    }
}
