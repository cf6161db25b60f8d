//! Pictures without a server, for `cargo xtask bench`.
//!
//! ```text
//! picture_side predict <model folder> <picture> <threads> <seconds>   pictures a second: decoded, prepared, predicted
//! picture_side encode <model folder> <picture> <seconds>              microseconds for one picture: decoded, prepared
//! ```
//!
//! `models/train/bench/pillow_side.py` is the other side of the second one.
#![allow(clippy::print_stdout, reason = "a program that speaks on its standard output")]

use std::env;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use ferrocast_engine_tract::TractLoader;
use ferrocast_pipeline::{ImageLimits, Loaders, Pipeline, PredictError};

/// Runs before the measurement.
const WARM_UP: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let open = |model| Pipeline::open(model, &Loaders::new().with(TractLoader::new()));
    match *arguments {
        ["predict", model, picture, threads, seconds] => {
            let rate = predict(&open(model)?, &fs::read(picture)?, threads.parse()?, seconds.parse()?)?;
            println!("{rate}");
        }
        ["encode", model, picture, seconds] => {
            println!("{}", encode(&open(model)?, &fs::read(picture)?, seconds.parse()?)?);
        }
        _ => return Err("see the head of this file".into()),
    }
    Ok(())
}

/// Pictures a second, each thread with its own.
fn predict(pipeline: &Pipeline, picture: &[u8], threads: usize, seconds: f64) -> Result<f64, PredictError> {
    let work = || {
        let limits = ImageLimits::default();
        let (pictures, time) = repeat(seconds, || pipeline.predict_image(picture, &limits).map(drop))?;
        Ok(pictures as f64 / time.as_secs_f64())
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        all.into_iter().filter_map(|thread| thread.join().ok()).sum()
    })
}

/// Microseconds for one picture.
fn encode(pipeline: &Pipeline, picture: &[u8], seconds: f64) -> Result<f64, PredictError> {
    let limits = ImageLimits::default();
    let (pictures, time) = repeat(seconds, || pipeline.encode_image(picture, &limits).map(|it| drop(black_box(it))))?;
    Ok(time.as_secs_f64() * 1e6 / pictures as f64)
}

/// How often it was done in that time, which is exceeded by the last.
fn repeat(seconds: f64, mut work: impl FnMut() -> Result<(), PredictError>) -> Result<(usize, Duration), PredictError> {
    for _ in 0..WARM_UP {
        work()?;
    }
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed().as_secs_f64() < seconds {
        work()?;
        count += 1;
    }
    Ok((count, started.elapsed()))
}
