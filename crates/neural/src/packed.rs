//! Weights in the order in which kernels read them.

use fearless_simd::Level;

use crate::kernel::most_blocks;
use crate::lane::{CHANNELS, Lane};

/// Weights of some blocks of output channels that a tile computes together: `[terms][blocks]` lanes of 16 channels.
#[derive(Debug)]
pub(crate) struct Group {
    /// The number of the first block.
    pub(crate) first: usize,
    pub(crate) blocks: usize,
    pub(crate) weights: Vec<Lane>,
    /// Of each block.
    pub(crate) bias: Vec<Lane>,
}

/// All output channels. `weight` is what the sum of a channel has for a term: both are counted from zero.
pub(crate) fn groups(
    level: Level,
    channels: usize,
    terms: usize,
    bias: &[f32],
    weight: impl Fn(usize, usize) -> f32,
) -> Vec<Group> {
    let blocks = channels.div_ceil(CHANNELS);
    let bias = Lane::blocks(bias);
    let lane = |block: usize, term: usize| {
        let mut lane = Lane::ZERO;
        for (offset, value) in lane.0.iter_mut().enumerate() {
            let channel = block * CHANNELS + offset;
            if channel < channels {
                *value = weight(channel, term);
            }
        }
        lane
    };
    let mut groups = Vec::new();
    let mut first = 0;
    for width in widths(blocks, most_blocks(level)) {
        let mut weights = Vec::with_capacity(terms * width);
        for term in 0..terms {
            weights.extend((first..first + width).map(|block| lane(block, term)));
        }
        let bias = bias.iter().skip(first).take(width).copied().collect();
        groups.push(Group { first, blocks: width, weights, bias });
        first += width;
    }
    groups
}

/// As few groups as there can be of `most` blocks each, and none of them small: four are two and two, not three and one.
fn widths(blocks: usize, most: usize) -> impl Iterator<Item = usize> {
    let groups = blocks.div_ceil(most.max(1)).max(1);
    (0..groups).map(move |group| (blocks + group) / groups)
}

#[cfg(test)]
mod tests {
    use super::widths;

    #[test]
    fn groups_are_of_like_size() {
        let all = |blocks, most| widths(blocks, most).collect::<Vec<_>>();
        assert_eq!(all(1, 3), [1]);
        assert_eq!(all(4, 3), [2, 2]);
        assert_eq!(all(7, 3), [2, 2, 3]);
        assert_eq!(all(9, 3), [3, 3, 3]);
        assert_eq!(all(3, 1), [1, 1, 1]);
    }
}
