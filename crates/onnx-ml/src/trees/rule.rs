//! The comparison that a branch makes.

/// `feature <rule> threshold`: when it holds, the walk goes on at the true child.
///
/// NaN satisfies no rule, `NotEqual` included: where a missing value goes is said by `nodes_missing_value_tracks_true`
/// alone, and by default that is the false child. So it is in ONNX's text and reference implementation; ONNX Runtime
/// has it otherwise for `NotEqual`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    Equal,
    NotEqual,
    /// In place of the threshold, the branch has a set.
    Member,
}

/// What a node of the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Branch(Rule),
    Leaf,
}

impl Mode {
    /// The mode with ONNX's name `name`, of the operators that have leaves among their nodes.
    pub(super) fn parse(name: &[u8]) -> Option<Mode> {
        Some(match name {
            b"LEAF" => Mode::Leaf,
            b"BRANCH_LEQ" => Mode::Branch(Rule::LessOrEqual),
            b"BRANCH_LT" => Mode::Branch(Rule::Less),
            b"BRANCH_GTE" => Mode::Branch(Rule::GreaterOrEqual),
            b"BRANCH_GT" => Mode::Branch(Rule::Greater),
            b"BRANCH_EQ" => Mode::Branch(Rule::Equal),
            b"BRANCH_NEQ" => Mode::Branch(Rule::NotEqual),
            _ => return None,
        })
    }
}

impl Rule {
    /// The rule with ONNX's number `number`, of the operator whose nodes are all branches.
    pub(super) fn of_number(number: u8) -> Option<Rule> {
        Some(match number {
            0 => Rule::LessOrEqual,
            1 => Rule::Less,
            2 => Rule::GreaterOrEqual,
            3 => Rule::Greater,
            4 => Rule::Equal,
            5 => Rule::NotEqual,
            6 => Rule::Member,
            _ => return None,
        })
    }
}
