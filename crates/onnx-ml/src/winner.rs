//! The class that a classifier answers.

/// The position of the largest score; of equal ones, the first.
pub(crate) fn winner<T: PartialOrd + Copy>(scores: &[T]) -> usize {
    let mut best: Option<(usize, T)> = None;
    for (class, &score) in scores.iter().enumerate() {
        if best.is_none_or(|(_, largest)| score > largest) {
            best = Some((class, score));
        }
    }
    best.map_or(0, |(class, _)| class)
}
