//! The text format of protocol buffers, without a description of the messages: what `config.pbtxt` is written in.
//!
//! After <https://protobuf.dev/reference/protobuf/textformat-spec/>. Words such as `TYPE_FP32` are texts. The values of a field
//! that occurs several times, or stands in brackets, are one array.

use std::collections::HashMap;

use super::document::{Element, Member, Node};

/// Messages inside messages.
const MAX_DEPTH: usize = 32;

/// Where and why a text is none of this format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SyntaxError {
    /// The byte.
    pub(super) offset: usize,
    pub(super) message: String,
}

type Parsed<T> = Result<T, SyntaxError>;

/// Reads a whole text, which is the inside of a message. The fields called so in any message are arrays even if they occur
/// once.
pub(super) fn parse(text: &str, repeated: &[&str]) -> Parsed<Node> {
    let mut reader = Reader { text, offset: 0, repeated };
    let fields = reader.fields(None, MAX_DEPTH)?;
    Ok(Node::Table(fields))
}

struct Reader<'t> {
    text: &'t str,
    offset: usize,
    repeated: &'t [&'t str],
}

impl<'t> Reader<'t> {
    /// The fields of a message up to what closes it, or to the end of the text.
    fn fields(&mut self, close: Option<char>, depth: usize) -> Parsed<Vec<Member>> {
        let mut fields = Fields::default();
        loop {
            self.skip_space();
            match (self.peek(), close) {
                (None, None) => return Ok(fields.all),
                (Some(found), Some(close)) if found == close => {
                    self.advance(found);
                    return Ok(fields.all);
                }
                (None, Some(close)) => return Err(self.error(format!("a `{close}` is missing at the end"))),
                (Some(_), _) => {}
            }
            let offset = self.offset;
            let key = self.field_name()?;
            let node = self.field_value(depth)?;
            let node = if self.repeated.contains(&key.as_str()) { Node::Array(elements(node, offset)) } else { node };
            fields.add(Member { key, offset, node });
            self.skip_space();
            let _ = self.take(',') || self.take(';');
        }
    }

    fn field_name(&mut self) -> Parsed<String> {
        if self.peek() == Some('[') {
            // An extension, or the type of an `Any`.
            let name = self.while_true(|c| c != ']');
            return if self.take(']') { Ok(format!("{name}]")) } else { Err(self.error("a `]` is missing")) };
        }
        match self.word() {
            "" => Err(self.unexpected("the name of a field")),
            name => Ok(name.to_owned()),
        }
    }

    /// With a colon, which may be missing before a message or a list of them.
    fn field_value(&mut self, depth: usize) -> Parsed<Node> {
        self.skip_space();
        let has_colon = self.take(':');
        self.skip_space();
        match self.peek() {
            Some('[') => self.list(depth),
            Some('{' | '<') => self.message(depth),
            _ if has_colon => self.scalar(),
            _ => Err(self.unexpected("a `:` or a `{`")),
        }
    }

    fn list(&mut self, depth: usize) -> Parsed<Node> {
        self.take('[');
        let mut elements = Vec::new();
        loop {
            self.skip_space();
            if self.take(']') {
                return Ok(Node::Array(elements));
            }
            if !elements.is_empty() {
                if !self.take(',') {
                    return Err(self.unexpected("a `,` or a `]`"));
                }
                self.skip_space();
            }
            let offset = self.offset;
            let node = match self.peek() {
                Some('{' | '<') => self.message(depth)?,
                _ => self.scalar()?,
            };
            elements.push(Element { offset, node });
        }
    }

    fn message(&mut self, depth: usize) -> Parsed<Node> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.error(format!("messages are nested more than {MAX_DEPTH} deep")));
        };
        let close = if self.take('{') { '}' } else { '>' };
        self.take('<');
        self.fields(Some(close), depth).map(Node::Table)
    }

    fn scalar(&mut self) -> Parsed<Node> {
        if matches!(self.peek(), Some('"' | '\'')) {
            return self.strings().map(Node::Text);
        }
        let offset = self.offset;
        let negative = self.take('-');
        if negative {
            self.skip_space();
        }
        let word = self.while_true(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+'));
        // The sign of an exponent: a word that is no number never ends in a digit and an `e` before a `-`.
        let (word, exponent) = match word.strip_suffix(['e', 'E']) {
            Some(mantissa) if self.peek() == Some('-') && mantissa.parse::<f64>().is_ok() => {
                (word, self.while_true(|c| c.is_ascii_digit() || c == '-'))
            }
            _ => (word, ""),
        };
        number(negative, &format!("{word}{exponent}"))
            .or_else(|| (!negative && is_word(word)).then(|| named(word)))
            .ok_or_else(|| {
                self.offset = offset;
                self.unexpected("a value")
            })
    }

    /// Strings that stand beside each other are one.
    fn strings(&mut self) -> Parsed<String> {
        let mut bytes = Vec::new();
        let begin = self.offset;
        while let Some(quote @ ('"' | '\'')) = self.peek() {
            self.advance(quote);
            self.string(quote, &mut bytes)?;
            self.skip_space();
        }
        String::from_utf8(bytes)
            .map_err(|_| SyntaxError { offset: begin, message: "the string is not UTF-8 once unescaped".to_owned() })
    }

    fn string(&mut self, quote: char, bytes: &mut Vec<u8>) -> Parsed<()> {
        loop {
            let plain = self.while_true(|c| c != quote && c != '\\' && c != '\n');
            bytes.extend_from_slice(plain.as_bytes());
            if self.take(quote) {
                return Ok(());
            }
            if !self.take('\\') {
                return Err(self.error(format!("a `{quote}` is missing at the end of the string")));
            }
            self.escape(bytes)?;
        }
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) -> Parsed<()> {
        let Some(kind) = self.peek() else { return Err(self.error("the text ends within a string")) };
        if kind.is_digit(8) {
            return self.code(8, 3, bytes);
        }
        self.advance(kind);
        let byte = match kind {
            'a' => 0x07,
            'b' => 0x08,
            'f' => 0x0c,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 0x0b,
            '?' | '\\' | '\'' | '"' => u8::try_from(kind).unwrap_or_default(),
            'x' | 'X' => return self.code(16, 2, bytes),
            'u' => return self.character(4, bytes),
            'U' => return self.character(8, bytes),
            _ => return Err(self.error(format!("`\\{kind}` is no escape"))),
        };
        bytes.push(byte);
        Ok(())
    }

    /// A byte by its number.
    fn code(&mut self, radix: u32, most: usize, bytes: &mut Vec<u8>) -> Parsed<()> {
        let digits = self.digits(radix, most);
        let byte = u8::from_str_radix(digits, radix).map_err(|_| self.error("the escape is no byte"))?;
        bytes.push(byte);
        Ok(())
    }

    /// A character by its number, of so many digits.
    fn character(&mut self, length: usize, bytes: &mut Vec<u8>) -> Parsed<()> {
        let digits = self.digits(16, length);
        let character = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == length);
        let character = character.and_then(char::from_u32).ok_or_else(|| self.error("the escape is no character"))?;
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn digits(&mut self, radix: u32, most: usize) -> &'t str {
        let mut left = most;
        self.while_true(|c| {
            let is_one = left > 0 && c.is_digit(radix);
            left = left.saturating_sub(1);
            is_one
        })
    }

    fn word(&mut self) -> &'t str {
        self.while_true(|c| c.is_ascii_alphanumeric() || c == '_')
    }

    fn skip_space(&mut self) {
        self.while_true(char::is_whitespace);
        while self.take('#') {
            self.while_true(|c| c != '\n');
            self.while_true(char::is_whitespace);
        }
    }

    fn while_true(&mut self, mut holds: impl FnMut(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !holds(c)).unwrap_or(rest.len());
        self.offset += end;
        rest.get(..end).unwrap_or_default()
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.advance(wanted);
        }
        is_there
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn advance(&mut self, past: char) {
        self.offset += past.len_utf8();
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn unexpected(&self, wanted: &str) -> SyntaxError {
        match self.peek() {
            Some(found) => self.error(format!("expected {wanted}, found `{}`", found.escape_debug())),
            None => self.error(format!("expected {wanted}, found the end")),
        }
    }

    fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError { offset: self.offset, message: message.into() }
    }
}

/// The fields of a message, each key once.
#[derive(Default)]
struct Fields {
    all: Vec<Member>,
    positions: HashMap<String, usize>,
}

impl Fields {
    /// A field that is there already becomes an array of all its values.
    fn add(&mut self, new: Member) {
        let position = self.positions.get(&new.key).and_then(|position| self.all.get_mut(*position));
        let Some(field) = position else {
            self.positions.insert(new.key.clone(), self.all.len());
            return self.all.push(new);
        };
        let first = std::mem::replace(&mut field.node, Node::Bool(false));
        let mut all = elements(first, field.offset);
        all.extend(elements(new.node, new.offset));
        field.node = Node::Array(all);
    }
}

fn elements(node: Node, offset: usize) -> Vec<Element> {
    match node {
        Node::Array(elements) => elements,
        single => vec![Element { offset, node: single }],
    }
}

fn is_word(word: &str) -> bool {
    let mut characters = word.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn named(word: &str) -> Node {
    match word {
        "true" | "True" | "t" => Node::Bool(true),
        "false" | "False" | "f" => Node::Bool(false),
        word => Node::Text(word.to_owned()),
    }
}

/// Decimal, octal (`017`), hexadecimal (`0x1f`), or with a fraction; `None` for what is no number.
fn number(negative: bool, word: &str) -> Option<Node> {
    if !word.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        let is_infinite = matches!(word.to_ascii_lowercase().as_str(), "inf" | "infinity");
        return is_infinite.then_some(Node::Float(if negative { f64::NEG_INFINITY } else { f64::INFINITY }));
    }
    let hexadecimal = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"));
    let octal =
        word.strip_prefix('0').filter(|digits| !digits.is_empty() && digits.bytes().all(|d| d.is_ascii_digit()));
    let magnitude = match (hexadecimal, octal) {
        (Some(digits), _) => Some(i128::from_str_radix(digits, 16).ok()?),
        (None, Some(digits)) => Some(i128::from_str_radix(digits, 8).ok()?),
        (None, None) => word.parse::<u64>().ok().map(i128::from),
    };
    let signed = magnitude.map(|magnitude| if negative { -magnitude } else { magnitude });
    if let Some(value) = signed.and_then(|value| i64::try_from(value).ok()) {
        return Some(Node::Int(value));
    }
    let value: f64 = word.strip_suffix(['f', 'F']).unwrap_or(word).parse().ok()?;
    Some(Node::Float(if negative { -value } else { value }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::parse;
    use crate::manifest::document::Node;

    /// A compact spelling of a tree.
    fn spelled(node: &Node) -> String {
        match node {
            Node::Bool(value) => value.to_string(),
            Node::Int(value) => value.to_string(),
            Node::Float(value) => format!("{value:?}"),
            Node::Text(text) => format!("{text:?}"),
            Node::Array(elements) => {
                let all: Vec<String> = elements.iter().map(|element| spelled(&element.node)).collect();
                format!("[{}]", all.join(" "))
            }
            Node::Table(members) => {
                let all: Vec<String> =
                    members.iter().map(|member| format!("{}={}", member.key, spelled(&member.node))).collect();
                format!("{{{}}}", all.join(" "))
            }
        }
    }

    fn read(text: &str) -> String {
        parse(text, &["r"]).map_or_else(|error| format!("{}: {}", error.offset, error.message), |node| spelled(&node))
    }

    #[test]
    fn values() {
        let table = [
            ("", "{}"),
            ("# only a remark", "{}"),
            ("a: 1", "{a=1}"),
            ("a : -  1 # one\nb:0x1F;c:017,d: 1.5f", "{a=-1 b=31 c=15 d=1.5}"),
            ("a: 1e3 b: 2.5E-3 c: -1e+2 d: .5 e: 7.", "{a=1000.0 b=0.0025 c=-100.0 d=0.5 e=7.0}"),
            ("a: inf b: -Infinity", "{a=inf b=-inf}"),
            ("a: -9223372036854775808 b: 18446744073709551615", "{a=-9223372036854775808 b=1.8446744073709552e19}"),
            ("a: true b: False c: TYPE_FP32", "{a=true b=false c=\"TYPE_FP32\"}"),
            (r#"a: "x" 'y"' b: "\t\x41\101\u00e9\U0001F600\\""#, "{a=\"xy\\\"\" b=\"\\tAAé😀\\\\\"}"),
            ("a { b: 1 } c: < d: 2 > e {}", "{a={b=1} c={d=2} e={}}"),
            ("a [1, -1] b: [] c: [ {d: 1}, <d: 2> ]", "{a=[1 -1] b=[] c=[{d=1} {d=2}]}"),
            ("a: 1 b: 2 a: [3, 4] a: 5", "{a=[1 3 4 5] b=2}"),
            ("a {b: 1} a {b: 2}", "{a=[{b=1} {b=2}]}"),
            ("r: 1 r: 2 m { r {} }", "{r=[1 2] m={r=[{}]}}"),
            ("r: [1]", "{r=[1]}"),
            ("[some.extension]: 1", "{[some.extension]=1}"),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_text_format() {
        let table = [
            ("a", "1: expected a `:` or a `{`, found the end"),
            ("a 1", "2: expected a `:` or a `{`, found `1`"),
            ("a: ", "3: expected a value, found the end"),
            ("a: }", "3: expected a value, found `}`"),
            ("a: 1x", "3: expected a value, found `1`"),
            ("a: -x", "3: expected a value, found `-`"),
            ("a: 08", "3: expected a value, found `0`"),
            ("a {", "3: a `}` is missing at the end"),
            ("a { b: 1 >", "9: expected the name of a field, found `>`"),
            ("}", "0: expected the name of a field, found `}`"),
            ("a: [1 2]", "6: expected a `,` or a `]`, found `2`"),
            ("a: [1, ]", "7: expected a value, found `]`"),
            ("a: \"x", "5: a `\"` is missing at the end of the string"),
            ("a: \"x\n\"", "5: a `\"` is missing at the end of the string"),
            ("a: '\\q'", "6: `\\q` is no escape"),
            ("a: '\\400'", "8: the escape is no byte"),
            ("a: '\\ud800'", "10: the escape is no character"),
            ("a: '\\xff'", "3: the string is not UTF-8 once unescaped"),
            ("[a", "2: a `]` is missing"),
        ];
        for (text, expected) in table {
            assert_eq!(read(text), expected, "{text}");
        }
        let deep = "a {".repeat(100_000);
        assert!(read(&deep).ends_with("messages are nested more than 32 deep"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn no_text_panics(text in "[a-c:{}<>\\[\\],;#\"'\\\\0-9xu.eE+\\- \n]{0,60}") {
            drop(parse(&text, &[]));
        }
    }
}
