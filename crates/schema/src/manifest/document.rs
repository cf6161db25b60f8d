//! A text as a tree that remembers where each key stands, so that every problem can name its line.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use super::error::{Finding, ManifestError, Problem};
use super::text_format::{self, SyntaxError};

/// How the TOML reader marks a date, in its data and so in its errors.
const DATE_MARK: &str = "$__toml_private_datetime";

/// A TOML value.
#[derive(Debug)]
pub(super) enum Node {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Array(Vec<Element>),
    Table(Vec<Member>),
}

/// An element of an array and the byte where it begins.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) offset: usize,
    pub(super) node: Node,
}

/// A key of a table, the byte where it stands, and its value.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) offset: usize,
    pub(super) node: Node,
}

impl Node {
    /// For messages: "found …".
    pub(super) fn in_words(&self) -> String {
        match self {
            Node::Bool(value) => value.to_string(),
            Node::Int(value) => value.to_string(),
            Node::Float(value) => value.to_string(),
            Node::Text(_) => "a string".to_owned(),
            Node::Array(_) => "an array".to_owned(),
            Node::Table(_) => "a table".to_owned(),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a TOML value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Int(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Node, A::Error> {
        let mut all = Vec::new();
        while let Some(element) = elements.next_element::<Spanned<Node>>()? {
            all.push(Element { offset: element.span().start, node: element.into_inner() });
        }
        Ok(Node::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut all = Vec::new();
        // Keys have places; tables made up by dotted headers have none of their own.
        while let Some((key, node)) = members.next_entry::<Key, Node>()? {
            all.push(Member { offset: key.offset, key: key.text, node });
        }
        Ok(Node::Table(all))
    }
}

/// A key with its place.
struct Key {
    text: String,
    offset: usize,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        let key = Spanned::<String>::deserialize(deserializer)?;
        Ok(Key { offset: key.span().start, text: key.into_inner() })
    }
}

/// A parsed text.
#[derive(Debug)]
pub(super) struct Document<'t> {
    text: &'t str,
    root: Node,
    /// From a path such as `feature[2].range` to the byte where it stands.
    places: HashMap<String, usize>,
}

impl<'t> Document<'t> {
    pub(super) fn parse(text: &'t str) -> Result<Document<'t>, ManifestError> {
        let root: Node = toml::from_str(text).map_err(|error| {
            let place = error.span().map(|span| line_and_column(text, span.start));
            let message = match error.message() {
                date if date.contains(DATE_MARK) => "no key of a manifest is a date; quote it".to_owned(),
                message => message.to_owned(),
            };
            ManifestError::one(Problem { place, path: String::new(), message, suggestion: None })
        })?;
        Ok(Document::new(text, root))
    }

    /// The same for the text format of protocol buffers, where `repeated` fields are arrays.
    pub(super) fn parse_text_format(text: &'t str, repeated: &[&str]) -> Result<Document<'t>, ManifestError> {
        let root = text_format::parse(text, repeated).map_err(|SyntaxError { offset, message }| {
            let place = Some(line_and_column(text, offset));
            ManifestError::one(Problem { place, path: String::new(), message, suggestion: None })
        })?;
        Ok(Document::new(text, root))
    }

    fn new(text: &'t str, root: Node) -> Document<'t> {
        let mut places = HashMap::new();
        collect_places(&root, "", &mut places);
        Document { text, root, places }
    }

    /// The keys of the document.
    pub(super) fn members(&self) -> &[Member] {
        match &self.root {
            Node::Table(members) => members,
            _ => &[],
        }
    }

    /// A finding with its place: that of its path, or of the nearest enclosing one that is written down.
    pub(super) fn locate(&self, finding: Finding) -> Problem {
        let mut path = finding.path.as_str();
        let offset = loop {
            if let Some(offset) = self.places.get(path) {
                break *offset;
            }
            match path.rfind(['.', '[']).and_then(|cut| path.get(..cut)) {
                Some(enclosing) => path = enclosing,
                None => break 0,
            }
        };
        let place = Some(line_and_column(self.text, offset));
        Problem { place, path: finding.path, message: finding.message, suggestion: finding.suggestion }
    }
}

fn collect_places(node: &Node, path: &str, places: &mut HashMap<String, usize>) {
    match node {
        Node::Table(members) => {
            for member in members {
                let path = if path.is_empty() { member.key.clone() } else { format!("{path}.{}", member.key) };
                collect_places(&member.node, &path, places);
                places.insert(path, member.offset);
            }
        }
        Node::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                let path = format!("{path}[{index}]");
                collect_places(&element.node, &path, places);
                places.insert(path, element.offset);
            }
        }
        Node::Bool(_) | Node::Int(_) | Node::Float(_) | Node::Text(_) => {}
    }
}

/// Both from 1; the column in characters.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
