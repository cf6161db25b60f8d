//! Reads `[image]`.

use super::super::document::Node;
use super::super::error::Finding;
use super::super::image::{Filter, ImageChannels, ImageLayout, ImageSection, ImageSize, Normalize, Resize};
use super::section::Section;

pub(super) fn read(mut section: Section<'_, '_>) -> ImageSection {
    let default = ImageSection::default();
    let image = ImageSection {
        size: section.section("size").map(size).unwrap_or_default(),
        layout: section.choice("layout", &ImageLayout::ALL).unwrap_or_default(),
        channels: section.choice("channels", &ImageChannels::ALL).unwrap_or_default(),
        scale: section.number("scale").unwrap_or(default.scale),
        offset: section.number("offset").unwrap_or(default.offset),
        normalize: section.section("normalize").map(normalize).unwrap_or_default(),
    };
    section.finish();
    image
}

fn size(mut section: Section<'_, '_>) -> ImageSize {
    let default = ImageSize::default();
    let size = ImageSize {
        width: section.required("width", Section::whole).unwrap_or(default.width),
        height: section.required("height", Section::whole).unwrap_or(default.height),
        resize: section.choice("resize", &Resize::ALL).unwrap_or_default(),
        shorter_side: section.whole("shorter_side"),
        filter: section.choice("filter", &Filter::ALL).unwrap_or_default(),
        pad: channels(&mut section, "pad", "whole numbers from 0 to 255", as_byte),
    };
    section.finish();
    size
}

fn normalize(mut section: Section<'_, '_>) -> Normalize {
    let default = Normalize::default();
    let normalize = Normalize {
        mean: channels(&mut section, "mean", "numbers", Section::as_number).unwrap_or(default.mean),
        std: channels(&mut section, "std", "numbers", Section::as_number).unwrap_or(default.std),
    };
    section.finish();
    normalize
}

/// One value per channel.
fn channels<T>(
    section: &mut Section<'_, '_>,
    key: &'static str,
    what: &str,
    read: impl Fn(&Node) -> Option<T>,
) -> Option<[T; 3]> {
    let all = section.list(key, what, read)?;
    let found = all.len();
    match <[T; 3]>::try_from(all) {
        Ok(channels) => Some(channels),
        Err(_) => {
            let message = format!("expected 3 numbers, one per channel, found {found}");
            section.find(key, |path| Finding::new(path, message));
            None
        }
    }
}

fn as_byte(node: &Node) -> Option<u8> {
    match node {
        Node::Int(value) => u8::try_from(*value).ok(),
        _ => None,
    }
}
