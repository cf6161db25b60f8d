//! Takes the data of tensors out of a request's JSON, so that what is left is small whatever the tensors are.
//!
//! Data are mostly all of a request, and their datatype and shape may stand behind them. So they are cut out first, by their
//! brackets alone, and a number is left in their place; serde reads the rest, and each array is read once, straight into the
//! buffer of its tensor, which also finds whatever is wrong inside it.

use std::ops::Range;

use memchr::{memchr2, memchr3_iter};

/// Inputs are objects in an array in the request's object.
const DEPTH_OF_INPUTS: usize = 3;

/// The key of what is cut out.
const DATA: &[u8] = b"\"data\"";

/// A request without its data.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut<'a> {
    /// JSON if the request was, with the index of an array of `data` where it stood.
    pub(super) rest: Vec<u8>,
    /// Arrays, from bracket to bracket.
    pub(super) data: Vec<&'a [u8]>,
}

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CutError {
    /// What begins at this byte has no end.
    Endless(usize),
    /// `data` at this byte is no array.
    NoArray(usize),
}

/// Cuts the data of all inputs out of `json`, which need not be valid.
pub(super) fn cut(json: &[u8]) -> Result<Cut<'_>, CutError> {
    let mut cut = Cut { rest: Vec::new(), data: Vec::new() };
    let (mut depth, mut at, mut copied) = (0usize, 0usize, 0usize);
    while let Some(&byte) = json.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let string = string(json, at)?;
                at = string.end;
                let is_data = depth == DEPTH_OF_INPUTS && is_data(json.get(string).unwrap_or_default());
                if let Some(value) = is_data.then(|| value_behind(json, at)).flatten() {
                    let array = array(json, value)?;
                    cut.rest.extend_from_slice(json.get(copied..array.start).unwrap_or_default());
                    // Apart from whatever follows, which must not become part of the number.
                    cut.rest.extend_from_slice(format!(" {} ", cut.data.len()).as_bytes());
                    cut.data.extend(json.get(array.clone()));
                    (at, copied) = (array.end, array.end);
                }
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    cut.rest.extend_from_slice(json.get(copied..).unwrap_or_default());
    Ok(cut)
}

/// Whether a string, with its quotes, is the key, however it is written.
fn is_data(string: &[u8]) -> bool {
    string == DATA
        || string.contains(&b'\\') && serde_json::from_slice::<String>(string).is_ok_and(|name| name == "data")
}

/// The string that begins at `start`, with its quotes.
fn string(json: &[u8], start: usize) -> Result<Range<usize>, CutError> {
    let mut at = start + 1;
    loop {
        let rest = json.get(at..).unwrap_or_default();
        at += memchr2(b'"', b'\\', rest).ok_or(CutError::Endless(start))?;
        match json.get(at) {
            Some(b'"') => return Ok(start..at + 1),
            _ => at += 2,
        }
    }
}

/// Where the value begins, if what ended at `end` was a key.
fn value_behind(json: &[u8], end: usize) -> Option<usize> {
    let past_space = |at: usize| {
        let space = json.get(at..)?.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        Some(at + space)
    };
    let colon = past_space(end)?;
    (json.get(colon) == Some(&b':')).then(|| past_space(colon + 1)).flatten()
}

/// The array that begins at `start`.
fn array(json: &[u8], start: usize) -> Result<Range<usize>, CutError> {
    if json.get(start) != Some(&b'[') {
        return Err(CutError::NoArray(start));
    }
    let mut depth = 0usize;
    let mut behind_string = start;
    for at in memchr3_iter(b'[', b']', b'"', json.get(start..).unwrap_or_default()).map(|at| start + at) {
        if at < behind_string {
            continue;
        }
        match json.get(at) {
            Some(b'[') => depth += 1,
            Some(b']') => depth -= 1,
            _ => behind_string = string(json, at)?.end,
        }
        if depth == 0 {
            return Ok(start..at + 1);
        }
    }
    Err(CutError::Endless(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(json: &str) -> (String, Vec<&str>) {
        let Cut { rest, data } = cut(json.as_bytes()).unwrap();
        (String::from_utf8(rest).unwrap(), data.into_iter().map(|data| str::from_utf8(data).unwrap()).collect())
    }

    #[test]
    fn data_are_cut_out_and_nothing_else() {
        let json = r#"{"id":"\"data\":[1]","inputs":[{"data" :
            [[1,2],["]\"["]] ,"name":"data"},{"shape":[1],"data":[]}],"data":[3],"parameters":{"x":{"y":{"data":[4]}}}}"#;
        let (rest, data) = parts(json);
        assert_eq!(data, [r#"[[1,2],["]\"["]]"#, "[]"]);
        assert_eq!(rest, json.replace(r#"[[1,2],["]\"["]]"#, " 0 ").replace(r#""data":[]"#, r#""data": 1 "#));
        assert_eq!(parts("nothing").1.len(), 0);
    }

    #[test]
    fn what_has_no_end_is_found() {
        assert_eq!(cut(br#"{"a"#), Err(CutError::Endless(1)));
        assert_eq!(cut(br#"[[{"data":[1,[2]"#), Err(CutError::Endless(10)));
        assert_eq!(cut(br#"[[{"data":["]"#), Err(CutError::Endless(11)));
        assert_eq!(cut(br#"[[{"data": 5}]]"#), Err(CutError::NoArray(11)));
        assert_eq!(cut(br#"[[{"data":"#), Err(CutError::NoArray(10)));
        // A string of that text is no key.
        assert!(cut(br#"[[{"name":"data"}]]"#).is_ok());
        for damaged in [&b"\""[..], b"\\", b"]]]]", b"{{{{\"data\"", b"\"\\"] {
            drop(cut(damaged));
        }
    }
}
