//! `data` in JSON: nested or flat arrays, read straight into the buffer of a tensor.
//!
//! Nobody has looked at them before: what is no JSON is found here, as is what shape and datatype do not say.

use ferrocast_engine::{Dtype, Element, Tensor};

use super::decimal::Decimal;
use crate::ApiError;
use crate::oip::datatype::{Datatype, for_number};
use crate::oip::error::invalid;

/// Reads the elements of input `name` out of `json`, an array.
pub(super) fn read(name: &str, datatype: Datatype, shape: &[usize], json: &[u8]) -> Result<Tensor, ApiError> {
    let Datatype::Of(dtype) = datatype else {
        let message =
            format!("input '{name}' has datatype {datatype}, which JSON cannot carry; send it as binary data");
        return Err(invalid(message));
    };
    for_number!(dtype, T => elements::<T>(name, dtype, shape, json), other => match other {
        Dtype::Bool => elements::<bool>(name, dtype, shape, json),
        Dtype::Str => elements::<String>(name, dtype, shape, json),
        _ => Err(invalid(format!("input '{name}' has datatype {datatype}, which is not supported"))),
    })
}

fn elements<T: FromJson>(name: &str, dtype: Dtype, shape: &[usize], json: &[u8]) -> Result<Tensor, ApiError> {
    let expected: usize = shape.iter().product();
    let mut cursor = Cursor { text: json, at: 0 };
    // An element has at least one byte, and one that parts it from the next: no shape asks for more memory than was sent.
    let mut data: Vec<T> = Vec::with_capacity(expected.min(json.len() / 2 + 1));
    let read = match cursor.is_nested() {
        true => cursor.nested(shape, &mut data),
        false => cursor.flat(expected, &mut data),
    };
    read.map_err(|fault| fault.in_words(name, dtype, shape, data.len()))?;
    Tensor::from_vec(shape, data).map_err(|cause| invalid(format!("input '{name}': {cause}")))
}

/// What is wrong with `data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// There are other numbers of elements, or other arrays, than the shape says.
    Shape,
    /// The element that was read next is none of this datatype.
    Element,
}

impl Fault {
    fn in_words(self, name: &str, dtype: Dtype, shape: &[usize], read: usize) -> ApiError {
        invalid(match self {
            Fault::Shape => format!("unexpected number of elements in the data of input '{name}' for shape {shape:?}"),
            Fault::Element => format!("element {read} of input '{name}' is no {dtype}, or out of its range"),
        })
    }
}

/// An element of a tensor that JSON can hold.
trait FromJson: Element {
    /// The value at the cursor, which is moved behind it; `None` if it is none of this type.
    fn read(cursor: &mut Cursor<'_>) -> Option<Self>;
}

/// A place in the text of a JSON array.
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// Moves behind `wanted`, and white space before and behind it, if it comes next.
    fn take(&mut self, wanted: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(wanted);
        if found {
            self.at += 1;
            self.skip_space();
        }
        found
    }

    /// Whether the outermost array holds arrays.
    fn is_nested(&self) -> bool {
        let mut ahead = Cursor { text: self.text, at: self.at };
        ahead.take(b'[') && ahead.peek() == Some(b'[')
    }

    /// One array of all elements.
    fn flat<T: FromJson>(&mut self, expected: usize, data: &mut Vec<T>) -> Result<(), Fault> {
        self.array(expected, |cursor| {
            data.push(T::read(cursor).ok_or(Fault::Element)?);
            Ok(())
        })
    }

    /// Arrays in arrays, one level for each axis.
    fn nested<T: FromJson>(&mut self, shape: &[usize], data: &mut Vec<T>) -> Result<(), Fault> {
        match shape {
            [] => Err(Fault::Shape),
            [last] => self.flat(*last, data),
            [first, rest @ ..] => self.array(*first, |cursor| cursor.nested(rest, data)),
        }
    }

    /// An array of so many elements.
    fn array(&mut self, expected: usize, mut element: impl FnMut(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        if !self.take(b'[') {
            return Err(Fault::Shape);
        }
        for position in 0..expected {
            if position > 0 && !self.take(b',') {
                return Err(Fault::Shape);
            }
            if self.peek() == Some(b']') {
                return Err(Fault::Shape);
            }
            element(self)?;
        }
        self.take(b']').then_some(()).ok_or(Fault::Shape)
    }

    /// The number or the word at the cursor.
    fn token(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|byte| matches!(byte, b',' | b']' | b' ' | b'\n' | b'\r' | b'\t'));
        let token = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        self.at += token.len();
        str::from_utf8(token).unwrap_or_default()
    }

    /// The number at the cursor; `None` if there is none.
    fn decimal(&mut self) -> Option<Decimal<'a>> {
        let rest = self.text.get(self.at..)?;
        let (decimal, behind) = Decimal::read(rest);
        self.at += rest.len() - behind.len();
        decimal.is_json().then_some(decimal)
    }

    /// The string at the cursor, with its quotes.
    fn quoted(&mut self) -> Option<&'a str> {
        let rest = self.text.get(self.at..)?;
        let mut end = 1;
        (rest.first() == Some(&b'"')).then_some(())?;
        loop {
            end += memchr::memchr2(b'"', b'\\', rest.get(end..)?)?;
            match rest.get(end)? {
                b'"' => break,
                _ => end += 2,
            }
        }
        let quoted = rest.get(..=end)?;
        self.at += quoted.len();
        str::from_utf8(quoted).ok()
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl FromJson for $integer {
            fn read(cursor: &mut Cursor<'_>) -> Option<$integer> {
                // Rust takes a plus and leading zeros, which JSON does not have.
                match cursor.token().as_bytes() {
                    [b'+', ..] | [b'0', _, ..] | [b'-', b'0', _, ..] => None,
                    token => str::from_utf8(token).ok()?.parse().ok(),
                }
            }
        }
    )*};
}

integers!(u8, u16, u32, u64, i8, i16, i32, i64);

macro_rules! floats {
    ($($float:ty, $read:ident);*) => {$(
        impl FromJson for $float {
            /// What is not finite has no number in JSON: `null`, or its name as text, as other servers take it.
            fn read(cursor: &mut Cursor<'_>) -> Option<$float> {
                match cursor.peek()? {
                    b'"' => match cursor.quoted()? {
                        "\"NaN\"" => Some(<$float>::NAN),
                        "\"Infinity\"" => Some(<$float>::INFINITY),
                        "\"-Infinity\"" => Some(<$float>::NEG_INFINITY),
                        _ => None,
                    },
                    b'n' => (cursor.token() == "null").then_some(<$float>::NAN),
                    // A number beyond the type would become infinity.
                    _ => cursor.decimal()?.$read().filter(|value| value.is_finite()),
                }
            }
        }
    )*};
}

floats!(f32, to_f32; f64, to_f64);

impl FromJson for bool {
    fn read(cursor: &mut Cursor<'_>) -> Option<bool> {
        cursor.token().parse().ok()
    }
}

impl FromJson for String {
    fn read(cursor: &mut Cursor<'_>) -> Option<String> {
        serde_json::from_str(cursor.quoted()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(datatype: &str, shape: &[usize], json: &str) -> Result<Tensor, String> {
        let datatype = Datatype::parse(datatype).expect("a datatype");
        read("x", datatype, shape, json.as_bytes()).map_err(|error| error.message)
    }

    #[test]
    fn nested_and_flat_are_the_same() {
        let expected = Tensor::from_vec(&[2, 1, 2], vec![1f32, -2.5, 3e3, 0.1]).unwrap();
        for json in ["[1,-2.5,3e3,0.1]", "[ [[1, -2.5]] ,\n[[3000.0,\t0.1] ]]"] {
            assert_eq!(read_as("FP32", &[2, 1, 2], json).as_ref(), Ok(&expected), "{json}");
        }
        assert_eq!(read_as("INT64", &[0, 3], "[]"), Ok(Tensor::from_vec::<i64>(&[0, 3], vec![]).unwrap()));
    }

    #[test]
    fn shapes_must_agree() {
        for json in ["[]", "[1]", "[1,2,3]", "[[1,2]]", "[[1],[2]]", "[1,[2]]", "[[1,2],[]]", "1", "{}"] {
            let text = read_as("INT32", &[2], json).unwrap_err();
            assert!(text.contains("unexpected number of elements") || text.contains("is no INT32"), "{json}: {text}");
        }
        for json in ["[[1,2],[3]]", "[[1,2,3],[4]]", "[[1,2],[3,4],[5,6]]", "[[1,2]]", "[[[1,2],[3,4]]]"] {
            assert!(read_as("INT32", &[2, 2], json).is_err(), "{json}");
        }
        // No memory for what was not sent.
        assert!(read_as("FP64", &[1 << 40], "[1,2]").is_err());
    }

    #[test]
    fn integers_keep_their_range() {
        for (datatype, least, most) in [
            ("INT8", "-128", "127"),
            ("UINT8", "0", "255"),
            ("INT16", "-32768", "32767"),
            ("UINT16", "0", "65535"),
            ("INT32", "-2147483648", "2147483647"),
            ("UINT32", "0", "4294967295"),
            ("INT64", "-9223372036854775808", "9223372036854775807"),
            ("UINT64", "0", "18446744073709551615"),
        ] {
            assert!(read_as(datatype, &[2], &format!("[{least},{most}]")).is_ok(), "{datatype}");
            let below = (least.parse::<i128>().unwrap() - 1).to_string();
            let above = (most.parse::<i128>().unwrap() + 1).to_string();
            for json in [below.as_str(), &above, "1.0", "1e2", "true", "\"1\"", "null"] {
                let text = read_as(datatype, &[1], &format!("[{json}]")).unwrap_err();
                assert_eq!(text, format!("element 0 of input 'x' is no {datatype}, or out of its range"), "{json}");
            }
        }
    }

    #[test]
    fn floats_are_the_nearest_ones() {
        let read = read_as("FP32", &[3], "[0.1, 16777217, 1.1754943508222875e-38]").unwrap();
        assert_eq!(read.as_slice::<f32>(), Some(&[0.1f32, 16777216.0, f32::MIN_POSITIVE][..]));
        assert!(read_as("FP32", &[1], "[1e39]").is_err());
        assert!(read_as("FP64", &[1], "[1e39]").is_ok());
        let odd = read_as("FP64", &[4], r#"[null, "NaN", "Infinity", "-Infinity"]"#).unwrap();
        let odd = odd.as_slice::<f64>().unwrap();
        assert!(odd[0].is_nan() && odd[1].is_nan() && odd[2] == f64::INFINITY && odd[3] == f64::NEG_INFINITY);
        assert!(read_as("FP32", &[1], "[\"inf\"]").is_err() && read_as("FP32", &[1], "[true]").is_err());
        assert!(read_as("FP16", &[1], "[1]").unwrap_err().contains("as binary data"));
    }

    #[test]
    fn text_and_flags() {
        let text = read_as("BYTES", &[3], r#"["a\"b\\", "ü\u00fc,]", ""]"#).unwrap();
        assert_eq!(text.as_slice::<String>(), Some(&["a\"b\\".to_owned(), "üü,]".to_owned(), String::new()][..]));
        assert!(read_as("BYTES", &[1], "[1]").is_err());
        assert_eq!(read_as("BOOL", &[2], "[true,false]"), Ok(Tensor::from_vec(&[2], vec![true, false]).unwrap()));
        assert!(read_as("BOOL", &[1], "[1]").is_err());
    }
}
