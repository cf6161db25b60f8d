//! The file of keys: every problem of a text, or its keys.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use toml::{Table, Value};

use super::problem::{Fault, KeyProblem, KeysError, Place, ShownField};
use super::{Key, field};
use crate::key_digest::KeyDigest;
use crate::key_name::KeyName;
use crate::principal::Principal;
use crate::rate::Rate;

/// The one field of the whole text.
const KEY: &str = "key";

/// The fields of a key.
const FIELDS: &[&str] = &["name", "sha256", "scopes", "expires", "rate", "burst"];

pub(super) fn read(text: &str) -> Result<Vec<Key>, KeysError> {
    let document: Table = text.parse().map_err(|error| KeysError(vec![syntax(text, &error)]))?;
    let mut reader = Reader::default();
    let unknown = document.keys().filter(|field| *field != KEY);
    reader.problems.extend(unknown.map(|field| problem(Fault::Unknown(ShownField::new(field), &[KEY]))));
    let keys = match document.get(KEY) {
        Some(Value::Array(rows)) => (1..).zip(rows).filter_map(|(position, row)| reader.key(position, row)).collect(),
        Some(_) => {
            reader.problems.push(problem(Fault::NotATable));
            Vec::new()
        }
        None => Vec::new(),
    };
    if keys.is_empty() && reader.problems.is_empty() {
        reader.problems.push(problem(Fault::NoKeys));
    }
    if reader.problems.is_empty() { Ok(keys) } else { Err(KeysError(reader.problems)) }
}

/// The parser's own message is left out: it may quote the text.
fn syntax(text: &str, error: &toml::de::Error) -> KeyProblem {
    let at = error.span().map_or(0, |span| span.start);
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|next| *next != '\n').count() + 1;
    problem(Fault::Syntax { line, column })
}

fn problem(fault: Fault) -> KeyProblem {
    KeyProblem { place: None, fault }
}

/// What was found in the keys so far.
#[derive(Default)]
struct Reader {
    problems: Vec<KeyProblem>,
    /// The positions of those that have a name.
    names: HashMap<KeyName, usize>,
    /// The positions of those that have a digest.
    digests: HashMap<KeyDigest, usize>,
}

impl Reader {
    /// `None` if anything in it is wrong.
    fn key(&mut self, position: usize, row: &Value) -> Option<Key> {
        let Value::Table(row) = row else {
            self.problems
                .push(KeyProblem { place: Some(Place { position, name: None, field: None }), fault: Fault::NotATable });
            return None;
        };
        let name = row.get("name").and_then(|value| field::name(value).ok());
        let mut row = Row { row, place: Place { position, name, field: None }, problems: &mut self.problems };
        row.refuse_unknown();
        let name = row.needed("name", field::name);
        let name = name.and_then(|name| row.unique("name", name, &mut self.names));
        let digest = row.needed("sha256", field::digest);
        let digest = digest.and_then(|digest| row.unique("sha256", digest, &mut self.digests));
        let scopes = row.needed("scopes", field::scopes);
        let expires = row.optional("expires", field::expires);
        let rate = row.rate();
        let (digest, expires) = (digest?, expires?);
        let principal = Principal { name: name?, id: digest.id(), scopes: scopes?, rate: rate? };
        Some(Key { digest, expires, principal: Arc::new(principal) })
    }
}

/// One key in the text. Its methods give `None` where something is wrong, and have noted then what.
struct Row<'a> {
    row: &'a Table,
    place: Place,
    problems: &'a mut Vec<KeyProblem>,
}

impl Row<'_> {
    fn note<T>(&mut self, field: Option<&'static str>, fault: Fault) -> Option<T> {
        self.problems.push(KeyProblem { place: Some(Place { field, ..self.place.clone() }), fault });
        None
    }

    fn refuse_unknown(&mut self) {
        for field in self.row.keys().filter(|field| !FIELDS.contains(&field.as_str())) {
            self.note::<()>(None, Fault::Unknown(ShownField::new(field), FIELDS));
        }
    }

    fn needed<T>(&mut self, field: &'static str, read: impl Fn(&Value) -> Result<T, Fault>) -> Option<T> {
        self.optional(field, read)?.or_else(|| self.note(Some(field), Fault::Missing))
    }

    /// `Some(None)` if the field is not there.
    fn optional<T>(&mut self, field: &'static str, read: impl Fn(&Value) -> Result<T, Fault>) -> Option<Option<T>> {
        match self.row.get(field).map(read).transpose() {
            Ok(value) => Some(value),
            Err(fault) => self.note(Some(field), fault),
        }
    }

    fn unique<T: Clone + Eq + Hash>(
        &mut self,
        field: &'static str,
        value: T,
        seen: &mut HashMap<T, usize>,
    ) -> Option<T> {
        match seen.get(&value) {
            Some(first) => self.note(Some(field), Fault::Taken(*first)),
            None => {
                seen.insert(value.clone(), self.place.position);
                Some(value)
            }
        }
    }

    fn rate(&mut self) -> Option<Option<Rate>> {
        let per_second = self.optional("rate", field::per_second);
        let burst = self.optional("burst", field::burst);
        match (per_second?, burst?) {
            (None, None) => Some(None),
            (None, Some(_)) => self.note(Some("burst"), Fault::BurstAlone),
            (Some(per_second), burst) => match field::rate(per_second, burst) {
                Ok(rate) => Some(Some(rate)),
                Err(fault) => self.note(Some("rate"), fault),
            },
        }
    }
}
