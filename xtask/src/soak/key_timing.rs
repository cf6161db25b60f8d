//! P36 of the reliability promises: how long a key is refused says nothing about it, neither where it differs from a valid one nor
//! whether it was one once.

use xshell::{Shell, cmd};

pub(super) fn run(sh: &Shell) -> anyhow::Result<()> {
    cmd!(sh, "cargo run --release --locked --package ferrocast-access --example key_timing").run()?;
    println!("key-timing: refusals of keys take equally long");
    Ok(())
}
