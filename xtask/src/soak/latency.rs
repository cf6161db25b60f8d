//! What most of many latencies are not above.

/// The 99th percentile: the value that at least 99 of 100 values are not above; not a number for none.
pub(super) fn p99(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() * 99).div_ceil(100).saturating_sub(1);
    values.get(place).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::p99;

    #[test]
    fn the_slowest_of_a_hundred_does_not_count() {
        assert_eq!(p99((1..=200).rev().map(f64::from).collect()), 198.0);
        assert_eq!(p99(vec![7.0]), 7.0);
        assert!(p99(Vec::new()).is_nan());
    }
}
