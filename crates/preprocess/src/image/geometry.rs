//! Which size a picture is resized to, and which part of that ends up where in the tensor.
//!
//! The middle is torchvision's `CenterCrop` where the picture is larger, Pillow's `ImageOps.pad` where it is smaller.

use ferrocast_schema::{ImageSize, Resize};

/// A picture on its way to the tensor's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    pub(super) across: Axis,
    pub(super) down: Axis,
}

/// One of the two directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axis {
    /// Pixels of the picture.
    pub(super) picture: usize,
    /// Pixels of the whole picture once it is resized.
    pub(super) resized: usize,
    /// The first of these that is wanted.
    pub(super) first: usize,
    /// Pixels that are wanted.
    pub(super) wanted: usize,
    /// Where they begin in the tensor.
    pub(super) place: usize,
}

impl Geometry {
    /// For a picture of `width` x `height` pixels.
    pub(super) fn of(size: &ImageSize, width: usize, height: usize) -> Geometry {
        let [across, down] = [size.width as usize, size.height as usize];
        let (resized_width, resized_height) = match size.resize {
            Resize::Exact => (across, down),
            Resize::ShorterSide => shortened(size.shorter_side() as usize, width, height),
            Resize::Fit => fitted(width, height, across, down),
        };
        Geometry { across: Axis::of(width, resized_width, across), down: Axis::of(height, resized_height, down) }
    }
}

impl Axis {
    /// The middle of the longer one and the middle of the shorter one are put together.
    fn of(picture: usize, resized: usize, tensor: usize) -> Axis {
        Axis {
            picture,
            resized,
            first: half_to_even(resized.saturating_sub(tensor)),
            wanted: resized.min(tensor),
            place: half_to_even(tensor.saturating_sub(resized)),
        }
    }
}

/// torchvision's `Resize(shorter)`, which rounds the longer side down.
fn shortened(shorter: usize, width: usize, height: usize) -> (usize, usize) {
    if width <= height {
        (shorter, shorter * height / width.max(1))
    } else {
        (shorter * width / height.max(1), shorter)
    }
}

/// Pillow's `ImageOps.pad`, in the order of its arithmetic, which decides where halves go. A side may vanish.
fn fitted(width: usize, height: usize, across: usize, down: usize) -> (usize, usize) {
    let quotient = |a: usize, b: usize| a as f64 / b as f64;
    let (is, wanted) = (quotient(width, height), quotient(across, down));
    if is > wanted {
        (across, rounded(quotient(height, width) * across as f64).min(down))
    } else if is < wanted {
        (rounded(quotient(width, height) * down as f64).min(across), down)
    } else {
        (across, down)
    }
}

/// Half of it, as Python's `round` makes it whole: to the even neighbour.
fn half_to_even(count: usize) -> usize {
    let half = count / 2;
    if count % 2 == 1 && half % 2 == 1 { half + 1 } else { half }
}

/// As Python's `round`.
fn rounded(value: f64) -> usize {
    // Positive, and at most some thousands.
    value.round_ties_even() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn geometry(resize: Resize, shorter_side: Option<u32>, width: usize, height: usize) -> [Axis; 2] {
        let size = ImageSize { width: 224, height: 224, resize, shorter_side, ..ImageSize::default() };
        let Geometry { across, down } = Geometry::of(&size, width, height);
        [across, down]
    }

    #[test]
    fn the_middle_is_cut_out() {
        let of = |width, height| {
            geometry(Resize::ShorterSide, Some(256), width, height).map(|axis| (axis.resized, axis.first))
        };
        assert_eq!(of(451, 300), [(384, 80), (256, 16)]);
        assert_eq!(of(300, 451), [(256, 16), (384, 80)]);
        // (341 - 224) / 2 = 58.5, (383 - 224) / 2 = 79.5: to even.
        assert_eq!(of(640, 480), [(341, 58), (256, 16)]);
        assert_eq!(of(449, 300), [(383, 80), (256, 16)]);
        assert_eq!(of(2, 8192), [(256, 16), (1_048_576, 524_176)]);
    }

    #[test]
    fn what_fits_is_padded() {
        let of = |width, height| geometry(Resize::Fit, None, width, height).map(|axis| (axis.wanted, axis.place));
        assert_eq!(of(448, 224), [(224, 0), (112, 56)]);
        assert_eq!(of(224, 448), [(112, 56), (224, 0)]);
        assert_eq!(of(100, 100), [(224, 0), (224, 0)]);
        assert_eq!(of(451, 300), [(224, 0), (149, 38)]);
        assert_eq!(of(8192, 2), [(224, 0), (0, 112)]);
    }
}
