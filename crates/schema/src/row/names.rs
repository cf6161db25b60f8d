//! From a field's name to its feature, without allocating.

use std::cmp::Ordering;

use crate::manifest::Feature;

/// One name that a client may send.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) text: Box<str>,
    /// Which feature it names.
    pub(crate) feature: usize,
    /// Whether JSON has it as it is, without escapes.
    pub(crate) is_plain: bool,
}

impl Name {
    fn new(text: &str, feature: usize) -> Name {
        let is_plain = !text.chars().any(|letter| letter.is_control() || matches!(letter, '"' | '\\'));
        Name { text: text.into(), feature, is_plain }
    }
}

/// All names and aliases, sorted for a binary search. A sorted table needs no hash that a client could attack, and
/// most lookups never search: clients send fields in the same order each time, so the guess is usually right.
#[derive(Debug)]
pub(crate) struct Names {
    sorted: Vec<Name>,
    /// Per feature, where its own name is in `sorted`.
    canonical: Vec<usize>,
}

impl Names {
    pub(crate) fn of(features: &[Feature]) -> Names {
        let mut sorted: Vec<Name> = features
            .iter()
            .enumerate()
            .flat_map(|(feature, spec)| {
                std::iter::once(&spec.name).chain(&spec.aliases).map(move |text| Name::new(text, feature))
            })
            .collect();
        sorted.sort_by(|one, other| order(&one.text, &other.text));
        let position = |name: &str| sorted.binary_search_by(|entry| order(&entry.text, name)).unwrap_or(usize::MAX);
        let canonical = features.iter().map(|feature| position(&feature.name)).collect();
        Names { sorted, canonical }
    }

    /// The entry for `text`; `guess` is the feature that is expected next.
    pub(crate) fn find(&self, text: &str, guess: usize) -> Option<&Name> {
        if let Some(name) = self.guessed(guess).filter(|name| *name.text == *text) {
            return Some(name);
        }
        let position = self.sorted.binary_search_by(|entry| order(&entry.text, text)).ok()?;
        self.sorted.get(position)
    }

    /// The own name of a feature.
    pub(crate) fn guessed(&self, feature: usize) -> Option<&Name> {
        self.sorted.get(*self.canonical.get(feature)?)
    }

    /// Every name and alias.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.sorted.iter().map(|name| &*name.text)
    }
}

/// Length first: most names differ there already.
pub(super) fn order(one: &str, other: &str) -> Ordering {
    one.len().cmp(&other.len()).then_with(|| one.as_bytes().cmp(other.as_bytes()))
}
