//! The bytes of a model file, in memory that is quick to fill.

use std::fmt;
use std::io::{self, Read};
use std::ops::Deref;

use memmap2::MmapMut;

/// Files of so many bytes are read into large pages.
const LARGE_PAGE: usize = 2 << 20;

/// A whole model file.
///
/// Reading a large file into fresh memory takes its time for the pages, of 4 KiB each, that the memory is made of: four fifths
/// of it. So a large file gets large pages, where the system has some; they are given back as soon as the bytes are dropped.
pub struct ModelBytes(Memory);

enum Memory {
    Heap(Vec<u8>),
    /// Memory that no file is behind, and so many bytes of it.
    Pages(MmapMut, usize),
}

impl ModelBytes {
    /// All that `reader` has, which is expected to be `expected` bytes. It may be more or less.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn read(mut reader: impl Read, expected: u64) -> io::Result<ModelBytes> {
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        let Some(mut pages) = large_pages(expected) else {
            return ModelBytes::read_more(vec![], reader);
        };
        let length = fill(&mut pages, &mut reader)?;
        if length < pages.len() {
            return Ok(ModelBytes(Memory::Pages(pages, length)));
        }
        ModelBytes::read_more(pages.to_vec(), reader)
    }

    fn read_more(mut bytes: Vec<u8>, mut reader: impl Read) -> io::Result<ModelBytes> {
        reader.read_to_end(&mut bytes)?;
        Ok(ModelBytes(Memory::Heap(bytes)))
    }
}

/// Memory for more than `length` bytes, if that is much and there is some.
fn large_pages(length: usize) -> Option<MmapMut> {
    if length < LARGE_PAGE {
        return None;
    }
    let pages = MmapMut::map_anon(length.checked_add(1)?.checked_next_multiple_of(LARGE_PAGE)?).ok()?;
    // Where it is refused, pages are small.
    #[cfg(target_os = "linux")]
    drop(pages.advise(memmap2::Advice::HugePage));
    Some(pages)
}

/// Reads until the end, or until `memory` is full; returns how much there was.
fn fill(memory: &mut [u8], reader: &mut impl Read) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = memory.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(length)
}

impl Deref for ModelBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Memory::Heap(bytes) => bytes,
            Memory::Pages(pages, length) => pages.get(..*length).unwrap_or_default(),
        }
    }
}

impl fmt::Debug for ModelBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ModelBytes").field(&self.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{LARGE_PAGE, ModelBytes};

    #[test]
    fn all_is_read_whatever_was_expected() {
        for length in [0, 1000, LARGE_PAGE - 1, LARGE_PAGE, 3 * LARGE_PAGE + 1] {
            let bytes: Vec<u8> = (0..length).map(|position| (position % 251) as u8).collect();
            for expected in [0, 1000, LARGE_PAGE - 1, LARGE_PAGE, length] {
                let read = ModelBytes::read(bytes.as_slice(), expected as u64).unwrap();
                assert!(*read == *bytes, "{length} {expected}");
            }
        }
    }

    #[test]
    fn what_no_memory_holds_is_read_as_far_as_it_goes() {
        assert_eq!(*ModelBytes::read(&b"short"[..], u64::MAX).unwrap(), *b"short");
    }
}
