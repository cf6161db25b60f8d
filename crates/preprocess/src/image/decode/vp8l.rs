//! What decoding a lossless WebP takes beside its pixels.
//!
//! A lossless picture has sets of prefix codes, up to 65,536 of them, and a decoder builds tables for all. How many there
//! are is the largest number in a picture of their numbers, the entropy image, so that no length in the file tells it: two
//! megabytes can ask for more than a gigabyte of tables. This reads a stream up to where its pixels begin, and adds up.
//!
//! The format is RFC 9649, section 3; the sizes are those of `image-webp`'s tables.

/// Red, green, blue, alpha.
const PIXEL: usize = 4;
/// Codes of a set: green and lengths and cached colours, red, blue, alpha, distances.
const ALPHABETS: [usize; 5] = [LITERALS + LENGTHS, LITERALS, LITERALS, LITERALS, 40];
const LITERALS: usize = 256;
const LENGTHS: usize = 24;
/// The lengths of a code are written in a code of their own, whose lengths come in this order.
const LENGTH_ORDER: [usize; 19] = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const LONGEST_CODE: usize = 15;

/// A code's place in its set, three times while the list of sets grows, and the heads of two allocations.
const CODE_BYTES: usize = 3 * 56 + 2 * 16;
/// Codes up to so many bits are looked up in a table, longer ones in a tree.
const TABLE_BITS: usize = 10;
const TABLE_ENTRY: usize = 4;
/// Nodes for each symbol of the tree, and bytes of one.
const TREE_SYMBOL: usize = 2 * 16;

/// The bytes that transforms and prefix codes take, counted until they are more than `limit`. `stream` begins behind the
/// signature and the size. `None` if it is damaged.
pub(super) fn memory(stream: &[u8], [width, height]: [usize; 2], limit: usize) -> Option<usize> {
    let mut reader = Reader { stream, position: 0 };
    let (transforms, width) = transforms(&mut reader, width, height)?;
    let cached = reader.cached_colours()?;
    let (entropy_image, sets) = entropy_image(&mut reader, width, height)?;
    let mut bytes = transforms + entropy_image;
    for _ in 0..sets {
        if bytes > limit {
            break;
        }
        let codes = reader.prefix_codes(cached)?;
        bytes += codes.iter().map(PrefixCode::table_bytes).sum::<usize>();
    }
    Some(bytes)
}

/// The bytes of the transforms' own pictures, and how wide the picture is in the stream, where several pixels may share one.
fn transforms(reader: &mut Reader<'_>, mut width: usize, height: usize) -> Option<(usize, usize)> {
    let mut bytes = 0;
    let mut seen = [false; 4];
    while reader.flag()? {
        let kind = reader.bits(2)?;
        // None may come twice, else a few bits each could ask for the same work again and again.
        if std::mem::replace(seen.get_mut(kind)?, true) {
            return None;
        }
        match kind {
            // Predictors, colours.
            0 | 1 => {
                let block = reader.block_bits()?;
                let pixels = blocks(width, block) * blocks(height, block);
                reader.image(pixels)?;
                bytes += pixels * PIXEL;
            }
            // Green taken off: nothing follows.
            2 => {}
            // A palette.
            _ => {
                let colours = reader.bits(8)? + 1;
                reader.image(colours)?;
                bytes += colours * PIXEL;
                let sharing = match colours {
                    0..=2 => 3,
                    3..=4 => 2,
                    5..=16 => 1,
                    _ => 0,
                };
                width = blocks(width, sharing);
            }
        }
    }
    Some((bytes, width))
}

/// The bytes of the entropy image, if there is one, and how many sets of prefix codes there are.
fn entropy_image(reader: &mut Reader<'_>, width: usize, height: usize) -> Option<(usize, usize)> {
    if !reader.flag()? {
        return Some((0, 1));
    }
    let block = reader.block_bits()?;
    let pixels = blocks(width, block) * blocks(height, block);
    let largest = reader.image(pixels)?;
    // Read as pixels, kept as numbers of two bytes.
    Some((pixels * (PIXEL + 2), largest + 1))
}

/// How many blocks of `2^bits` pixels a side of so many has.
fn blocks(pixels: usize, bits: usize) -> usize {
    pixels.div_ceil(1 << bits)
}

/// A stream of bits, least significant first.
struct Reader<'a> {
    stream: &'a [u8],
    /// Bits read.
    position: usize,
}

impl Reader<'_> {
    /// At most 24 bits.
    fn bits(&mut self, count: usize) -> Option<usize> {
        let end = self.position + count;
        if end > self.stream.len() * 8 {
            return None;
        }
        let mut window = [0; 4];
        let rest = self.stream.get(self.position / 8..)?;
        for (byte, &read) in window.iter_mut().zip(rest) {
            *byte = read;
        }
        let bits = u32::from_le_bytes(window) >> (self.position % 8) & ((1 << count) - 1);
        self.position = end;
        Some(bits as usize)
    }

    fn flag(&mut self) -> Option<bool> {
        Some(self.bits(1)? == 1)
    }

    fn block_bits(&mut self) -> Option<usize> {
        Some(self.bits(3)? + 2)
    }

    fn cached_colours(&mut self) -> Option<usize> {
        if !self.flag()? {
            return Some(0);
        }
        let bits = self.bits(4)?;
        (1..=11).contains(&bits).then_some(1 << bits)
    }

    /// Reads over a picture of so many pixels that has one set of codes. The answer is the largest number that red and
    /// green make together; what is not a literal repeats one, so that literals alone count.
    fn image(&mut self, pixels: usize) -> Option<usize> {
        let cached = self.cached_colours()?;
        let [green, red, blue, alpha, distance] = self.prefix_codes(cached)?;
        let (mut read, mut largest) = (0, 0);
        while read < pixels {
            let symbol = green.symbol(self)?;
            if symbol < LITERALS {
                largest = largest.max(red.symbol(self)? << 8 | symbol);
                blue.symbol(self)?;
                alpha.symbol(self)?;
                read += 1;
            } else if symbol < LITERALS + LENGTHS {
                read += self.prefixed(symbol - LITERALS)?;
                let prefix = distance.symbol(self)?;
                self.prefixed(prefix)?;
            } else {
                read += 1;
            }
        }
        (read == pixels).then_some(largest)
    }

    /// A length or a distance: the symbol says how many bits of it follow.
    fn prefixed(&mut self, symbol: usize) -> Option<usize> {
        if symbol < 4 {
            return Some(symbol + 1);
        }
        let more = (symbol - 2) / 2;
        Some(((2 + symbol % 2) << more) + self.bits(more)? + 1)
    }

    fn prefix_codes(&mut self, cached: usize) -> Option<[PrefixCode; ALPHABETS.len()]> {
        let [green, red, blue, alpha, distance] = ALPHABETS;
        Some([
            self.prefix_code(green + cached)?,
            self.prefix_code(red)?,
            self.prefix_code(blue)?,
            self.prefix_code(alpha)?,
            self.prefix_code(distance)?,
        ])
    }

    fn prefix_code(&mut self, alphabet: usize) -> Option<PrefixCode> {
        if self.flag()? {
            let two = self.flag()?;
            let first_bits = if self.flag()? { 8 } else { 1 };
            let mut symbols = vec![self.bits(first_bits)?];
            if two {
                symbols.push(self.bits(8)?);
            }
            return symbols.iter().all(|&symbol| symbol < alphabet).then(|| PrefixCode::short(symbols));
        }
        let mut lengths = [0; LENGTH_ORDER.len()];
        let count = 4 + self.bits(4)?;
        for &symbol in LENGTH_ORDER.iter().take(count) {
            *lengths.get_mut(symbol)? = self.bits(3)?;
        }
        let code = PrefixCode::new(&lengths)?;
        PrefixCode::new(&self.code_lengths(&code, alphabet)?)
    }

    /// The lengths of a code of so many symbols.
    fn code_lengths(&mut self, code: &PrefixCode, alphabet: usize) -> Option<Vec<usize>> {
        let written = if self.flag()? {
            let bits = 2 + 2 * self.bits(3)?;
            2 + self.bits(bits)?
        } else {
            alphabet
        };
        if written > alphabet {
            return None;
        }
        let mut lengths = Vec::with_capacity(alphabet);
        let mut last = 8;
        for _ in 0..written {
            if lengths.len() >= alphabet {
                break;
            }
            let (length, times) = match code.symbol(self)? {
                16 => (last, 3 + self.bits(2)?),
                17 => (0, 3 + self.bits(3)?),
                18 => (0, 11 + self.bits(7)?),
                length => (length, 1),
            };
            if length != 0 {
                last = length;
            }
            lengths.extend(std::iter::repeat_n(length, times));
        }
        if lengths.len() > alphabet {
            return None;
        }
        lengths.resize(alphabet, 0);
        Some(lengths)
    }
}

/// A canonical prefix code.
struct PrefixCode {
    /// How many symbols have a code of so many bits.
    counts: [usize; LONGEST_CODE + 1],
    /// By their codes.
    symbols: Vec<usize>,
}

impl PrefixCode {
    /// One symbol, which takes no bits, or two of one bit each.
    fn short(symbols: Vec<usize>) -> PrefixCode {
        let mut counts = [0; LONGEST_CODE + 1];
        counts[1] = symbols.len();
        PrefixCode { counts, symbols }
    }

    /// A code of these lengths, 0 for a symbol that has none. `None` unless every sequence of bits means something.
    fn new(lengths: &[usize]) -> Option<PrefixCode> {
        let mut counts = [0; LONGEST_CODE + 1];
        let mut symbols: Vec<usize> = (0..lengths.len()).filter(|&symbol| lengths.get(symbol) != Some(&0)).collect();
        symbols.sort_by_key(|&symbol| lengths.get(symbol));
        for &symbol in &symbols {
            *counts.get_mut(*lengths.get(symbol)?)? += 1;
        }
        let used: usize = counts.iter().enumerate().map(|(length, count)| count << (LONGEST_CODE - length)).sum();
        (symbols.len() == 1 || used == 1 << LONGEST_CODE).then_some(PrefixCode { counts, symbols })
    }

    /// The next symbol.
    fn symbol(&self, reader: &mut Reader<'_>) -> Option<usize> {
        if let [only] = self.symbols.as_slice() {
            return Some(*only);
        }
        // The codes of a length follow each other, and those of the next begin at twice the one behind them.
        let (mut code, mut first, mut shorter) = (0, 0, 0);
        for &count in self.counts.iter().skip(1) {
            code |= reader.bits(1)?;
            if code < first + count {
                return self.symbols.get(shorter + code - first).copied();
            }
            shorter += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }

    fn table_bytes(&self) -> usize {
        if self.symbols.len() == 1 {
            return CODE_BYTES;
        }
        let longest = self.counts.iter().rposition(|&count| count > 0).unwrap_or_default();
        let in_tree: usize = self.counts.iter().skip(TABLE_BITS + 1).sum();
        CODE_BYTES + (TABLE_ENTRY << longest.min(TABLE_BITS)) + in_tree * TREE_SYMBOL
    }
}
