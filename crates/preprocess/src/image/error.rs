//! Why bytes are no picture that a model can be given.

use super::format::Format;

/// Bytes that do not become a tensor. It is always the sender's to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// Nothing was sent.
    #[error("the picture is empty: it has no bytes")]
    Empty,
    /// The first bytes are those of no format that is read.
    #[error("these bytes are no picture: they begin as neither PNG, JPEG nor WebP does")]
    UnknownFormat,
    /// There are several pictures in it.
    #[error("the {format} file is animated; send one picture")]
    Animated {
        /// Its format.
        format: Format,
    },
    /// One pixel across or down: there is nothing to be seen.
    #[error("the picture has {width} x {height} pixels; a side has at least 2")]
    Thin {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
    },
    /// A side is too long.
    #[error("the picture has {width} x {height} pixels; a side has at most {limit}")]
    Side {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// The most pixels of a side.
        limit: usize,
    },
    /// There are too many pixels.
    #[error("the picture has {width} x {height} pixels; there may be {limit} in all")]
    Pixels {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// The most pixels.
        limit: usize,
    },
    /// It would take too much memory.
    #[error("the {format} picture of {width} x {height} pixels takes {bytes} bytes to decode; it may take {limit}")]
    Memory {
        /// Its format.
        format: Format,
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
        /// What decoding takes.
        bytes: usize,
        /// What it may take.
        limit: usize,
    },
    /// The file is damaged, has lost its end, or uses a part of its format that nothing here reads.
    #[error("the {format} file cannot be decoded: {reason}")]
    Broken {
        /// Its format.
        format: Format,
        /// What its decoder says.
        reason: String,
    },
}

impl ImageError {
    /// `reason` is what the decoder says; some put it in quotes.
    pub(super) fn broken(format: Format, reason: impl ToString) -> ImageError {
        ImageError::Broken { format, reason: reason.to_string().trim_matches('"').to_owned() }
    }
}
