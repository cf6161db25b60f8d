//! The markers of a JPEG file: how large the picture is, what decoding it takes, and whether its end is there.
//!
//! ITU-T T.81, annex B. The decoder tells none of this before it has begun, or not at all.

/// Start of scan.
const SOS: u8 = 0xda;
/// End of image.
const EOI: u8 = 0xd9;

/// A file with more segments is no picture: the decoder compares some of them with each other, again and again.
const MOST_SEGMENTS: usize = 2000;

/// Pixels across and down of a block of coefficients.
const BLOCK: usize = 8;

/// What the markers of a file say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Markers {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Blocks across and down that each colour has in a unit.
    sampling: Vec<[usize; 2]>,
    /// Colours or their details come in several scans, so that all coefficients are kept until the last.
    keeps_coefficients: bool,
    /// There are bytes between segments that belong to none.
    pub(super) has_stray_bytes: bool,
    /// The picture's end is there.
    pub(super) has_end: bool,
}

impl Markers {
    /// Goes through the file, up to its end or to where it breaks off.
    ///
    /// # Errors
    /// Why it is no picture: its size is not known, or it has too many segments.
    pub(super) fn read(bytes: &[u8]) -> Result<Markers, &'static str> {
        let mut markers = Markers::default();
        // Behind the start of image.
        let mut rest = bytes.get(2..).unwrap_or_default();
        let mut segments = 0;
        while let Some((marker, behind)) = markers.next_marker(rest) {
            segments += 1;
            if segments > MOST_SEGMENTS {
                return Err("it has more segments than a picture has");
            }
            rest = match marker {
                EOI => {
                    markers.has_end = true;
                    break;
                }
                // Those without a segment.
                0x01 | 0xd0..=0xd8 => behind,
                _ => {
                    let Some((segment, behind)) = segment(behind) else { break };
                    match marker {
                        0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf if markers.sampling.is_empty() => {
                            markers.frame(marker, segment).ok_or("its head is damaged")?;
                            behind
                        }
                        SOS => {
                            markers.keeps_coefficients |=
                                usize::from(*segment.first().ok_or("a scan is damaged")?) < markers.sampling.len();
                            behind_scan(behind)
                        }
                        _ => behind,
                    }
                }
            };
        }
        match (markers.sampling.is_empty(), markers.width.min(markers.height)) {
            (true, _) => Err("it has no frame"),
            // ITU-T T.81, B.2.5, lets a height of 0 be given behind the first scan. No camera does so.
            (false, 0) => Err("its head gives no size"),
            (false, _) => Ok(markers),
        }
    }

    /// Bytes of the coefficients that are kept while decoding, two for each.
    pub(super) fn coefficient_bytes(&self) -> usize {
        if !self.keeps_coefficients {
            return 0;
        }
        let across = self.sampling.iter().map(|[across, _]| *across).max().unwrap_or(1).max(1);
        let down = self.sampling.iter().map(|[_, down]| *down).max().unwrap_or(1).max(1);
        let units = self.width.div_ceil(BLOCK * across).saturating_mul(self.height.div_ceil(BLOCK * down));
        let blocks: usize = self.sampling.iter().map(|[across, down]| across * down).sum();
        units.saturating_mul(blocks).saturating_mul(BLOCK * BLOCK * 2)
    }

    /// The next marker and what is behind it.
    fn next_marker<'a>(&mut self, bytes: &'a [u8]) -> Option<(u8, &'a [u8])> {
        let start = memchr::memchr(0xff, bytes)?;
        self.has_stray_bytes |= start > 0;
        // A marker may be preceded by any number of these.
        let filled = bytes.get(start..)?;
        let marker = filled.iter().position(|&byte| byte != 0xff)?;
        Some((*filled.get(marker)?, filled.get(marker + 1..)?))
    }

    /// Reads a frame header: precision, height, width, and for each colour its number, its sampling and its table.
    fn frame(&mut self, marker: u8, segment: &[u8]) -> Option<()> {
        let (&[_, h1, h0, w1, w0, count], colours) = segment.split_first_chunk()?;
        self.height = usize::from(u16::from_be_bytes([h1, h0]));
        self.width = usize::from(u16::from_be_bytes([w1, w0]));
        let (colours, _) = colours.as_chunks::<3>();
        let sampling = |&[_, sampling, _]: &[u8; 3]| [usize::from(sampling >> 4), usize::from(sampling & 15)];
        self.sampling = colours.iter().take(usize::from(count)).map(sampling).collect();
        // Progressive: each scan adds some detail.
        self.keeps_coefficients |= matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce);
        (self.sampling.len() == usize::from(count)).then_some(())
    }
}

/// A segment, which begins with its length, and what is behind it.
fn segment(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, body) = bytes.split_first_chunk()?;
    body.split_at_checked(usize::from(u16::from_be_bytes(length)).checked_sub(2)?)
}

/// What is behind the compressed data of a scan: from the next marker on that is none of its own.
fn behind_scan(bytes: &[u8]) -> &[u8] {
    let is_own = |start: &usize| matches!(bytes.get(start + 1), Some(0x00 | 0xd0..=0xd7));
    let end = memchr::memchr_iter(0xff, bytes).find(|start| !is_own(start));
    end.and_then(|end| bytes.get(end..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Start, a frame of 16 x 9 pixels with three colours (2x2, 1x1, 1x1), and what follows.
    fn file(frame: u8, behind: &[u8]) -> Vec<u8> {
        let head = [0xff, 0xd8, 0xff, frame, 0, 17, 8, 0, 9, 0, 16, 3];
        [&head[..], &[1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0], behind].concat()
    }

    const SCAN: &[u8] = &[0xff, SOS, 0, 3, 3, 1, 2, 0xff, 0x00, 0xff, 0xd3, 4];

    #[test]
    fn size_and_end_are_found() {
        let whole = Markers::read(&file(0xc0, &[SCAN, &[0xff, 0xff, EOI, 7, 7]].concat())).unwrap();
        assert_eq!((whole.width, whole.height), (16, 9));
        assert!(whole.has_end && !whole.has_stray_bytes && !whole.keeps_coefficients);
        assert_eq!(whole.coefficient_bytes(), 0);
        let cut = Markers::read(&file(0xc0, SCAN)).unwrap();
        assert!(!cut.has_end);
    }

    #[test]
    fn an_end_inside_a_segment_is_none() {
        // The thumbnail in an application segment.
        let file = file(0xc0, &[&[0xff, 0xe1, 0, 6, 0xff, EOI, 0xff, EOI], SCAN].concat());
        assert!(!Markers::read(&file).unwrap().has_end);
    }

    #[test]
    fn coefficients_are_kept_for_later_scans() {
        let progressive = Markers::read(&file(0xc2, SCAN)).unwrap();
        // One unit of four blocks and two, of 64 coefficients each.
        assert_eq!(progressive.coefficient_bytes(), 6 * 64 * 2);
        let one_colour = [0xff, SOS, 0, 3, 1];
        assert_eq!(Markers::read(&file(0xc0, &one_colour)).unwrap().coefficient_bytes(), 6 * 64 * 2);
    }

    #[test]
    fn stray_bytes_are_seen() {
        let file = file(0xc0, &[&[1, 2, 3], SCAN, &[0xff, EOI]].concat());
        let markers = Markers::read(&file).unwrap();
        assert!(markers.has_stray_bytes && markers.has_end);
    }

    #[test]
    fn without_a_frame_there_is_nothing() {
        assert_eq!(Markers::read(&[0xff, 0xd8, 0xff, EOI]), Err("it has no frame"));
        assert_eq!(Markers::read(&[0xff]), Err("it has no frame"));
        let file = file(0xc0, SCAN);
        for end in 0..file.len() {
            drop(Markers::read(&file[..end]));
        }
    }
}
