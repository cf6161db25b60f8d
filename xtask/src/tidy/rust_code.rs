//! Just enough Rust syntax to look at code without what it quotes: comments, strings and test modules.

/// A function and how long it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    /// Line of the `fn`, from 1.
    pub(super) line: usize,
    /// From the `fn` to its closing brace.
    pub(super) lines: usize,
}

/// `text` with every comment and literal replaced by spaces; line breaks stay where they are.
pub(super) fn without_quotes(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let inside_word = code.ends_with(is_word);
        let (head, tail) = rest.split_at(quoted(rest, inside_word).unwrap_or(next.len_utf8()));
        if quoted(rest, inside_word).is_some() {
            blank(head, &mut code)
        } else {
            code.push(next)
        }
        rest = tail;
    }
    code
}

/// `code` (without quotes) with every inline `#[cfg(test)]` item cut out.
pub(super) fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some((before, after)) = rest.split_once("#[cfg(test)]") {
        kept.push_str(before);
        let end = match block(after) {
            Some((_, end)) => end,
            None => after.find(';').map_or(after.len(), |semicolon| semicolon + 1),
        };
        rest = after.split_at(end).1;
    }
    kept.push_str(rest);
    kept
}

/// The functions with a body in `code` (without quotes).
pub(super) fn functions(code: &str) -> Vec<Function> {
    let mut found = Vec::new();
    for (start, keyword) in code.match_indices("fn ") {
        let (before, from) = code.split_at(start);
        let name: String = from.chars().skip(keyword.len()).take_while(|next| is_word(*next)).collect();
        if name.is_empty() || before.ends_with(is_word) {
            continue;
        }
        if let Some((_, end)) = block(from) {
            let lines = newlines(from.split_at(end).0) + 1;
            found.push(Function { name, line: newlines(before) + 1, lines });
        }
    }
    found
}

/// The first `{…}` of `code` as (start, end), unless a `;` ends the item before it.
fn block(code: &str) -> Option<(usize, usize)> {
    let mut start = None;
    let mut braces = 0_usize;
    let mut brackets = 0_usize;
    for (at, next) in code.char_indices() {
        match next {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            ';' if start.is_none() && brackets == 0 => return None,
            '{' => {
                start.get_or_insert(at);
                braces += 1;
            }
            '}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 {
                    return start.map(|start| (start, at + 1));
                }
            }
            _ => {}
        }
    }
    None
}

/// Length in bytes of the comment or literal that `rest` starts with.
fn quoted(rest: &str, inside_word: bool) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    if rest.starts_with('"') {
        return Some(string(rest));
    }
    if rest.starts_with('\'') {
        return character(rest);
    }
    if inside_word {
        return None;
    }
    let unprefixed = rest.strip_prefix(['b', 'c']).unwrap_or(rest);
    let prefix = rest.len() - unprefixed.len();
    if prefix == 1 && unprefixed.starts_with('"') {
        return Some(prefix + string(unprefixed));
    }
    raw_string(unprefixed).map(|length| prefix + length)
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        if tail.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, next) in rest.char_indices().skip(1) {
        match next {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> Option<usize> {
    let hashes = rest.strip_prefix('r')?;
    let opened = hashes.trim_start_matches('#');
    let body = opened.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes.len() - opened.len()));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(rest.len() - body.len() + length)
}

/// `'x'` or `'\u{1F600}'`; a lifetime is no literal.
fn character(rest: &str) -> Option<usize> {
    let mut after = rest.char_indices().skip(1);
    let (_, first) = after.next()?;
    if first == '\\' {
        after.next()?;
        return after.find(|(_, next)| *next == '\'').map(|(at, _)| at + 1);
    }
    after.next().filter(|(_, next)| *next == '\'').map(|(at, _)| at + 1)
}

fn blank(quoted: &str, code: &mut String) {
    code.extend(quoted.chars().map(|next| if next == '\n' { '\n' } else { ' ' }));
}

fn is_word(next: char) -> bool {
    next.is_alphanumeric() || next == '_'
}

fn newlines(text: &str) -> usize {
    text.matches('\n').count()
}

#[cfg(test)]
mod tests {
    use super::{Function, functions, without_quotes, without_tests};

    /// What is left of `text`, without the spaces.
    fn left(text: &str) -> String {
        without_quotes(text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_go() {
        assert_eq!(left("a // b\nc /* d /* e */ f */ g"), "a c g");
        assert_eq!(left("//! todo\nx"), "x");
    }

    #[test]
    fn literals_go() {
        assert_eq!(left(r#"a("b\"c", b"d", r"e\", 'f', '\'', '\u{41}');"#), "a( , , , , , );");
        assert_eq!(left("x(r#\"a \"quoted\" b\"#, br##\"c\"#\"##)"), "x( , )");
        assert_eq!(left("var\"a\""), "var");
    }

    #[test]
    fn lifetimes_stay() {
        assert_eq!(left("fn f<'a>(x: &'a str, y: &'static str) {}"), "fn f<'a>(x: &'a str, y: &'static str) {}");
    }

    #[test]
    fn line_breaks_stay() {
        let text = "a \"b\n c\" /* d\n e */ f // g\n";
        assert_eq!(without_quotes(text).lines().count(), text.lines().count());
    }

    #[test]
    fn test_modules_go() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { {} }\n}\n#[cfg(test)]\nmod more;\nfn c() {}\n";
        let kept: String = without_tests(code).split_whitespace().collect();
        assert_eq!(kept, "fna(){}fnc(){}");
    }

    #[test]
    fn functions_are_measured() {
        let code = "\nfn a(x: [u8; 2]) -> fn(u8) {\n  { }\n}\ntrait T { fn none(&self); fn one(&self) {} }\n";
        let found = functions(code);
        let expected = [("a", 2, 3), ("one", 5, 1)];
        let expected = expected.map(|(name, line, lines)| Function { name: name.to_owned(), line, lines });
        assert_eq!(found, expected);
    }
}
