//! Where in a request something was found: `["body", "instances", 3, "island"]`.
//!
//! Two forms: [`At`] borrows its way down the stack while parsing and costs nothing, [`Loc`] is owned and is made only
//! when there is something to report.

use std::fmt;
use std::sync::Arc;

/// Names longer than this are cut when they are reported, so that an answer never grows with the request.
const LONGEST_NAME: usize = 64;

/// One step of a [`Loc`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LocPart {
    /// A field of an object.
    Field(Arc<str>),
    /// A position in an array, from 0.
    Index(usize),
}

/// A path into the request; its first part is `body`, `query`, `path` or `header`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Loc(Vec<LocPart>);

impl Loc {
    /// The path that consists of `root` alone.
    pub fn root(root: &str) -> Loc {
        Loc(vec![LocPart::Field(root.into())])
    }

    /// `["body"]`.
    pub fn body() -> Loc {
        Loc::root("body")
    }

    /// This path, one field deeper. A name longer than 64 characters is cut.
    #[must_use]
    pub fn field(mut self, name: &str) -> Loc {
        self.0.push(LocPart::Field(shortened(name)));
        self
    }

    /// This path, one array position deeper.
    #[must_use]
    pub fn index(mut self, index: usize) -> Loc {
        self.0.push(LocPart::Index(index));
        self
    }

    /// The steps from the root down.
    pub fn parts(&self) -> &[LocPart] {
        &self.0
    }
}

impl fmt::Display for Loc {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, part) in self.0.iter().enumerate() {
            match part {
                LocPart::Field(name) if depth == 0 => write!(out, "{name}")?,
                LocPart::Field(name) => write!(out, ".{name}")?,
                LocPart::Index(index) => write!(out, "[{index}]")?,
            }
        }
        Ok(())
    }
}

fn shortened(name: &str) -> Arc<str> {
    match name.char_indices().nth(LONGEST_NAME) {
        Some((cut, _)) => name.get(..cut).map_or_else(|| name.into(), |start| format!("{start}…").into()),
        None => name.into(),
    }
}

/// A position while parsing: a chain of borrowed steps that costs no allocation.
///
/// ```
/// use ferrocast_schema::At;
///
/// let list = At::Body.field("instances");
/// assert_eq!(list.index(3).to_loc().to_string(), "body.instances[3]");
/// ```
#[derive(Debug, Clone, Copy)]
pub enum At<'a> {
    /// The whole body.
    Body,
    /// A field of the object at another position.
    Field(&'a At<'a>, &'a str),
    /// An element of the array at another position.
    Index(&'a At<'a>, usize),
}

impl<'a> At<'a> {
    /// The position of field `name` of the object here.
    pub fn field(&'a self, name: &'a str) -> At<'a> {
        At::Field(self, name)
    }

    /// The position of element `index` of the array here.
    pub fn index(&'a self, index: usize) -> At<'a> {
        At::Index(self, index)
    }

    /// How many objects and arrays are open when a value here begins to be read, that value included when it is one.
    pub fn depth(&self) -> usize {
        match self {
            At::Body => 1,
            At::Field(parent, _) | At::Index(parent, _) => parent.depth().saturating_add(1),
        }
    }

    /// The owned form.
    pub fn to_loc(&self) -> Loc {
        match self {
            At::Body => Loc::body(),
            At::Field(parent, name) => parent.to_loc().field(name),
            At::Index(parent, index) => parent.to_loc().index(*index),
        }
    }
}
