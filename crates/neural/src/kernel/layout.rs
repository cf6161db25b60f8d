//! Pictures from tract's layout, a plane for each channel, into [blocks](crate::lane), and back.

use crate::lane::{CHANNELS, Lane, Shape};

/// Pixels that are moved at a time, so that what is half read stays in the first-level cache.
const PIXELS: usize = 64;

/// From planes into blocks.
pub(crate) fn enter(shape: Shape, planes: &[f32], out: &mut [Lane]) {
    let pixels = shape.pixels();
    for (planes, out) in planes.chunks(CHANNELS * pixels).zip(out.chunks_exact_mut(pixels)) {
        for start in (0..pixels).step_by(PIXELS) {
            for (channel, plane) in planes.chunks_exact(pixels).enumerate() {
                for (value, lane) in plane.iter().zip(out.iter_mut()).skip(start).take(PIXELS) {
                    if let Some(to) = lane.0.get_mut(channel) {
                        *to = *value;
                    }
                }
            }
        }
    }
}

/// From blocks into planes.
pub(crate) fn leave(shape: Shape, blocks: &[Lane], out: &mut [f32]) {
    let pixels = shape.pixels();
    for (block, planes) in blocks.chunks_exact(pixels).zip(out.chunks_mut(CHANNELS * pixels)) {
        for start in (0..pixels).step_by(PIXELS) {
            for (channel, plane) in planes.chunks_exact_mut(pixels).enumerate() {
                for (value, lane) in plane.iter_mut().zip(block).skip(start).take(PIXELS) {
                    if let Some(from) = lane.0.get(channel) {
                        *value = *from;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{enter, leave};
    use crate::lane::{Lane, Shape};

    #[test]
    fn there_and_back() {
        for (channels, height, width) in [(1, 1, 1), (3, 5, 7), (16, 9, 9), (17, 1, 70), (40, 8, 8)] {
            let shape = Shape::new(channels, height, width).unwrap();
            let planes: Vec<f32> = (0..shape.numbers()).map(|number| number as f32).collect();
            let mut blocks = vec![Lane::ZERO; shape.lanes()];
            enter(shape, &planes, &mut blocks);
            assert_eq!(blocks[shape.pixels() - 1].0[0], planes[shape.pixels() - 1]);
            let mut back = vec![0.0; shape.numbers()];
            leave(shape, &blocks, &mut back);
            assert_eq!(planes, back);
        }
    }
}
