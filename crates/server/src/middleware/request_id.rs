//! The word under which one request is known to its client, to the log and to error bodies.

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use uuid::{Builder, Uuid, Variant, Version};

/// The header that carries it, both ways.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest identifier that is taken over from a client.
const MAX_BYTES: usize = 128;

/// Between two looks at the clock of the day.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// A client's own identifier if it is harmless in logs and headers, else one made here.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(Word);

#[derive(Debug, Clone)]
enum Word {
    Given(HeaderValue),
    /// Hexadecimal digits. Every request has one, so it is not on the heap before it is a header's value.
    Made([u8; 32]),
}

impl RequestId {
    /// Takes `X-Request-Id` over if it matches `[A-Za-z0-9._-]{1,128}`.
    pub(crate) fn accept_or_make(headers: &HeaderMap, now: Instant) -> RequestId {
        match headers.get(X_REQUEST_ID) {
            Some(given) if is_harmless(given.as_bytes()) => RequestId(Word::Given(given.clone())),
            _ => RequestId::make(now),
        }
    }

    /// A fresh one: a UUID of version 7, so they sort by time.
    fn make(now: Instant) -> RequestId {
        let (count, noise) = NOISE.with_borrow_mut(Noise::next);
        let time_and_count = (since_1970(now).as_millis() << 16) | u128::from(count & 0xFFF);
        let uuid = Builder::from_u128((time_and_count << 64) | u128::from(noise))
            .with_version(Version::SortRand)
            .with_variant(Variant::RFC4122)
            .into_uuid();
        RequestId(Word::Made(digits(uuid)))
    }

    /// As text, for bodies and logs.
    pub(crate) fn as_str(&self) -> &str {
        // Both are visible ASCII.
        match &self.0 {
            Word::Given(value) => value.to_str().unwrap_or_default(),
            Word::Made(digits) => str::from_utf8(digits).unwrap_or_default(),
        }
    }

    /// As a header's value.
    pub(crate) fn into_header_value(self) -> HeaderValue {
        match self.0 {
            Word::Given(value) => value,
            // Hexadecimal digits are always a header value.
            Word::Made(digits) => {
                HeaderValue::from_bytes(&digits).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
            }
        }
    }
}

/// The hexadecimal digits of a number, eight at a time and computed: a table of them is cold whenever a request comes in.
fn digits(uuid: Uuid) -> [u8; 32] {
    let number = uuid.as_u128();
    let quarters = [96, 64, 32, 0].map(|shift| eight_digits((number >> shift) as u32));
    let mut digits = [0; 32];
    let places = digits.iter_mut().zip(quarters.as_flattened());
    places.for_each(|(place, digit)| *place = *digit);
    digits
}

fn eight_digits(number: u32) -> [u8; 8] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Four bits into each byte: halves are moved apart, then theirs, then theirs.
    let halves = (u64::from(number) | u64::from(number) << 16) & 0x0000_FFFF_0000_FFFF;
    let quarters = (halves | halves << 8) & 0x00FF_00FF_00FF_00FF;
    let digits = (quarters | quarters << 4) & (ONES * 0x0F);
    // Of digits from ten on, six more carry into the high half of the byte.
    let letters = ((digits + ONES * 6) >> 4) & ONES;
    (digits + ONES * u64::from(b'0') + letters * u64::from(b'a' - b'0' - 10)).to_be_bytes()
}

/// What the other clock says now: it is read once a second, and this one, which has been read already, in between. A clock before
/// 1970 costs no more than the order.
fn since_1970(now: Instant) -> Duration {
    thread_local! {
        static READ: Cell<Option<(Instant, Duration)>> = const { Cell::new(None) };
    }
    let fresh = READ.get().filter(|(at, _)| now.saturating_duration_since(*at) < READ_AGAIN);
    let (at, since_1970) = fresh.unwrap_or_else(|| {
        let read = (now, SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        READ.set(Some(read));
        read
    });
    since_1970 + now.saturating_duration_since(at)
}

/// Numbers of one thread, each with bits made of it that nobody else can foretell: a hash under a random key. Random numbers
/// of the system instead are calls of the kernel for every request, which cost more than all else in this module.
struct Noise {
    key: RandomState,
    count: u64,
    /// Of the numbers from the last multiple of [`AT_A_TIME`] on. What makes them is cold whenever a single request comes in.
    made: [u64; AT_A_TIME as usize],
}

/// Four lines of the cache.
const AT_A_TIME: u64 = 32;

thread_local! {
    static NOISE: RefCell<Noise> = RefCell::new(Noise { key: RandomState::new(), count: 0, made: [0; AT_A_TIME as usize] });
}

impl Noise {
    /// The next number, and its bits.
    fn next(&mut self) -> (u64, u64) {
        let (count, place) = (self.count, self.count % AT_A_TIME);
        if place == 0 {
            self.make_more();
        }
        self.count = count.wrapping_add(1);
        (count, self.made.get(place as usize).copied().unwrap_or_default())
    }

    #[cold]
    fn make_more(&mut self) {
        let numbers = self.count..;
        self.made.iter_mut().zip(numbers).for_each(|(made, number)| *made = self.key.hash_one(number));
    }
}

fn is_harmless(bytes: &[u8]) -> bool {
    let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=MAX_BYTES).contains(&bytes.len()) && bytes.iter().all(harmless)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::{Instant, SystemTime, UNIX_EPOCH};

    use actix_web::http::header::{HeaderMap, HeaderValue};
    use uuid::{Uuid, Variant, Version};

    use super::{RequestId, X_REQUEST_ID, digits, is_harmless};

    fn given(text: &'static str) -> RequestId {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_static(text));
        RequestId::accept_or_make(&headers, Instant::now())
    }

    #[test]
    fn harmless_identifiers_are_taken_over() {
        assert_eq!(given("a-1._Z").as_str(), "a-1._Z");
        assert!(is_harmless(&[b'a'; 128]) && !is_harmless(&[b'a'; 129]) && !is_harmless(b""));
    }

    #[test]
    fn made_identifiers_are_uuids_in_the_order_of_time() {
        let milliseconds = |id: &str| {
            let uuid = Uuid::parse_str(id).expect("a UUID");
            assert_eq!((uuid.get_version(), uuid.get_variant()), (Some(Version::SortRand), Variant::RFC4122), "{id}");
            uuid.as_u128() >> 80
        };
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        let (before, id, after) = (now(), RequestId::make(Instant::now()), now());
        assert!((before..=after).contains(&milliseconds(id.as_str())), "{id:?}");
    }

    #[test]
    fn digits_are_hexadecimal() {
        let uuid = Uuid::from_u128(0x0123_4567_89ab_cdef_fedc_ba98_7654_3210);
        assert_eq!(digits(uuid), *b"0123456789abcdeffedcba9876543210");
    }

    #[test]
    fn made_identifiers_differ_also_between_threads() {
        let make = || (0..5_000).map(|_| RequestId::make(Instant::now()).as_str().to_owned()).collect::<Vec<_>>();
        let threads = [std::thread::spawn(make), std::thread::spawn(make)];
        let made = threads.into_iter().flat_map(|thread| thread.join().expect("no panic"));
        assert_eq!(made.collect::<HashSet<_>>().len(), 10_000);
    }

    #[test]
    fn all_others_are_replaced() {
        for bad in ["two words", "a\tb", "<script>", "a/b", "", "{}"] {
            let made = given(bad);
            assert_eq!(made.as_str().len(), 32, "{bad:?} became {made:?}");
        }
    }
}
