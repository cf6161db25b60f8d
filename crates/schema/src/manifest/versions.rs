//! `[versions]`: which versions of a model are loaded.

/// Which of the versions that lie in a model's folder are loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum VersionPolicy {
    /// Every one.
    #[default]
    All,
    /// The highest, so many; at least one.
    Latest(usize),
    /// Those of these names.
    Only(Vec<String>),
}
