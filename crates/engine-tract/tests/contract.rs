//! tract keeps the engine contract.

#![allow(clippy::panic, reason = "a failed expectation ends the test")]

use ferrocast_engine::{EngineLoader, LoadError, LoadOptions, ModelSource};
use ferrocast_engine_tract::TractLoader;
use ferrocast_testkit::small_model;

#[test]
fn keeps_the_engine_contract() {
    ferrocast_testkit::engine_suite(&TractLoader::new());
}

#[test]
fn unsupported_operators_are_listed_at_once() {
    let (loader, bytes) = (TractLoader::new(), small_model("unsupported"));
    let source = ModelSource { name: "unsupported", bytes: &bytes };
    let loaded = loader.load(source, &LoadOptions::default());
    let Err(LoadError::Unsupported { ops }) = loaded else { panic!("{loaded:?}") };
    assert_eq!(ops, ["Det", "org.example:FooBar"]);
    assert_eq!(loader.inspect(source).unwrap().unsupported, ops);
}
