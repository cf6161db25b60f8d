//! `Forwarded` (RFC 7239): hops, separated by commas, each a list of parameters such as `for=192.0.2.60;proto=http`.

use std::borrow::Cow;
use std::net::IpAddr;

use super::node;

/// The hops of a line, the last one first; `None` for one that names no address or is written wrongly. Nothing between two
/// commas is no hop.
pub(super) fn from_the_right(line: &[u8]) -> impl Iterator<Item = Option<IpAddr>> {
    unquoted_split(line, b',').into_iter().rev().filter(|hop| !hop.is_empty()).map(address)
}

/// The parts between those separators that are in no quoted string, without the blanks around them. Read from the left,
/// as only there it is known where quoted strings begin.
fn unquoted_split(text: &[u8], separator: u8) -> Vec<&[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let is_end = |byte: &u8| {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            byte => return *byte == separator && !is_quoted,
        }
        false
    };
    text.split(is_end).map(<[u8]>::trim_ascii).collect()
}

/// What the parameter `for` names. All parameters have to be well formed, and there may be only one `for`.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let mut found = None;
    for parameter in unquoted_split(hop, b';').into_iter().filter(|parameter| !parameter.is_empty()) {
        let equals = parameter.iter().position(|byte| *byte == b'=')?;
        let (name, value) = parameter.split_at_checked(equals)?;
        let value = unquoted(value.get(1..)?)?;
        if !name.iter().copied().all(is_of_token) {
            return None;
        }
        if name.eq_ignore_ascii_case(b"for") && found.replace(value).is_some() {
            return None;
        }
    }
    node::address(&found?)
}

/// The text of a value: a word, or what a quoted string stands for (RFC 9110, section 5.6.4).
///
/// Words may hold brackets and colons: addresses with ports are to be quoted, and often are not.
fn unquoted(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    let Some(quoted) = value.strip_prefix(b"\"") else {
        let is_word = !value.is_empty() && value.iter().all(|byte| is_of_token(*byte) || b"[]:".contains(byte));
        return is_word.then_some(Cow::Borrowed(value));
    };
    let mut text = Vec::with_capacity(quoted.len());
    let mut bytes = quoted.strip_suffix(b"\"")?.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return None,
            b'\\' => text.push(*bytes.next()?),
            byte => text.push(*byte),
        }
    }
    Some(Cow::Owned(text))
}

/// RFC 9110, section 5.6.2.
fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::from_the_right;

    fn hops(line: &str) -> Vec<String> {
        from_the_right(line.as_bytes()).map(|hop| hop.map_or("-".to_owned(), |address| address.to_string())).collect()
    }

    #[test]
    fn the_examples_of_the_standard() {
        assert_eq!(hops("for=\"_gazonk\""), ["-"]);
        assert_eq!(hops("For=\"[2001:db8:cafe::17]:4711\""), ["2001:db8:cafe::17"]);
        assert_eq!(hops("for=192.0.2.60;proto=http;by=203.0.113.43"), ["192.0.2.60"]);
        assert_eq!(hops("for=192.0.2.43, for=198.51.100.17"), ["198.51.100.17", "192.0.2.43"]);
        assert_eq!(hops("for=_hidden, for=_SEVKISEK, for=unknown"), ["-", "-", "-"]);
    }

    #[test]
    fn what_is_quoted_separates_nothing() {
        assert_eq!(hops("for=192.0.2.1;host=\"a, for=192.0.2.9\", for=192.0.2.2"), ["192.0.2.2", "192.0.2.1"]);
        assert_eq!(hops("for=192.0.2.1;host=\"a;for=192.0.2.9\""), ["192.0.2.1"]);
        assert_eq!(hops("for=192.0.2.1;host=\"a\\\", for=192.0.2.9\""), ["192.0.2.1"]);
        assert_eq!(hops("for=\"192.0.2\\.1\""), ["192.0.2.1"]);
    }

    #[test]
    fn common_liberties_are_taken() {
        assert_eq!(hops("for=[2001:db8::1]:80; proto=https ;, for=192.0.2.1:80,"), ["192.0.2.1", "2001:db8::1"]);
    }

    #[test]
    fn what_is_written_wrongly_names_nobody() {
        for line in [
            "192.0.2.1",
            "for",
            "for=",
            "=192.0.2.1",
            "for =192.0.2.1",
            "for= 192.0.2.1",
            "for=192.0.2.1 x",
            "by=192.0.2.1",
            "for=192.0.2.1;for=192.0.2.1",
            "for=192.0.2.1;proto",
            "for=\"192.0.2.1",
            "for=192.0.2.1\"",
            "for=\"192.0.2.1\"x",
            "for=\"192.0.2.1\\\"",
            "for=\"192.0.2.1\"\"\"",
            "for=192.0.2.1;host=a\"b\"",
            "for=\"",
            "for=192.0.2.1;h{=a",
        ] {
            assert_eq!(hops(line), ["-"], "{line}");
        }
    }
}
