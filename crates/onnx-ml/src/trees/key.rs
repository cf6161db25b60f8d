//! Numbers as unsigned integers of the same order.
//!
//! A float's bits, read as an integer, are in the order of the floats once the negative ones are turned over. Such keys
//! compare in one cycle, and leave room where floats have none: below all numbers and above them, for missing values,
//! and just below a number, so that `x < t` is `key(x) <= key(t) - 1`. Both zeros have one key.
//!
//! The order is that of `totalOrder` in IEEE 754-2008, 5.10; the trick is Herf's radix sort of floats (2001).

use std::fmt::Debug;
use std::hash::Hash;

/// An unsigned integer that stands for a number.
pub(super) trait Key: Copy + Debug + Default + Hash + Ord + Send + Sync + 'static {
    /// Below the key of every number, minus infinity included.
    const LOWEST: Self;
    /// Above the key of every number by at least two.
    const HIGHEST: Self;

    /// The key of a number that is not NaN.
    fn of_single(value: f32) -> Self;

    /// The same for a double; where the keys are too few for it, the next one in the direction of `rounding`.
    fn of_double(value: f64, rounding: Rounding) -> Self;

    /// The next key below one that is not [`Key::LOWEST`].
    fn before(self) -> Self;

    /// Whether the keys tell `value` from its neighbours, so that [`Key::of_double`] does not round.
    fn holds(value: f64) -> bool;

    /// A weight, packed into the bits of a key; see [`Key::weight`].
    fn of_weight(weight: f64) -> Self;

    /// What [`Key::of_weight`] was given, rounded to the precision of the keys.
    fn weight(self) -> f64;

    /// A position, packed into the bits of a key; see [`Key::index`].
    fn of_index(index: u32) -> Self;

    /// What [`Key::of_index`] was given.
    fn index(self) -> usize;
}

/// Where a number between two keys goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Rounding {
    Down,
    Up,
}

impl Key for u32 {
    const LOWEST: u32 = u32::MIN;
    const HIGHEST: u32 = u32::MAX;

    fn of_single(value: f32) -> u32 {
        // The sum makes of both zeros the positive one.
        let bits = (value + 0.0).to_bits();
        let negative = (bits.cast_signed() >> 31).cast_unsigned();
        bits ^ (negative | 1 << 31)
    }

    fn of_double(value: f64, rounding: Rounding) -> u32 {
        let nearest = value as f32;
        let key = u32::of_single(nearest);
        match rounding {
            Rounding::Up => key.wrapping_add(u32::from(f64::from(nearest) < value)),
            Rounding::Down => key.wrapping_sub(u32::from(f64::from(nearest) > value)),
        }
    }

    fn before(self) -> u32 {
        self.wrapping_sub(1)
    }

    fn holds(value: f64) -> bool {
        f64::from(value as f32) == value
    }

    fn of_weight(weight: f64) -> u32 {
        (weight as f32).to_bits()
    }

    fn weight(self) -> f64 {
        f64::from(f32::from_bits(self))
    }

    fn of_index(index: u32) -> u32 {
        index
    }

    fn index(self) -> usize {
        self as usize
    }
}

impl Key for u64 {
    const LOWEST: u64 = u64::MIN;
    const HIGHEST: u64 = u64::MAX;

    fn of_single(value: f32) -> u64 {
        u64::of_double(value.into(), Rounding::Up)
    }

    fn of_double(value: f64, _rounding: Rounding) -> u64 {
        let bits = (value + 0.0).to_bits();
        let negative = (bits.cast_signed() >> 63).cast_unsigned();
        bits ^ (negative | 1 << 63)
    }

    fn before(self) -> u64 {
        self.wrapping_sub(1)
    }

    fn holds(_value: f64) -> bool {
        true
    }

    fn of_weight(weight: f64) -> u64 {
        weight.to_bits()
    }

    fn weight(self) -> f64 {
        f64::from_bits(self)
    }

    fn of_index(index: u32) -> u64 {
        index.into()
    }

    fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Rounding};

    /// Numbers in ascending order: single ones, and doubles between them.
    const ASCENDING: [f64; 15] = [
        f64::NEG_INFINITY,
        -1e300,
        f32::MIN as f64,
        -1.000_000_000_1,
        -1.0,
        -1e-40,
        -1e-320,
        0.0,
        1e-320,
        1e-45,
        0.1,
        0.1f32 as f64,
        f32::MAX as f64,
        1e300,
        f64::INFINITY,
    ];

    #[test]
    fn keys_compare_as_the_numbers() {
        for left in ASCENDING {
            for right in ASCENDING {
                let keys = [left, right].map(|value| u64::of_double(value, Rounding::Up));
                assert_eq!(keys[0].cmp(&keys[1]), left.total_cmp(&right));
                if <u32 as Key>::holds(right) {
                    let threshold = u32::of_single(right as f32);
                    assert_eq!(u32::of_double(left, Rounding::Up) <= threshold, left <= right, "{left} <= {right}");
                    let below = threshold.before();
                    assert_eq!(u32::of_double(left, Rounding::Down) <= below, left < right, "{left} < {right}");
                }
            }
        }
    }

    #[test]
    fn zeros_are_equal_and_room_is_left_at_both_ends() {
        assert_eq!(u32::of_single(-0.0), u32::of_single(0.0));
        assert_eq!(u64::of_single(-0.0), u64::of_single(0.0));
        assert!(u32::of_single(f32::NEG_INFINITY).before() > u32::LOWEST);
        assert!(u32::of_single(f32::INFINITY) < u32::HIGHEST.before());
        assert!(u64::of_single(f32::NEG_INFINITY).before() > u64::LOWEST);
        assert!(u64::of_single(f32::INFINITY) < u64::HIGHEST.before());
    }

    #[test]
    fn what_is_packed_comes_back() {
        for weight in [0.0, -0.25, 1e30, f64::INFINITY] {
            assert_eq!(u64::of_weight(weight).weight(), weight);
            assert_eq!(u32::of_weight(weight).weight(), f64::from(weight as f32));
        }
        assert_eq!((u32::of_index(7).index(), u64::of_index(u32::MAX).index()), (7, u32::MAX as usize));
    }
}
