//! gzip and deflate, where the protocol of a route has them: bodies in, answers out.

use std::io::{self, Read, Write};

use actix_web::http::header::{self, HeaderMap};
use flate2::Compression;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::error::Failure;

/// Bytes that are unpacked at a time.
const PIECE: usize = 1 << 20;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentEncoding {
    Gzip,
    /// A zlib stream (RFC 1950), as RFC 9110 has it.
    Deflate,
}

/// Why a body is not unpacked.
#[derive(Debug)]
pub(crate) enum UnpackError {
    TooLarge,
    /// There is no room for it beside other bodies.
    NoRoom(Failure),
    Damaged(io::Error),
}

impl ContentEncoding {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            ContentEncoding::Gzip => "gzip",
            ContentEncoding::Deflate => "deflate",
        }
    }

    /// How a request's body is compressed, if it is.
    ///
    /// # Errors
    /// What the header says, if that is neither.
    pub(crate) fn of_body(headers: &HeaderMap) -> Result<Option<ContentEncoding>, String> {
        let mut encodings = headers.get_all(header::CONTENT_ENCODING);
        let Some(encoding) = encodings.next() else { return Ok(None) };
        let text = String::from_utf8_lossy(encoding.as_bytes());
        let text = text.trim();
        if encodings.next().is_some() {
            return Err("more than one".to_owned());
        }
        match text.to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(None),
            "gzip" | "x-gzip" => Ok(Some(ContentEncoding::Gzip)),
            "deflate" => Ok(Some(ContentEncoding::Deflate)),
            _ => Err(text.to_owned()),
        }
    }

    /// The one that the client likes best, if it likes any better than none.
    pub(crate) fn of_answer(headers: &HeaderMap) -> Option<ContentEncoding> {
        let accepted = headers.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
        let quality = |name: &str| {
            let offers = accepted.split(',').map(|offer| offer.split_once(';').unwrap_or((offer, "")));
            let wanted = |(offer, _): &(&str, &str)| offer.trim().eq_ignore_ascii_case(name);
            offers.clone().find(wanted).map(|(_, weight)| quality_of(weight))
        };
        let identity = quality("identity").unwrap_or(0.0);
        // Deflate first: of two that are liked equally it is the shorter one.
        let both = [ContentEncoding::Gzip, ContentEncoding::Deflate];
        let liked = both.map(|encoding| (encoding, quality(encoding.as_str()).unwrap_or(0.0)));
        let best = liked.into_iter().max_by(|(_, a), (_, b)| a.total_cmp(b));
        best.filter(|&(_, quality)| quality > 0.0 && quality >= identity).map(|(encoding, _)| encoding)
    }

    /// The body as it was, of at most `most` bytes: it is never expanded beyond. `room` is asked for each piece whether there may
    /// be so many bytes in all.
    pub(crate) fn unpack(
        self,
        packed: &[u8],
        most: usize,
        room: impl FnMut(usize) -> Result<(), Failure>,
    ) -> Result<Vec<u8>, UnpackError> {
        match self {
            ContentEncoding::Gzip => read_all(&mut MultiGzDecoder::new(packed), most, room),
            ContentEncoding::Deflate => {
                let mut decoder = ZlibDecoder::new(packed);
                let body = read_all(&mut decoder, most, room)?;
                if decoder.total_in() < packed.len() as u64 {
                    let cause = io::Error::new(io::ErrorKind::InvalidData, "something is behind its end");
                    return Err(UnpackError::Damaged(cause));
                }
                Ok(body)
            }
        }
    }

    /// The body compressed, for speed rather than for size.
    pub(crate) fn pack(self, body: &[u8]) -> io::Result<Vec<u8>> {
        let packed = Vec::with_capacity(body.len() / 2);
        match self {
            ContentEncoding::Gzip => {
                let mut encoder = GzEncoder::new(packed, Compression::fast());
                encoder.write_all(body)?;
                encoder.finish()
            }
            ContentEncoding::Deflate => {
                let mut encoder = ZlibEncoder::new(packed, Compression::fast());
                encoder.write_all(body)?;
                encoder.finish()
            }
        }
    }
}

/// Reads to the end, piece by piece.
fn read_all(
    from: &mut impl Read,
    most: usize,
    mut room: impl FnMut(usize) -> Result<(), Failure>,
) -> Result<Vec<u8>, UnpackError> {
    let mut body = Vec::new();
    loop {
        // One byte more than there may be tells that there is more.
        let piece = PIECE.min(most + 1 - body.len());
        room(body.len() + piece).map_err(UnpackError::NoRoom)?;
        let read = from.take(piece as u64).read_to_end(&mut body).map_err(UnpackError::Damaged)?;
        if body.len() > most {
            return Err(UnpackError::TooLarge);
        }
        if read < piece {
            return Ok(body);
        }
    }
}

/// Of `q=0.5`; 1 if there is none.
fn quality_of(weight: &str) -> f64 {
    let value = weight.trim().strip_prefix("q=").or_else(|| weight.trim().strip_prefix("Q="));
    value.map_or(1.0, |value| value.trim().parse().ok().filter(|q| (0.0..=1.0).contains(q)).unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{self, HeaderMap, HeaderValue};

    use ferrocast_protocol::ApiError;

    use super::{ContentEncoding, PIECE, UnpackError};
    use crate::error::Failure;

    fn roomy(_: usize) -> Result<(), Failure> {
        Ok(())
    }

    #[test]
    fn bodies_survive() {
        let body = b"some bytes, some bytes, some bytes".repeat(50);
        for encoding in [ContentEncoding::Gzip, ContentEncoding::Deflate] {
            let packed = encoding.pack(&body).unwrap();
            assert!(packed.len() < body.len() / 4);
            assert_eq!(encoding.unpack(&packed, body.len(), roomy).unwrap(), body);
            assert!(matches!(encoding.unpack(&packed, body.len() - 1, roomy), Err(UnpackError::TooLarge)));
            for cut in [0, 1, 10, packed.len() - 1] {
                assert!(matches!(encoding.unpack(&packed[..cut], 9999, roomy), Err(UnpackError::Damaged(_))), "{cut}");
            }
            let more = [packed.as_slice(), b"more"].concat();
            assert!(matches!(encoding.unpack(&more, 9999, |_| Ok(())), Err(UnpackError::Damaged(_))));
        }
    }

    #[test]
    fn the_client_chooses() {
        let chosen = |accepted: &'static str| {
            let headers: HeaderMap =
                [(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))].into_iter().collect();
            ContentEncoding::of_answer(&headers).map(ContentEncoding::as_str)
        };
        assert_eq!(chosen("gzip"), Some("gzip"));
        assert_eq!(chosen("gzip, deflate"), Some("deflate"));
        assert_eq!(chosen("deflate;q=0.5, GZIP;q=0.8"), Some("gzip"));
        assert_eq!(chosen("gzip;q=0, identity"), None);
        assert_eq!(chosen("gzip;q=0.5, identity;q=1"), None);
        assert_eq!(chosen("br"), None);
        assert_eq!(ContentEncoding::of_answer(&HeaderMap::new()), None);
    }

    #[test]
    fn nothing_is_expanded_beyond_the_room_there_is() {
        let bomb = vec![0; 8 * PIECE];
        for encoding in [ContentEncoding::Gzip, ContentEncoding::Deflate] {
            let packed = encoding.pack(&bomb).unwrap();
            let mut asked = 0;
            let room = |bytes| {
                asked = bytes;
                if bytes > 3 * PIECE { Err(ApiError::internal().into()) } else { Ok(()) }
            };
            assert!(matches!(encoding.unpack(&packed, bomb.len(), room), Err(UnpackError::NoRoom(_))));
            assert_eq!(asked, 4 * PIECE);
        }
    }
}
