//! The server with engines that sleep, for `cargo xtask bench-pool`: what it does under load, with the cost of a run
//! known and no processor time spent on it.
//!
//! `timed_engine <models>` serves the folder on a free port. A model file there holds the milliseconds that a run takes,
//! whatever its rows; answers are the rows.
#![allow(clippy::print_stdout, reason = "a program whose output is read by another")]

use std::env;
use std::error::Error;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use actix_web::rt::System;
use ferrocast_engine::{
    Dim, Dtype, EngineLoader, InferenceEngine, Inspection, LoadError, LoadOptions, ModelSource, Signature, Tensor,
    TensorSpec,
};
use ferrocast_pipeline::Loaders;
use ferrocast_server::{Config, Flags, Server, Sources};
use ferrocast_testkit::{FakeEngine, FakeLoader};

/// Loads such files, under the engine name `timed`.
#[derive(Debug)]
struct TimedLoader;

fn engine(source: ModelSource<'_>) -> Result<FakeEngine, LoadError> {
    let text = String::from_utf8_lossy(source.bytes);
    let milliseconds = text.trim().parse().map_err(|cause| LoadError::Malformed(Box::new(cause)))?;
    let spec = |name: &str| TensorSpec::new(name, Dtype::F32, vec![Dim::Batch, Dim::Fixed(1)]);
    let signature = Signature::new(vec![spec("x")], vec![spec("y")]);
    Ok(FakeEngine::new(signature, move |inputs: &[Tensor]| {
        thread::sleep(Duration::from_millis(milliseconds));
        Ok(inputs.to_vec())
    }))
}

impl EngineLoader for TimedLoader {
    fn name(&self) -> &'static str {
        "timed"
    }

    fn load(&self, source: ModelSource<'_>, _: &LoadOptions) -> Result<Arc<dyn InferenceEngine>, LoadError> {
        Ok(Arc::new(engine(source)?))
    }

    fn inspect(&self, source: ModelSource<'_>) -> Result<Inspection, LoadError> {
        FakeLoader(engine(source)?).inspect(source)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let models = env::args().nth(1).ok_or("which folder of models?")?;
    let flags = Flags { models: Some(models), port: Some("0".to_owned()), ..Flags::default() };
    let config = Config::from_sources(&Sources { flags, ..Sources::default() })?;
    System::new().block_on(async {
        let server = Server::start(config, Loaders::new().with(TimedLoader)).await?;
        println!("listening on http://{}", server.address());
        Ok(server.finished().await?)
    })
}
