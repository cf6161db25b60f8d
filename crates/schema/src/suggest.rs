//! "Did you mean …?": the known word nearest to a misspelt one.

/// Words longer than this are not compared; nobody misspells those.
const LONGEST_WORD: usize = 64;

/// The candidate nearest to `word`, if one is near enough to be what was meant.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word: Vec<char> = word.chars().take(LONGEST_WORD + 1).flat_map(char::to_lowercase).collect();
    if word.len() > LONGEST_WORD {
        return None;
    }
    let near_enough = (word.len() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= 4 * LONGEST_WORD)
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(distance, _)| *distance <= near_enough)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance; case does not count.
fn distance(word: &[char], candidate: &str) -> usize {
    let mut previous: Vec<usize> = (0..=word.len()).collect();
    for (row, letter) in candidate.chars().flat_map(char::to_lowercase).enumerate() {
        let mut current = Vec::with_capacity(previous.len());
        let mut left = row + 1;
        current.push(left);
        for (other, pair) in word.iter().zip(previous.windows(2)) {
            let &[diagonal, above] = pair else { continue };
            left = (diagonal + usize::from(*other != letter)).min(above + 1).min(left + 1);
            current.push(left);
        }
        previous = current;
    }
    previous.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant() {
        let known = ["bill_length_mm", "bill_depth_mm", "island"];
        assert_eq!(nearest("bill_lenght_mm", known), Some("bill_length_mm"));
        assert_eq!(nearest("Islnd", known), Some("island"));
        assert_eq!(nearest("ISLAND", known), Some("island"));
        assert_eq!(nearest("weight", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest(&"x".repeat(100_000), known), None);
    }
}
