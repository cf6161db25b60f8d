//! The scripts that Redis runs.

use std::sync::LazyLock;

use redis::Script;

/// Writes nothing, so Redis runs it whatever state it is in.
const READS: &str = "#!lua flags=no-writes\n";
/// Runs even if Redis has no memory left: it gives memory back, or needs hardly any.
const FREES: &str = "#!lua flags=allow-oom\n";
/// Refused as a whole if Redis has no memory left.
const GROWS: &str = "#!lua\n";

macro_rules! scripts {
    ($($name:ident = $kind:ident $file:literal),+ $(,)?) => {
        $(pub(super) static $name: LazyLock<Script> = LazyLock::new(|| {
            Script::new(&[$kind, include_str!("lua/prelude.lua"), include_str!($file)].concat())
        });)+
    };
}

scripts! {
    SUBMIT = GROWS "lua/submit.lua",
    RECORD = READS "lua/record.lua",
    LIST = FREES "lua/list.lua",
    CANCEL = FREES "lua/cancel.lua",
    CLAIM = FREES "lua/claim.lua",
    SETTLE = FREES "lua/settle.lua",
    KEEP = FREES "lua/keep.lua",
    CLAIM_DELIVERIES = FREES "lua/claim_deliveries.lua",
    SETTLE_DELIVERY = FREES "lua/settle_delivery.lua",
    REPLAY = FREES "lua/replay.lua",
    SWEEP = FREES "lua/sweep.lua",
    COUNTS = READS "lua/counts.lua",
    CLOSE = FREES "lua/close.lua",
}
