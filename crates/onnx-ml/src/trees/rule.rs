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

/// ONNX's names of the modes, of the operators that have leaves among their nodes.
const NAMES: [(&str, Mode); 7] = [
    ("LEAF", Mode::Leaf),
    ("BRANCH_LEQ", Mode::Branch(Rule::LessOrEqual)),
    ("BRANCH_LT", Mode::Branch(Rule::Less)),
    ("BRANCH_GTE", Mode::Branch(Rule::GreaterOrEqual)),
    ("BRANCH_GT", Mode::Branch(Rule::Greater)),
    ("BRANCH_EQ", Mode::Branch(Rule::Equal)),
    ("BRANCH_NEQ", Mode::Branch(Rule::NotEqual)),
];

/// ONNX's numbers of the rules, of the operator whose nodes are all branches: the positions.
const NUMBERS: [Rule; 7] =
    [Rule::LessOrEqual, Rule::Less, Rule::GreaterOrEqual, Rule::Greater, Rule::Equal, Rule::NotEqual, Rule::Member];

impl Mode {
    /// The mode with ONNX's name `name`.
    pub(super) fn parse(name: &[u8]) -> Option<Mode> {
        NAMES.iter().find(|(known, _)| known.as_bytes() == name).map(|&(_, mode)| mode)
    }

    /// ONNX's name; [`Rule::Member`] has none.
    pub(super) fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|&&(_, mode)| mode == self).map(|&(name, _)| name)
    }
}

impl Rule {
    /// The rule with ONNX's number `number`.
    pub(super) fn of_number(number: u8) -> Option<Rule> {
        NUMBERS.get(usize::from(number)).copied()
    }

    /// ONNX's number of the rule.
    pub(super) fn number(self) -> u8 {
        NUMBERS.iter().zip(0..).find(|&(&rule, _)| rule == self).map_or(u8::MAX, |(_, number)| number)
    }
}
