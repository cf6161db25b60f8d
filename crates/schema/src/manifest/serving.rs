//! `[serving]`: where a model runs and how its rows are batched.

use garde::Validate;

/// Where inference runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServingMode {
    /// Decided by the cost measured at warm-up.
    #[default]
    Auto,
    /// On the thread that read the request: for models of microseconds.
    Inline,
    /// On the pool of workers, batched.
    Pooled,
}

impl ServingMode {
    /// All modes, with the words that name them in a manifest.
    pub const ALL: [(&'static str, ServingMode); 3] =
        [("auto", ServingMode::Auto), ("inline", ServingMode::Inline), ("pooled", ServingMode::Pooled)];

    /// The word for it in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            ServingMode::Auto => "auto",
            ServingMode::Inline => "inline",
            ServingMode::Pooled => "pooled",
        }
    }
}

/// What is run before a model counts as ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Warmup {
    /// The features' examples.
    #[default]
    Examples,
    /// Nothing.
    None,
}

impl Warmup {
    /// Both choices, with the words that name them in a manifest.
    pub const ALL: [(&'static str, Warmup); 2] = [("examples", Warmup::Examples), ("none", Warmup::None)];

    /// The word for it in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Warmup::Examples => "examples",
            Warmup::None => "none",
        }
    }
}

/// `[serving]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Validate)]
pub struct ServingSection {
    /// Where inference runs.
    #[garde(skip)]
    pub mode: ServingMode,
    /// Most rows in one run, which may be those of several requests. Unless given, as many as were measured to pay.
    #[garde(inner(range(min = 1, max = Self::MOST_BATCH_ROWS)))]
    pub max_batch_rows: Option<usize>,
    /// Most rows waiting; more are refused at once. Unless given, as many as are run in a few seconds.
    #[garde(inner(range(min = 1, max = 1_048_576)))]
    pub max_queue_rows: Option<usize>,
    /// How long a row may wait for company, in microseconds; 0 never waits.
    #[garde(range(max = Self::LONGEST_DELAY_US))]
    pub max_delay_us: u64,
    /// Most threads of the pool that work for this model at a time. Unless given, all but one.
    #[garde(inner(range(min = 1, max = 1024)))]
    pub threads: Option<usize>,
    /// What is run before the model is ready.
    #[garde(skip)]
    pub warmup: Warmup,
}

impl ServingSection {
    /// The most that `max_batch_rows` may be.
    pub const MOST_BATCH_ROWS: usize = 65_536;
    /// The most that `max_delay_us` may be: a second.
    pub const LONGEST_DELAY_US: u64 = 1_000_000;
}
