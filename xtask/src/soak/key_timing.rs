//! P36 of the reliability promises: how long a key is refused says nothing about it, neither where it differs from a valid one nor
//! whether it was one once.

use anyhow::ensure;
use xshell::{Shell, cmd};

/// What leaks shows each time; what another process did shows once.
const TRIES: usize = 3;

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    let is_even =
        || cmd!(sh, "cargo run --release --locked --package ferrocast-access --example key_timing").run().is_ok();
    ensure!((0..TRIES).any(|_| is_even()), "in each of {TRIES} tries the time to refuse a key told something about it");
    println!("key-timing: refusals of keys take equally long");
    Ok(())
}
