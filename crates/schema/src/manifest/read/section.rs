//! One table of a manifest: typed access to its keys, with a finding for whatever is wrong.

use std::collections::BTreeMap;

use super::super::document::{Element, Member, Node};
use super::super::error::Finding;

/// A table being read. Keys are marked as known by asking for them.
pub(super) struct Section<'d, 'f> {
    path: String,
    members: &'d [Member],
    known: Vec<&'static str>,
    findings: &'f mut Vec<Finding>,
}

impl<'d, 'f> Section<'d, 'f> {
    pub(super) fn new(path: String, members: &'d [Member], findings: &'f mut Vec<Finding>) -> Section<'d, 'f> {
        Section { path, members, known: Vec::new(), findings }
    }

    /// Records a finding about `key`.
    pub(super) fn find(&mut self, key: &str, finding: impl FnOnce(String) -> Finding) {
        let path = self.path_of(key);
        self.findings.push(finding(path));
    }

    /// A value that must be there.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Option<T>,
    ) -> Option<T> {
        if !self.members.iter().any(|member| member.key == key) {
            self.known.push(key);
            self.find(key, |path| Finding::new(path, "is missing"));
            return None;
        }
        read(self, key)
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        self.value(key, "a string", Self::as_text)
    }

    pub(super) fn bool(&mut self, key: &'static str) -> Option<bool> {
        self.value(key, "true or false", |node| match node {
            Node::Bool(value) => Some(*value),
            _ => None,
        })
    }

    /// A number, with or without a fraction.
    pub(super) fn number(&mut self, key: &'static str) -> Option<f64> {
        self.value(key, "a number", Self::as_number)
    }

    /// An integer, from 0.
    pub(super) fn whole<T: TryFrom<u64>>(&mut self, key: &'static str) -> Option<T> {
        self.value(key, "a whole number that is not negative", |node| match node {
            Node::Int(value) => u64::try_from(*value).ok().and_then(|value| T::try_from(value).ok()),
            _ => None,
        })
    }

    /// An integer, from 1.
    pub(super) fn at_least_one(&mut self, key: &'static str) -> Option<usize> {
        self.value(key, "a whole number above 0", |node| match node {
            Node::Int(value) => usize::try_from(*value).ok().filter(|value| *value > 0),
            _ => None,
        })
    }

    /// One of a set of words.
    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        let word = self.text(key)?;
        let chosen = choices.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
        if chosen.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let message = format!("\"{word}\" is none of {}", names.join(", "));
            self.find(key, |path| Finding::new(path, message).did_you_mean(&word, names));
        }
        chosen
    }

    /// One of a set of words that must be there.
    pub(super) fn required_choice<T: Copy>(&mut self, key: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        if !self.members.iter().any(|member| member.key == key) {
            self.known.push(key);
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let message = format!("is missing; it is one of {}", names.join(", "));
            self.find(key, |path| Finding::new(path, message));
            return None;
        }
        self.choice(key, choices)
    }

    /// An array whose elements are read by `element`; `what` names them.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        what: &str,
        element: impl Fn(&Node) -> Option<T>,
    ) -> Option<Vec<T>> {
        let elements = self.elements(key, what)?;
        let mut all = Vec::with_capacity(elements.len());
        for (index, Element { node, .. }) in elements.iter().enumerate() {
            match element(node) {
                Some(value) => all.push(value),
                None => {
                    let message = format!("expected an array of {what}, found {} in it", node.in_words());
                    self.find(&format!("{key}[{index}]"), |path| Finding::new(path, message));
                }
            }
        }
        (all.len() == elements.len()).then_some(all)
    }

    /// A table of strings with keys of the user's own.
    pub(super) fn dictionary(&mut self, key: &'static str) -> BTreeMap<String, String> {
        let Some(members) = self.value(key, "a table", Self::as_table) else { return BTreeMap::new() };
        let mut all = BTreeMap::new();
        for Member { key: name, node, .. } in members {
            match Self::as_text(node) {
                Some(text) => drop(all.insert(name.clone(), text)),
                None => {
                    let message = format!("expected a string, found {}", node.in_words());
                    self.find(&format!("{key}.{name}"), |path| Finding::new(path, message));
                }
            }
        }
        all
    }

    /// A table inside this one.
    pub(super) fn section(&mut self, key: &'static str) -> Option<Section<'d, '_>> {
        let members = self.value(key, "a table", Self::as_table)?;
        Some(Section::new(self.path_of(key), members, self.findings))
    }

    /// An array of tables, `[[key]]`.
    pub(super) fn sections<T>(
        &mut self,
        key: &'static str,
        read: impl Fn(Section<'_, '_>) -> Option<T>,
    ) -> Vec<Option<T>> {
        let what = format!("tables, each headed [[{key}]]");
        let mut all = Vec::new();
        for (index, Element { node, .. }) in self.elements(key, &what).unwrap_or_default().iter().enumerate() {
            let path = self.path_of(&format!("{key}[{index}]"));
            if let Some(members) = Self::as_table(node) {
                all.push(read(Section::new(path, members, self.findings)));
            } else {
                self.findings.push(Finding::new(path, format!("expected a table, found {}", node.in_words())));
                all.push(None);
            }
        }
        all
    }

    /// A value that `read` understands; `what` says what that is.
    pub(super) fn value<T>(
        &mut self,
        key: &'static str,
        what: &str,
        read: impl FnOnce(&'d Node) -> Option<T>,
    ) -> Option<T> {
        self.known.push(key);
        let member = self.members.iter().find(|member| member.key == key)?;
        let value = read(&member.node);
        if value.is_none() {
            let message = format!("expected {what}, found {}", member.node.in_words());
            self.find(key, |path| Finding::new(path, message));
        }
        value
    }

    /// Keys that nobody asked for are unknown.
    pub(super) fn finish(self) {
        self.judge_others(|path, key, known| {
            Finding::new(path, "unknown key").did_you_mean(key, known.iter().copied())
        });
    }

    /// Keys that nobody asked for may be there.
    pub(super) fn finish_with_notes(self) {
        self.judge_others(|path, _, _| Finding::note(path, "is not used"));
    }

    fn judge_others(self, judge: impl Fn(String, &str, &[&'static str]) -> Finding) {
        for member in self.members.iter().filter(|member| !self.known.contains(&member.key.as_str())) {
            self.findings.push(judge(self.path_of(&member.key), &member.key, &self.known));
        }
    }

    pub(super) fn as_text(node: &Node) -> Option<String> {
        match node {
            Node::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    pub(super) fn as_number(node: &Node) -> Option<f64> {
        match node {
            #[allow(clippy::cast_precision_loss, reason = "bounds and scales beyond 2^53 round")]
            Node::Int(value) => Some(*value as f64),
            Node::Float(value) => Some(*value),
            _ => None,
        }
    }

    fn as_table(node: &Node) -> Option<&[Member]> {
        match node {
            Node::Table(members) => Some(members),
            _ => None,
        }
    }

    fn elements(&mut self, key: &'static str, what: &str) -> Option<&'d [Element]> {
        self.value(key, &format!("an array of {what}"), |node| match node {
            Node::Array(elements) => Some(elements.as_slice()),
            _ => None,
        })
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}
