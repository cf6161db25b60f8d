//! Which of a model's versions are loaded.

use std::collections::BTreeSet;

use crate::name::Version;

/// Which of the versions that lie in a model's folder are loaded; the others are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum VersionPolicy {
    /// Every one.
    #[default]
    All,
    /// So many, the highest.
    Latest(usize),
    /// Those of these names, as far as they exist.
    Only(BTreeSet<Version>),
}

impl VersionPolicy {
    /// Those of `versions` that are to be loaded.
    pub(crate) fn select(&self, versions: &BTreeSet<&Version>) -> BTreeSet<Version> {
        let versions = versions.iter().copied().cloned();
        match self {
            VersionPolicy::All => versions.collect(),
            VersionPolicy::Latest(number) => versions.rev().take(*number).collect(),
            VersionPolicy::Only(names) => versions.filter(|version| names.contains(version)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BTreeSet, Version, VersionPolicy};

    #[test]
    fn selection() {
        let set =
            |names: &[&str]| -> BTreeSet<Version> { names.iter().map(|name| Version::parse(name).unwrap()).collect() };
        let all = set(&["1", "2", "10", "rc"]);
        let selected = |policy: VersionPolicy| policy.select(&all.iter().collect());
        assert_eq!(selected(VersionPolicy::All), all);
        assert_eq!(selected(VersionPolicy::Latest(1)), set(&["10"]));
        assert_eq!(selected(VersionPolicy::Latest(2)), set(&["2", "10"]));
        assert_eq!(selected(VersionPolicy::Latest(9)), all);
        assert_eq!(selected(VersionPolicy::Only(set(&["v1", "7"]))), set(&["1"]));
    }
}
