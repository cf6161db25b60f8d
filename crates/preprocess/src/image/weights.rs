//! How much each old pixel counts for a new one, in Pillow's arithmetic.
//!
//! Source: `precompute_coeffs` and `normalize_coeffs_8bpc` of Pillow's Resample.c. Weights are computed in double precision and
//! rounded to 22 bits behind the point.

use std::f64::consts::PI;

use ferrocast_schema::Filter;

use super::geometry::Axis;

/// Bits of a weight behind the point: what 32 bits leave for a sum of bytes, with a bit for the sign and one for overshoot.
pub(super) const PRECISION: u32 = 32 - 8 - 2;

/// The old pixels that count for one new pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    /// The first one.
    pub(super) start: usize,
    /// How much it and those behind it count, in units of `2^-PRECISION`.
    pub(super) weights: Vec<i32>,
}

impl Window {
    /// One behind the last.
    pub(super) fn end(&self) -> usize {
        self.start + self.weights.len()
    }
}

/// The windows of the pixels that are wanted of one direction.
pub(super) fn windows(filter: Filter, axis: &Axis) -> Vec<Window> {
    let Axis { picture: old, resized, first, wanted, .. } = *axis;
    let scale = old as f64 / resized as f64;
    if filter == Filter::Nearest {
        return nearest(old, scale, first, wanted);
    }
    // Where a picture shrinks, the filter is as much wider: every old pixel counts for some new one.
    let stretch = scale.max(1.0);
    let support = reach(filter) * stretch;
    let window = |position: usize| {
        let centre = (position as f64 + 0.5) * scale;
        let start = (centre - support + 0.5).max(0.0) as usize;
        let end = ((centre + support + 0.5) as usize).min(old);
        let weight = |pixel| kernel(filter, (pixel as f64 - centre + 0.5) / stretch);
        let weights: Vec<f64> = (start..end).map(weight).collect();
        // In order, as Pillow adds them up.
        let sum: f64 = weights.iter().sum();
        let of_sum = |weight: f64| if sum == 0.0 { weight } else { weight / sum };
        Window { start, weights: weights.into_iter().map(|weight| fixed_point(of_sum(weight))).collect() }
    };
    (first..first + wanted).map(window).collect()
}

/// The one old pixel at the centre of each new one. Centres are added up, as in Pillow's `ImagingScaleAffine`.
fn nearest(old: usize, scale: f64, first: usize, wanted: usize) -> Vec<Window> {
    let centres = std::iter::successors(Some(scale * 0.5), |centre| Some(centre + scale));
    let window = |centre: f64| Window { start: (centre as usize).min(old - 1), weights: vec![1 << PRECISION] };
    centres.skip(first).take(wanted).map(window).collect()
}

/// To the nearest, halves away from 0.
fn fixed_point(weight: f64) -> i32 {
    let half = if weight < 0.0 { -0.5 } else { 0.5 };
    // Weights of one pixel sum up to 1, and none is far beyond.
    (half + weight * f64::from(1 << PRECISION)) as i32
}

/// How far from its centre a filter looks, in new pixels.
fn reach(filter: Filter) -> f64 {
    match filter {
        Filter::Nearest => 0.5,
        Filter::Bilinear => 1.0,
        Filter::Bicubic => 2.0,
        Filter::Lanczos => 3.0,
    }
}

fn kernel(filter: Filter, x: f64) -> f64 {
    match filter {
        Filter::Nearest => 1.0,
        Filter::Bilinear => (1.0 - x.abs()).max(0.0),
        Filter::Bicubic => cubic(x.abs()),
        Filter::Lanczos if (-3.0..3.0).contains(&x) => sinc(x) * sinc(x / 3.0),
        Filter::Lanczos => 0.0,
    }
}

/// Keys' cubic convolution with a = -0.5 (<https://en.wikipedia.org/wiki/Bicubic_interpolation>).
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (x * PI).sin() / (x * PI) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(picture: usize, resized: usize) -> Axis {
        Axis { picture, resized, first: 0, wanted: resized, place: 0 }
    }

    #[test]
    fn weights_sum_up_to_one() {
        for filter in [Filter::Nearest, Filter::Bilinear, Filter::Bicubic, Filter::Lanczos] {
            for (old, new) in [(1, 1), (2, 7), (7, 2), (300, 224), (224, 300), (8192, 3), (2, 1_000)] {
                for window in windows(filter, &whole(old, new)) {
                    let sum: i32 = window.weights.iter().sum();
                    let count = i32::try_from(window.weights.len()).unwrap();
                    assert!((sum - (1 << PRECISION)).abs() <= count, "{filter:?} {old} {new} {window:?}");
                    assert!(window.end() <= old);
                }
            }
        }
    }

    #[test]
    fn a_part_is_a_part_of_the_whole() {
        for filter in [Filter::Nearest, Filter::Lanczos] {
            let all = windows(filter, &whole(451, 384));
            assert_eq!(windows(filter, &Axis { first: 80, wanted: 224, ..whole(451, 384) }), all[80..304]);
        }
    }

    #[test]
    fn the_same_size_changes_nothing() {
        for window in windows(Filter::Bicubic, &whole(9, 9)) {
            let counting: Vec<&i32> = window.weights.iter().filter(|&&weight| weight != 0).collect();
            assert_eq!(counting, [&(1 << PRECISION)]);
        }
    }
}
