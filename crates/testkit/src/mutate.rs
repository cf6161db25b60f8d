//! Damaged copies of a file, the same ones in every run.

/// Makes damaged copies of a file: flipped bytes, runs of 0xff, deletions, truncations. Seeded, so that a failure can be
/// repeated.
#[derive(Debug)]
pub struct Mutator {
    state: u64,
}

impl Mutator {
    /// A mutator of this seed.
    pub fn new(seed: u64) -> Mutator {
        Mutator { state: seed | 1 }
    }

    /// The next number of an xorshift generator (Marsaglia, 2003), below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % bound.max(1) as u64) as usize
    }

    /// A damaged copy of `original`.
    pub fn damage(&mut self, original: &[u8]) -> Vec<u8> {
        let mut bytes = original.to_vec();
        for _ in 0..1 + self.below(4) {
            let at = self.below(bytes.len());
            match self.below(4) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                1 => bytes.iter_mut().skip(at).take(4).for_each(|byte| *byte = 0xff),
                2 => drop(bytes.drain(at..bytes.len().min(at + 3))),
                _ => bytes.truncate(at),
            }
        }
        bytes
    }
}
