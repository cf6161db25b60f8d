//! What most of many values are not above.

/// The value that at least so many of 100 values are not above; not a number for none.
pub(crate) fn percentile(mut values: Vec<f64>, percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() * percent).div_ceil(100).saturating_sub(1);
    values.get(place).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn the_slowest_of_a_hundred_does_not_count() {
        let values = || (1..=200).rev().map(f64::from).collect();
        assert_eq!((percentile(values(), 99), percentile(values(), 50)), (198.0, 100.0));
        assert_eq!(percentile(vec![7.0], 99), 7.0);
        assert!(percentile(Vec::new(), 50).is_nan());
    }
}
