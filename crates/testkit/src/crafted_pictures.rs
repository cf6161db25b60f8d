//! Pictures that no camera makes: of any size, of the most that a format can hold, or of parts that contradict each other.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// A PNG of black pixels, of so many bits and channels; `colour` is that of the format (0 grey, 2 red green blue, 6 with
/// alpha). `more` are chunks between the head and the pixels.
///
/// # Panics
/// If memory is not enough.
pub fn png(width: u32, height: u32, bits: u8, colour: u8, more: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let channels = match colour {
        2 => 3,
        6 => 4,
        _ => 1,
    };
    let row = 1 + (width as usize * usize::from(bits) * channels).div_ceil(8);
    let mut pixels = ZlibEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..height {
        pixels.write_all(&vec![0; row]).expect("memory");
    }
    let pixels = pixels.finish().expect("memory");
    let head = png_head(width, height, bits, colour);
    let chunks: [&[(&[u8; 4], &[u8])]; 3] = [&[(b"IHDR", &head)], more, &[(b"IDAT", &pixels), (b"IEND", b"")]];
    png_of(&chunks.concat())
}

/// The content of the chunk `IHDR`.
pub fn png_head(width: u32, height: u32, bits: u8, colour: u8) -> Vec<u8> {
    [&width.to_be_bytes()[..], &height.to_be_bytes(), &[bits, colour, 0, 0, 0]].concat()
}

/// A PNG of these chunks.
pub fn png_of(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in chunks {
        let mut sum = flate2::Crc::new();
        sum.update(*name);
        sum.update(content);
        file.extend((content.len() as u32).to_be_bytes());
        file.extend(*name);
        file.extend(*content);
        file.extend(sum.sum().to_be_bytes());
    }
    file
}

/// EXIF that says how a picture is to be turned: 1 to 8.
pub fn exif_orientation(orientation: u8) -> Vec<u8> {
    // Little-endian; one entry, at byte 8: tag 0x0112, one number of two bytes.
    [&b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"[..], &[orientation, 0, 0, 0], &[0; 4]].concat()
}

/// A WebP of these chunks.
pub fn webp_of(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (name, content) in chunks {
        body.extend(*name);
        body.extend((content.len() as u32).to_le_bytes());
        body.extend(*content);
        body.extend(vec![0; content.len() % 2]);
    }
    [b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat()
}

/// The content of the chunk `VP8X`: what the whole picture is. Of the flags, 2 is an animation, 8 EXIF, 16 transparency.
pub fn webp_head(width: u32, height: u32, flags: u8) -> Vec<u8> {
    [&[flags, 0, 0, 0], &(width - 1).to_le_bytes()[..3], &(height - 1).to_le_bytes()[..3]].concat()
}

/// The content of the chunk `VP8 `: a lossy frame of one colour (RFC 6386, section 9).
pub fn lossy_frame(width: u16, height: u16) -> Vec<u8> {
    // Zeros are the simplest mode and no coefficients for each square of sixteen pixels, in few bytes of both partitions.
    let squares = usize::from(width.div_ceil(16)) * usize::from(height.div_ceil(16));
    let (modes, coefficients) = (64 + 6 * squares, 64 + 12 * squares);
    // A key frame that is shown, and the length of its first partition.
    let tag = 1 << 4 | (modes as u32) << 5;
    let size = [width.to_le_bytes(), height.to_le_bytes()].concat();
    [&tag.to_le_bytes()[..3], &[0x9d, 0x01, 0x2a], &size, &vec![0; modes + coefficients]].concat()
}

/// The content of the chunk `VP8L`: a lossless frame of black pixels with so many sets of prefix codes.
pub fn lossless_frame(width: u32, height: u32, sets: u16) -> Vec<u8> {
    let size = (width - 1) | (height - 1) << 14;
    [&[0x2f], &size.to_le_bytes()[..], &lossless_stream(sets)].concat()
}

/// What follows the size in a lossless frame: black pixels, and so many sets of prefix codes, which but for the last one
/// have a table of 1,024 entries for each code.
pub fn lossless_stream(sets: u16) -> Vec<u8> {
    let mut bits = Bits::default();
    // Neither transforms nor a cache of colours, but an entropy image, of blocks of 512 pixels and without a cache: all
    // pixels are of the last set. Green is the lower byte of its number, red the upper one.
    bits.put(0b00, 2);
    bits.put(1, 1);
    bits.put(7, 3);
    bits.put(0, 1);
    let [green, red] = (sets - 1).to_le_bytes();
    bits.put_codes_of_one_symbol([green, red, 0, 0, 0]);
    let mut large = Bits::default();
    (0..5).for_each(|_| large.put_longest_code());
    for _ in 1..sets {
        bits.0.extend(&large.0);
    }
    bits.put_codes_of_one_symbol([0; 5]);
    bits.bytes()
}

/// Bits, least significant first.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, value: u32, count: usize) {
        self.0.extend((0..count).map(|bit| value >> bit & 1 == 1));
    }

    /// Codes of which nothing is written where they are used.
    fn put_codes_of_one_symbol(&mut self, symbols: [u8; 5]) {
        for symbol in symbols {
            self.put(0b101, 3);
            self.put(symbol.into(), 8);
        }
    }

    /// A code of eleven symbols, of 1, 2 … 9, 10 and 10 bits.
    fn put_longest_code(&mut self) {
        // Not a short one. Fourteen lengths follow of the code that the lengths are written in: those of the symbols 17,
        // 18, 0, 1, 2, 3, 4, 5, 16, 6 … 10. The first six of 1 to 10 have three bits, the others four.
        self.put(0, 1);
        self.put(14 - 4, 4);
        for length in [0, 0, 0, 3, 3, 3, 3, 3, 0, 3, 4, 4, 4, 4] {
            self.put(length, 3);
        }
        // Eleven symbols are written: less two, in 2 + 2 * 1 bits.
        self.put(1, 1);
        self.put(1, 3);
        self.put(9, 4);
        for length in (1..=10).chain([10]) {
            // Codes of three bits count from 0, those of four go on from 12. They begin with their highest bit.
            let (code, count) = if length <= 6 { (length - 1, 3) } else { (length + 5, 4) };
            (0..count).rev().for_each(|bit| self.put(code >> bit & 1, 1));
        }
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.chunks(8).map(|bits| bits.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit))).collect()
    }
}

/// The place of a marker in a JPEG.
///
/// # Panics
/// If it is not there.
pub fn jpeg_marker(file: &[u8], marker: u8) -> usize {
    file.windows(2).position(|bytes| bytes == [0xff, marker]).expect("the marker")
}

/// A JPEG with another size in its head, which is that of a sequential one.
pub fn jpeg_of_size(mut file: Vec<u8>, width: u16, height: u16) -> Vec<u8> {
    let frame = jpeg_marker(&file, 0xc0);
    file[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    file[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    file
}

/// A JPEG with the same segment so many times behind its start.
pub fn jpeg_with_segments(file: &[u8], marker: u8, content: &[u8], times: usize) -> Vec<u8> {
    let length = (content.len() as u16 + 2).to_be_bytes();
    let segment = [&[0xff, marker], &length[..], content].concat();
    [&file[..2], &segment.repeat(times), &file[2..]].concat()
}

/// A JPEG with its last scan so many times more.
///
/// # Panics
/// If it has no scan.
pub fn jpeg_with_scans(file: &[u8], times: usize) -> Vec<u8> {
    let last = file.windows(2).rposition(|bytes| bytes == [0xff, 0xda]).expect("a scan");
    let end = file.len() - 2;
    [&file[..end], &file[last..end].repeat(times), &file[end..]].concat()
}
