//! Reads `[image]`.

use super::super::error::Finding;
use super::super::image::{ImageLayout, ImageSection, ImageSize, Normalize, Resize};
use super::section::Section;

pub(super) fn read(mut section: Section<'_, '_>) -> ImageSection {
    let image = ImageSection {
        size: section.section("size").map(size).unwrap_or_default(),
        layout: section.choice("layout", &ImageLayout::ALL).unwrap_or_default(),
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
    };
    section.finish();
    size
}

fn normalize(mut section: Section<'_, '_>) -> Normalize {
    let default = Normalize::default();
    let normalize = Normalize {
        mean: channels(&mut section, "mean").unwrap_or(default.mean),
        std: channels(&mut section, "std").unwrap_or(default.std),
    };
    section.finish();
    normalize
}

/// One number per channel.
fn channels(section: &mut Section<'_, '_>, key: &'static str) -> Option<[f64; 3]> {
    let all = section.list(key, "numbers", Section::as_number)?;
    let found = all.len();
    match <[f64; 3]>::try_from(all) {
        Ok(channels) => Some(channels),
        Err(_) => {
            let message = format!("expected 3 numbers, one per channel, found {found}");
            section.find(key, |path| Finding::new(path, message));
            None
        }
    }
}
