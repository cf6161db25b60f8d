//! A `.env` file: `NAME=value` lines, without touching this process's environment.

/// The assignments of a `.env` text, in order, or the first line that is none.
///
/// Blank lines and `#` comments are skipped, a leading `export ` is allowed, values may stand in single or double
/// quotes, and an unquoted value ends before ` #`. Nothing is expanded.
pub(crate) fn parse(text: &str) -> Result<Vec<(String, String)>, usize> {
    let mut pairs = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let assignment = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = assignment.split_once('=').ok_or(index + 1)?;
        pairs.push((name.trim().to_owned(), unquote(value.trim()).to_owned()));
    }
    Ok(pairs)
}

/// The value without its quotes, or without its comment when it has no quotes.
fn unquote(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote)
            && let Some((inner, _)) = rest.split_once(quote)
        {
            return inner;
        }
    }
    value.split_once(" #").map_or(value, |(value, _)| value.trim_end())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads_what_shells_write() {
        let text = "# comment\n\nA=1\nexport B = 'two words' # note\nC=\"x=y\"\nD=plain # note\nE=\n";
        let pairs = parse(text).expect("every line is an assignment");
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("A", "1"), ("B", "two words"), ("C", "x=y"), ("D", "plain"), ("E", "")]);
    }

    #[test]
    fn names_the_line_that_is_no_assignment() {
        assert_eq!(parse("A=1\nnonsense"), Err(2));
    }
}
