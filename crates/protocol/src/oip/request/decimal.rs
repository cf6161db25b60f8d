//! Numbers of JSON to floats.
//!
//! Rust's own parser is exact and reads each number twice: where it ends is searched first. Here the digits become an integer
//! in one pass, and mostly that is all: an integer of up to 53 bits times or through a power of ten of up to 10^22, both of them
//! exact, is rounded once and so is the nearest double (W. D. Clinger, How to Read Floating Point Numbers Accurately, 1990).
//! For single precision a double that is off by some units is as good, unless it lies next to the middle between two singles.
//! What is left goes to Rust's parser.

/// Digits that a `u64` holds, whatever they are.
const MOST_DIGITS: usize = 19;

/// The largest power of ten that is exact as a double.
const EXACT_POWER: i32 = 22;

const POWERS: [f64; EXACT_POWER as usize + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// A number as it is written: `digits` times ten to the `exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal<'a> {
    text: &'a [u8],
    is_negative: bool,
    /// Of more than [`MOST_DIGITS`] nothing.
    digits: Option<u64>,
    exponent: i32,
    /// There are none behind its point, or at its end.
    lacks_digits: bool,
}

impl<'a> Decimal<'a> {
    /// The number that `text` begins with, and what is behind it. It is a number of JSON if `text` comes from JSON.
    pub(super) fn read(text: &'a [u8]) -> (Decimal<'a>, &'a [u8]) {
        let (is_negative, unsigned) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let (mut digits, mut rest) = read_digits(0, unsigned);
        let mut count = unsigned.len() - rest.len();
        let (mut exponent, mut lacks_digits) = (0, false);
        if let [b'.', fraction @ ..] = rest {
            (digits, rest) = read_digits(digits, fraction);
            let places = fraction.len() - rest.len();
            count += places;
            lacks_digits = places == 0;
            exponent = i32::try_from(places).map_or(i32::MIN, |places| -places);
        }
        if count > MOST_DIGITS {
            count -= leading_zeros(unsigned);
        }
        if let [b'e' | b'E', behind @ ..] = rest {
            let power;
            (power, rest) = read_power(behind);
            exponent = exponent.saturating_add(power);
        }
        let text = text.get(..text.len() - rest.len()).unwrap_or_default();
        lacks_digits |= !text.last().is_some_and(u8::is_ascii_digit);
        let digits = Some(digits).filter(|_| count <= MOST_DIGITS && count > 0);
        (Decimal { text, is_negative, digits, exponent, lacks_digits }, rest)
    }

    /// Whether it is written as JSON has it: no leading zeros, digits before and behind a point and behind an `e`.
    pub(super) fn is_json(self) -> bool {
        let unsigned = self.text.strip_prefix(b"-").unwrap_or(self.text);
        let begins = match unsigned {
            [b'0', next, ..] => !next.is_ascii_digit(),
            [first, ..] => first.is_ascii_digit(),
            [] => false,
        };
        begins && !self.lacks_digits
    }

    /// The nearest double; `None` for what is no number.
    pub(super) fn to_f64(self) -> Option<f64> {
        const EXACT: u64 = 1 << f64::MANTISSA_DIGITS;
        match self.digits.filter(|&digits| digits <= EXACT).and_then(|digits| self.scaled(digits)) {
            Some(value) => Some(value),
            None => self.as_text()?.parse().ok(),
        }
    }

    /// The nearest single; `None` for what is no number.
    pub(super) fn to_f32(self) -> Option<f32> {
        // A double has so many bits more, and the middle between two singles is where the first of them is 1.
        const MORE: u64 = (1 << (f64::MANTISSA_DIGITS - f32::MANTISSA_DIGITS)) - 1;
        const MIDDLE: u64 = 1 << (f64::MANTISSA_DIGITS - f32::MANTISSA_DIGITS - 1);
        // Rounding digits and scaling them, each is off by half a unit at most.
        const OFF: u64 = 2;
        let close = self.digits.and_then(|digits| self.scaled(digits));
        let is_clear = |value: &f64| {
            let is_normal = (f64::from(f32::MIN_POSITIVE)..f64::from(f32::MAX)).contains(&value.abs());
            (is_normal && (value.to_bits() & MORE).abs_diff(MIDDLE) > OFF) || *value == 0.0
        };
        match close.filter(is_clear) {
            Some(value) => Some(value as f32),
            None => self.as_text()?.parse().ok(),
        }
    }

    /// Digits times a power of ten, if that is exact.
    fn scaled(self, digits: u64) -> Option<f64> {
        let power = *POWERS.get(self.exponent.unsigned_abs() as usize)?;
        let value = if self.exponent < 0 { digits as f64 / power } else { digits as f64 * power };
        Some(if self.is_negative { -value } else { value })
    }

    fn as_text(self) -> Option<&'a str> {
        str::from_utf8(self.text).ok()
    }
}

/// Appends the digits that `text` begins with to `digits`, which may overflow; and what is behind them.
fn read_digits(mut digits: u64, mut text: &[u8]) -> (u64, &[u8]) {
    while let Some((eight, behind)) = text.split_first_chunk()
        && let Some(eight) = eight_digits(*eight)
    {
        digits = digits.wrapping_mul(100_000_000).wrapping_add(eight);
        text = behind;
    }
    while let [digit @ b'0'..=b'9', behind @ ..] = text {
        digits = digits.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        text = behind;
    }
    (digits, text)
}

/// Eight digits at once, as bytes of one integer: tests and sums by D. Lemire, "Quickly parsing eight digits" (2018).
fn eight_digits(bytes: [u8; 8]) -> Option<u64> {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let bytes = u64::from_le_bytes(bytes);
    let is_digits = (bytes & (0xf0 * EACH)) | ((bytes.wrapping_add(6 * EACH) & (0xf0 * EACH)) >> 4) == 0x33 * EACH;
    if !is_digits {
        return None;
    }
    let values = bytes - 0x30 * EACH;
    // Two, four and eight digits: the first is in the lowest byte.
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    let mask = 0x0000_00ff_0000_00ff;
    let high = (pairs & mask).wrapping_mul(100 + (1_000_000 << 32));
    let low = ((pairs >> 16) & mask).wrapping_mul(1 + (10_000 << 32));
    Some(high.wrapping_add(low) >> 32)
}

/// The exponent behind an `e`, and what is behind it.
fn read_power(text: &[u8]) -> (i32, &[u8]) {
    let (is_negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut power = 0i32;
    while let [digit @ b'0'..=b'9', behind @ ..] = rest {
        power = power.saturating_mul(10).saturating_add(i32::from(digit - b'0'));
        rest = behind;
    }
    (if is_negative { -power } else { power }, rest)
}

/// Zeros before the first other digit, which are none.
fn leading_zeros(text: &[u8]) -> usize {
    let zeros = text.iter().take_while(|&&byte| byte == b'0' || byte == b'.');
    zeros.filter(|&&byte| byte == b'0').count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

    use super::Decimal;

    fn singles(text: &str) -> (Option<f32>, Option<f32>) {
        (Decimal::read(text.as_bytes()).0.to_f32(), text.parse().ok())
    }

    fn doubles(text: &str) -> (Option<f64>, Option<f64>) {
        (Decimal::read(text.as_bytes()).0.to_f64(), text.parse().ok())
    }

    #[test]
    fn numbers_end_where_they_end() {
        for (text, number, behind) in [
            ("1,2", 1.0, ",2"),
            ("-0.5e-2]", -0.005, "]"),
            ("12E+3 ,", 12_000.0, " ,"),
            ("0", 0.0, ""),
            ("100000000000000000000000", 1e23, ""),
        ] {
            let (decimal, rest) = Decimal::read(text.as_bytes());
            assert_eq!((decimal.to_f64(), rest), (Some(number), behind.as_bytes()), "{text}");
        }
        for text in ["", "-", ",", "x", "true"] {
            assert_eq!(Decimal::read(text.as_bytes()).0.to_f64().filter(|_| !text.is_empty()), None, "{text}");
        }
    }

    #[test]
    fn what_json_does_not_have_is_told() {
        for good in ["0", "-0", "0.5", "10", "-1e5", "1.0E-2", "0e0"] {
            assert!(Decimal::read(good.as_bytes()).0.is_json(), "{good}");
        }
        for bad in ["", "-", "01", "-01", "1.", ".5", "1.e5", "1e", "1e+", "+1", "00", "e5", "x"] {
            assert!(!Decimal::read(bad.as_bytes()).0.is_json(), "{bad}");
        }
    }

    #[test]
    fn what_is_hard_to_round() {
        for text in [
            // Middles between two singles, and what is next to them.
            "16777217",
            "16777217.0000000001",
            "16777216.9999999999",
            "16777219",
            "1.00000005960464477539062",
            "1.000000059604644775390625",
            "1.00000005960464477539063",
            "0.50000002980232238769531250000",
            // The ends of the range.
            "3.4028235e38",
            "3.4028235677973366e38",
            "3.4028234663852886e38",
            "1.1754943508222875e-38",
            "1.17549429e-38",
            "7e-46",
            "7.1e-46",
            "1e-45",
            "1.7976931348623157e308",
            "4.9e-324",
            "2.2250738585072011e-308",
            "0.000000000000000000000000000000000000000000000000000001",
            "-0",
            "-0.0",
            "0e5",
            "0.1",
            "9007199254740993",
            "9007199254740992.5",
            "123456789012345678901234567890",
            "1e22",
            "1e23",
            "8.5e22",
            "99999999999999999999e-20",
        ] {
            let (ours, theirs) = singles(text);
            assert_eq!(ours.map(f32::to_bits), theirs.map(f32::to_bits), "{text}");
            let (ours, theirs) = doubles(text);
            assert_eq!(ours.map(f64::to_bits), theirs.map(f64::to_bits), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn every_number_is_the_nearest(bits: u64, single: u32, digits: u64, exponent in -30i32..30, places in 0usize..20) {
            let around = f64::from(f32::from_bits(single));
            // A middle between two singles, or a double beside it.
            let middle = f64::from_bits((around.to_bits() & !0x1fff_ffff | 0x1000_0000).wrapping_add(bits % 5).wrapping_sub(2));
            for text in [
                f64::from_bits(bits).to_string(),
                format!("{:e}", f64::from_bits(bits)),
                f32::from_bits(single).to_string(),
                around.to_string(),
                format!("{middle:e}"),
                format!("{middle:.places$e}"),
                format!("{digits}e{exponent}"),
                format!("{}.{digits}e{exponent}", digits % 1000),
            ] {
                if text.contains("NaN") || text.contains("inf") {
                    continue;
                }
                let (ours, theirs) = singles(&text);
                prop_assert_eq!(ours.map(f32::to_bits), theirs.map(f32::to_bits), "{}", text);
                let (ours, theirs) = doubles(&text);
                prop_assert_eq!(ours.map(f64::to_bits), theirs.map(f64::to_bits), "{}", text);
            }
        }

        #[test]
        fn any_bytes_are_read(text in proptest::collection::vec(any::<u8>(), 0..30)) {
            let (decimal, rest) = Decimal::read(&text);
            prop_assert_eq!(decimal.text.len() + rest.len(), text.len());
            let _ = (decimal.to_f32(), decimal.to_f64());
        }
    }
}
