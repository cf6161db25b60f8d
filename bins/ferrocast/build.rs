//! Tells the linker which functions to put side by side: those that run until a server idles (`assets/link-order.ld`, which
//! `cargo xtask link-order` writes). The process then takes a fifth less of memory.
//!
//! Only for optimised builds, and only where Rust's own linker is known to be used: others may not take such a script.

use std::env;

const SCRIPT: &str = "assets/link-order.ld";

fn main() {
    println!("cargo::rerun-if-changed={SCRIPT}");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|set| set == value);
    let is_optimised = is("PROFILE", "release");
    // A path of counts (`-Cprofile-use`) may have any name.
    let is_of_linker = |flag: &str| flag.contains("link") && !flag.starts_with("-Cprofile-");
    let chooses_linker = env::var_os("RUSTC_LINKER").is_some()
        || env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| flags.split('\u{1f}').any(is_of_linker));
    if is_optimised && is("TARGET", "x86_64-unknown-linux-gnu") && !chooses_linker {
        let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rustc-link-arg-bin=ferrocast=-T{folder}/{SCRIPT}");
    }
}
