//! Tree ensembles: from the attributes of an ONNX node to forests that run fast and cannot go wrong.
//!
//! The way of a model file through this module:
//!
//! 1. [`lists`] (opsets 1 and 3) and [`positions`] (opset 5) read the node's attributes, check them, and find every
//!    reference: [`graph`]s, mostly of one tree each. What leaves vote for stays in the lists ([`votes`]).
//! 2. [`compile`] goes through these trees, in groups and in threads, which must have no cycles, and writes each [`rule`] as comparisons of one kind,
//!    `column <= bound` ([`split`], [`chains`], [`columns`]).
//! 3. [`forest`] lays these out: a comparison is an [`entry`] of 8 or 16 bytes, its threshold a [`key`], the votes of the
//!    leaves beside them or in the same bytes ([`leaves`]). A [`forest::Forest`] is correct by construction.
//! 4. [`walk`] takes rows down the trees, and [`lone_row`] the few that are no block; [`shallow`] is the faster way for small trees.
//!    These are the hot loops, and all of them. They know neither rules nor missing values nor types.
//! 5. [`scores`] chooses between them and makes scores of the votes.
//! 6. [`ensemble`] is what the operators see.
//!
//! # Why it is fast
//!
//! What a walk over a tree spends its time on are mispredicted jumps, and waiting for memory. So (the figures are in
//! docs/performance.md):
//!
//! - *No jumps.* Next place is `child + (key < column)`; a leaf goes on at itself. (Comparing instead of jumping: Asadi,
//!   Lin and de Vries, 2014, who also interleave walks; here, eight rows or ten trees.)
//! - *Nobody waits for the deepest.* A lone row goes as deep as leaves are in the mean, and from there only where it has not arrived.
//! - *Integers.* Features become [`key`]s once per row, and a comparison is one cycle instead of four. Missing values,
//!   strict rules and doubles against floats are decided there too, so all forests have one loop.
//! - *Small entries.* Siblings are neighbours, so one child is enough; 8 bits are enough for the column and 24 for a place.
//!   Eight entries share a cache line, where ONNX Runtime has two or three.
//! - *Likely ways are short.* The larger subtree lies right behind its parent.
//! - *Leaves in the entries*, for what they vote; or shared, where they vote alike.
//! - *Blocks.* A tree is fetched once for a block of rows, whose columns stay in the cache beside it.
//!
//! There is no `unsafe` here: columns, and for a lone row places, are numbered by bits that cannot leave their window. Without the
//! checks that are left the loops were hardly faster.

mod chains;
mod columns;
mod compile;
mod ensemble;
mod entry;
mod forest;
mod graph;
mod index;
mod inputs;
mod integers;
mod key;
mod leaves;
mod lists;
mod lone_row;
mod modes;
mod numbers;
mod places;
mod positions;
mod recent;
mod rule;
mod scores;
mod shallow;
mod split;
mod votes;
mod walk;

pub(crate) use ensemble::Ensemble;
pub use inputs::{compared_features, routes_missing};
pub use integers::PackedIntegers;
pub use lists::is_read_past;
pub(crate) use lists::{Lists, Prefix};
pub use modes::{mode_byte, mode_name};
pub(crate) use positions::Positions;
pub(crate) use scores::Aggregate;
