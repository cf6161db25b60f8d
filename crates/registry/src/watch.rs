//! Looking at the folder again and again: what has changed is loaded, what has vanished is unloaded.
//!
//! A copy in progress looks different at each look. So a change counts only once two looks have seen the same, and what is
//! half-written is mostly never touched; where it is all the same, it fails to load, the version before it goes on
//! serving, and the next change is another attempt.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::name::Version;
use crate::release::Stamp;

/// A version of a model.
pub(crate) type Key = (Arc<str>, Version);

/// What a look sees of a version, without reading any file: if two are equal, nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    Files(Stamp),
    /// Why it cannot be loaded.
    Rejected(String),
    PassedOver,
}

/// What is to be done after a look.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) load: BTreeSet<Key>,
    pub(crate) unload: BTreeSet<Key>,
}

/// What was seen at the last look, and what was acted upon.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    seen: BTreeMap<Key, Sight>,
    taken: BTreeMap<Key, Sight>,
}

impl Watch {
    /// What two looks, the last one and this, have seen alike and nobody has acted upon.
    pub(crate) fn look(&mut self, now: BTreeMap<Key, Sight>) -> Changes {
        let before = std::mem::replace(&mut self.seen, now);
        let settled = |key: &Key| before.get(key) == self.seen.get(key);
        let news = self.seen.iter().filter(|(key, sight)| settled(key) && self.taken.get(key) != Some(sight));
        let gone = self.taken.keys().filter(|key| settled(key) && !self.seen.contains_key(key));
        Changes { load: news.map(|(key, _)| key.clone()).collect(), unload: gone.cloned().collect() }
    }

    /// Whether the last look has seen any version of the model.
    pub(crate) fn sees(&self, model: &Arc<str>) -> bool {
        self.seen.keys().any(|(name, _)| name == model)
    }

    /// The changes of the last look have been acted upon.
    pub(crate) fn take(&mut self, changes: &Changes) {
        for key in &changes.load {
            if let Some(sight) = self.seen.get(key) {
                self.taken.insert(key.clone(), sight.clone());
            }
        }
        for key in &changes.unload {
            self.taken.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(version: &str) -> Key {
        (Arc::from("m"), Version::parse(version).unwrap())
    }

    fn seen(versions: &[(&str, &str)]) -> BTreeMap<Key, Sight> {
        versions.iter().map(|(version, sight)| (key(version), Sight::Rejected((*sight).to_owned()))).collect()
    }

    fn keys(versions: &[&str]) -> BTreeSet<Key> {
        versions.iter().map(|version| key(version)).collect()
    }

    #[test]
    fn a_change_counts_when_it_is_seen_twice() {
        let mut watch = Watch::default();
        assert_eq!(watch.look(seen(&[("1", "a")])), Changes::default());
        let changes = watch.look(seen(&[("1", "a"), ("2", "half")]));
        assert_eq!(changes, Changes { load: keys(&["1"]), ..Changes::default() });
        watch.take(&changes);
        assert_eq!(watch.look(seen(&[("1", "a"), ("2", "more")])), Changes::default());
        assert_eq!(watch.look(seen(&[("1", "b"), ("2", "more")])).load, keys(&["2"]));
        // Not acted upon, so that it comes again.
        let changes = watch.look(seen(&[("1", "b"), ("2", "more")]));
        assert_eq!(changes.load, keys(&["1", "2"]));
        watch.take(&changes);
        assert_eq!(watch.look(seen(&[("1", "b"), ("2", "more")])), Changes::default());
    }

    #[test]
    fn what_is_gone_twice_is_gone() {
        let mut watch = Watch::default();
        watch.look(seen(&[("1", "a")]));
        let changes = watch.look(seen(&[("1", "a")]));
        watch.take(&changes);
        assert_eq!(watch.look(seen(&[])), Changes::default());
        // Back again, as it was: a folder that was exchanged by renaming.
        assert_eq!(watch.look(seen(&[("1", "a")])), Changes::default());
        assert_eq!(watch.look(seen(&[("1", "a")])), Changes::default());
        watch.look(seen(&[]));
        let changes = watch.look(seen(&[]));
        assert_eq!(changes, Changes { unload: keys(&["1"]), ..Changes::default() });
        watch.take(&changes);
        assert_eq!(watch.look(seen(&[])), Changes::default());
    }
}
