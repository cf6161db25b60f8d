//! The modes of nodes: what each is, a leaf or a comparison, and which.
//!
//! In a file of opsets 1 to 4 a mode is a string, `BRANCH_LEQ` a hundred thousand times, and a general decoder makes an
//! allocation for each, which then is the largest part of a forest's load. So a decoder may hand the list over as the
//! bytes of one string, a [`mode_byte`] for each node; both forms are read here.

use std::ops::Range;

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::prelude::TractResult;

use super::rule::{Mode, Rule};
use crate::attributes::Attributes;

/// The attribute that holds them.
const NAME: &str = "nodes_modes";

/// The byte of a leaf; those of branches are the numbers of their rules.
const LEAF: u8 = u8::MAX;

/// The modes of a node's lists.
#[derive(Clone, Copy, Debug)]
pub(super) enum Modes<'a> {
    Names(&'a [Vec<u8>]),
    Bytes(&'a [u8]),
}

/// The byte for the mode that ONNX calls `name`: what an element of the strings `nodes_modes` may become, once they
/// all have one, in an attribute of type `STRING`.
pub fn mode_byte(name: &[u8]) -> Option<u8> {
    Some(match Mode::parse(name)? {
        Mode::Leaf => LEAF,
        Mode::Branch(rule) => rule.number(),
    })
}

/// ONNX's name of the mode with this [`mode_byte`].
pub fn mode_name(byte: u8) -> Option<&'static str> {
    of_byte(byte).and_then(Mode::name)
}

fn of_byte(byte: u8) -> Option<Mode> {
    if byte == LEAF { Some(Mode::Leaf) } else { Rule::of_number(byte).map(Mode::Branch) }
}

impl<'a> Modes<'a> {
    /// Reads `nodes_modes` in either form.
    ///
    /// # Errors
    /// When it is neither.
    pub(super) fn read(attributes: Attributes<'a>) -> TractResult<Modes<'a>> {
        Ok(if attributes.is(NAME, AttributeType::String) {
            Modes::Bytes(attributes.string_bytes(NAME)?.unwrap_or_default())
        } else {
            Modes::Names(attributes.bytes(NAME)?)
        })
    }

    pub(super) fn len(self) -> usize {
        match self {
            Modes::Names(names) => names.len(),
            Modes::Bytes(bytes) => bytes.len(),
        }
    }

    /// The mode of the node at `position`, if there is such a mode.
    #[inline(always)]
    pub(super) fn get(self, position: usize) -> Option<Mode> {
        match self {
            Modes::Names(names) => Mode::parse(names.get(position)?),
            Modes::Bytes(bytes) => of_byte(*bytes.get(position)?),
        }
    }

    /// How many of the nodes at `range` are leaves.
    pub(super) fn leaves(self, range: Range<usize>) -> usize {
        match self {
            Modes::Names(_) => range.filter(|&position| self.get(position) == Some(Mode::Leaf)).count(),
            Modes::Bytes(bytes) => bytes.get(range).unwrap_or_default().iter().filter(|&&byte| byte == LEAF).count(),
        }
    }

    /// What stands in the place of the mode at `position`, for messages.
    pub(super) fn describe(self, position: usize) -> String {
        match self {
            Modes::Names(names) => names.get(position).map(|name| format!("{:?}", String::from_utf8_lossy(name))),
            Modes::Bytes(bytes) => bytes.get(position).map(u8::to_string),
        }
        .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{mode_byte, mode_name};

    #[test]
    fn every_mode_has_a_byte_of_its_own() {
        let names = ["LEAF", "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"];
        for name in names {
            assert_eq!(mode_byte(name.as_bytes()).and_then(mode_name), Some(name));
        }
        assert_eq!(mode_byte(b"BRANCH_MEMBER"), None);
        assert_eq!((mode_name(6), mode_name(7)), (None, None));
    }
}
