//! Which way up a picture is meant, as cameras note it in EXIF.
//!
//! Pillow's `ImageOps.exif_transpose`. It happens before a picture is resized: rounding differs by which axis comes first.

use image::metadata::Orientation;

use super::picture::{CHANNELS, Picture};

/// EXIF as some files (WebP by Pillow) have it, with the mark that JPEG puts before it.
const JPEG_MARK: &[u8] = b"Exif\0\0";

/// The orientation that a block of EXIF tells; none if it tells nothing that makes sense.
pub(super) fn of_exif(exif: Option<&[u8]>) -> Orientation {
    let body = exif.map(|exif| exif.strip_prefix(JPEG_MARK).unwrap_or(exif));
    body.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}

/// The picture the right way up.
pub(super) fn turned(mut picture: Picture, orientation: Orientation) -> Picture {
    // What is done to it, in this order: rows become columns, left becomes right, up becomes down.
    let (transposes, mirrors, upends) = match orientation {
        Orientation::NoTransforms => (false, false, false),
        Orientation::FlipHorizontal => (false, true, false),
        Orientation::FlipVertical => (false, false, true),
        Orientation::Rotate180 => (false, true, true),
        Orientation::Rotate90FlipH => (true, false, false),
        Orientation::Rotate90 => (true, true, false),
        Orientation::Rotate270 => (true, false, true),
        Orientation::Rotate270FlipH => (true, true, true),
    };
    if transposes {
        picture = transposed(&picture);
    }
    if mirrors {
        mirror(&mut picture);
    }
    if upends {
        upend(&mut picture);
    }
    picture
}

/// Left becomes right.
fn mirror(picture: &mut Picture) {
    let stride = picture.stride();
    for row in picture.pixels_mut().chunks_exact_mut(stride) {
        let (pixels, _) = row.as_chunks_mut::<CHANNELS>();
        pixels.reverse();
    }
}

/// Up becomes down.
fn upend(picture: &mut Picture) {
    let stride = picture.stride();
    let mut rows = picture.pixels_mut().chunks_exact_mut(stride);
    while let (Some(top), Some(bottom)) = (rows.next(), rows.next_back()) {
        top.swap_with_slice(bottom);
    }
}

/// Rows become columns.
fn transposed(picture: &Picture) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    let mut pixels = vec![0; picture.pixels().len()];
    let (from, _) = picture.pixels().as_chunks::<CHANNELS>();
    let (to, _) = pixels.as_chunks_mut::<CHANNELS>();
    // In blocks of columns, so that what is written stays in the nearest cache until its lines are full.
    const BLOCK: usize = 16;
    for first in (0..width).step_by(BLOCK) {
        for (y, row) in from.chunks_exact(width).enumerate() {
            for (x, pixel) in row.iter().enumerate().skip(first).take(BLOCK) {
                if let Some(place) = to.get_mut(x * height + y) {
                    *place = *pixel;
                }
            }
        }
    }
    Picture::new(height, width, pixels).unwrap_or_else(|| picture.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows of three grey pixels: 1 2 3 above 4 5 6.
    fn turn(orientation: Orientation) -> (usize, Vec<u8>) {
        let pixels = (1..=6).flat_map(|value| [value; CHANNELS]).collect();
        let turned = turned(Picture::new(3, 2, pixels).unwrap(), orientation);
        (turned.width(), turned.pixels().iter().step_by(CHANNELS).copied().collect())
    }

    #[test]
    fn all_eight_ways_up() {
        let of = |number| Orientation::from_exif(number).unwrap();
        assert_eq!(turn(of(1)), (3, vec![1, 2, 3, 4, 5, 6]));
        assert_eq!(turn(of(2)), (3, vec![3, 2, 1, 6, 5, 4]));
        assert_eq!(turn(of(3)), (3, vec![6, 5, 4, 3, 2, 1]));
        assert_eq!(turn(of(4)), (3, vec![4, 5, 6, 1, 2, 3]));
        assert_eq!(turn(of(5)), (2, vec![1, 4, 2, 5, 3, 6]));
        assert_eq!(turn(of(6)), (2, vec![4, 1, 5, 2, 6, 3]));
        assert_eq!(turn(of(7)), (2, vec![6, 3, 5, 2, 4, 1]));
        assert_eq!(turn(of(8)), (2, vec![3, 6, 2, 5, 1, 4]));
    }

    #[test]
    fn exif_may_carry_the_mark_of_jpeg() {
        // Little-endian; one entry: orientation (0x0112), SHORT, one value, 6.
        let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        assert_eq!(of_exif(Some(exif)), Orientation::Rotate90);
        assert_eq!(of_exif(Some(&[JPEG_MARK, exif].concat())), Orientation::Rotate90);
        assert_eq!(of_exif(Some(b"II*\0")), Orientation::NoTransforms);
        assert_eq!(of_exif(None), Orientation::NoTransforms);
    }
}
