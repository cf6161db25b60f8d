//! "Did you mean …?": the known word nearest to a misspelt one.

/// Words longer than this are not compared; nobody misspells those.
const LONGEST_WORD: usize = 64;

/// The candidate nearest to `word`, if one is near enough to be what was meant.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word: Vec<char> = word.chars().take(LONGEST_WORD + 1).flat_map(char::to_lowercase).collect();
    if word.is_empty() || word.len() > LONGEST_WORD {
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

/// How many letters must be put in, taken out, replaced or swapped with their neighbour; case does not count.
fn distance(word: &[char], candidate: &str) -> usize {
    let candidate: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
    // Rows of the table of distances between beginnings of both, the row before last first.
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=word.len()).collect();
    for row in 0..candidate.len() {
        let mut current = vec![row + 1];
        for column in 0..word.len() {
            let same = candidate.get(row) == word.get(column);
            let cell = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX - 1);
            let replaced = cell(&previous, column) + usize::from(!same);
            let taken_out = cell(&previous, column + 1) + 1;
            let put_in = cell(&current, column) + 1;
            let mut least = replaced.min(taken_out).min(put_in);
            let swapped = row > 0
                && column > 0
                && candidate.get(row) == word.get(column - 1)
                && candidate.get(row - 1) == word.get(column);
            if swapped {
                least = least.min(cell(&before, column - 1) + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut previous, current);
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
        assert_eq!(nearest("", ["a"]), None);
        assert_eq!(nearest("tsak", ["task"]), Some("task"));
        assert_eq!(nearest("bat", ["rat", "cat", "bat"]), Some("bat"));
        assert_eq!(nearest("kind", ["king", "kin"]), Some("king"));
        assert_eq!(nearest(&"x".repeat(100_000), known), None);
    }
}
