//! The comparison that a branch makes.

use std::cmp::Ordering;

/// `feature <rule> threshold`: when it holds, the walk goes on at the true child.
///
/// NaN satisfies no rule, `NotEqual` included: where a missing value goes is said by `nodes_missing_value_tracks_true`
/// alone, and by default that is the false child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Rule {
    LessOrEqual = 0,
    Less = 1,
    GreaterOrEqual = 2,
    Greater = 3,
    Equal = 4,
    NotEqual = 5,
}

/// What a node of the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Branch(Rule),
    Leaf,
}

impl Mode {
    /// The mode with ONNX's name `name`.
    pub(super) fn parse(name: &[u8]) -> Option<Mode> {
        Some(match name {
            b"BRANCH_LEQ" => Mode::Branch(Rule::LessOrEqual),
            b"BRANCH_LT" => Mode::Branch(Rule::Less),
            b"BRANCH_GTE" => Mode::Branch(Rule::GreaterOrEqual),
            b"BRANCH_GT" => Mode::Branch(Rule::Greater),
            b"BRANCH_EQ" => Mode::Branch(Rule::Equal),
            b"BRANCH_NEQ" => Mode::Branch(Rule::NotEqual),
            b"LEAF" => Mode::Leaf,
            _ => return None,
        })
    }
}

impl Rule {
    /// The rule whose discriminant is `bits`.
    pub(super) fn from_bits(bits: u32) -> Rule {
        match bits {
            0 => Rule::LessOrEqual,
            1 => Rule::Less,
            2 => Rule::GreaterOrEqual,
            3 => Rule::Greater,
            4 => Rule::Equal,
            _ => Rule::NotEqual,
        }
    }

    /// Whether `value <rule> threshold`.
    pub(super) fn holds<A: PartialOrd>(self, value: A, threshold: A) -> bool {
        match self {
            Rule::LessOrEqual => value <= threshold,
            Rule::Less => value < threshold,
            Rule::GreaterOrEqual => value >= threshold,
            Rule::Greater => value > threshold,
            Rule::Equal => value == threshold,
            Rule::NotEqual => value.partial_cmp(&threshold).is_some_and(Ordering::is_ne),
        }
    }
}
