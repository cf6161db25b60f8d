//! The nearest number within bounds, which is what most activations of convolutional networks are.

/// Numbers between `low` and `high`, and NaN for NaN. The lower bound counts first: where it is the higher one, the answer is
/// the upper bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// No answer is less.
    pub low: f32,
    /// No answer is more.
    pub high: f32,
}

impl Bounds {
    /// The bounds that hold where there are none.
    pub const NONE: Bounds = Bounds { low: f32::NEG_INFINITY, high: f32::INFINITY };

    /// The bounds of values that are kept within these and then within others.
    pub(crate) fn then(self, others: Bounds) -> Bounds {
        let both = |value| others.nearest(self.nearest(value));
        Bounds { low: both(f32::NEG_INFINITY), high: both(f32::INFINITY) }
    }

    fn nearest(self, value: f32) -> f32 {
        let raised = if value < self.low { self.low } else { value };
        if raised > self.high { self.high } else { raised }
    }
}

#[cfg(test)]
mod tests {
    use super::Bounds;

    #[test]
    fn one_after_the_other() {
        let bounds = |low, high| Bounds { low, high };
        for first in [bounds(0.0, 6.0), bounds(-1.0, 1.0), bounds(5.0, 2.0), Bounds::NONE] {
            for second in [bounds(0.5, 7.0), bounds(8.0, 9.0), bounds(-9.0, -8.0), bounds(3.0, 1.0), Bounds::NONE] {
                for value in [f32::NEG_INFINITY, -8.5, 0.0, 0.7, 5.5, 8.5, f32::INFINITY] {
                    let expected = second.nearest(first.nearest(value));
                    assert_eq!(first.then(second).nearest(value), expected, "{first:?} {second:?} {value}");
                }
            }
        }
    }
}
