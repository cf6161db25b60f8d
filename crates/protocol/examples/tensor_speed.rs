//! How fast a tensor in JSON is read, beside other readers of JSON that fill the same buffer:
//! `cargo run --release -p ferrocast-protocol --example tensor_speed`.
#![allow(clippy::print_stdout, reason = "a command line tool speaks on its terminal")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use ferrocast_engine::{Dim, Dtype, Signature, TensorSpec};
use ferrocast_protocol::oip::decode_infer;
use serde::Deserialize;

const ROWS: usize = 64;
const COLUMNS: usize = 1000;

/// Each reader in turn, so often; the best time counts, in which nothing came between.
const ROUNDS: usize = 200;

/// What serde makes of a request. Other readers check nothing.
#[derive(Deserialize)]
struct Request {
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct Input {
    data: Vec<f32>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let value = |number: usize| (number as f32 * 0.731).sin();
    let single: Vec<String> = (0..ROWS * COLUMNS).map(|number| value(number).to_string()).collect();
    let double: Vec<String> = (0..ROWS * COLUMNS).map(|number| f64::from(value(number)).to_string()).collect();
    for (name, numbers) in [("shortest digits", single), ("as Python's tolist writes them", double)] {
        let data = numbers.join(",");
        let body =
            format!(r#"{{"inputs":[{{"name":"x","datatype":"FP32","shape":[{ROWS},{COLUMNS}],"data":[{data}]}}]}}"#);
        println!("{name}, {} bytes:", body.len());
        let readers: [(&str, Reader); 4] =
            [("ferrocast", ferrocast), ("sonic-rs", sonic_rs), ("simd-json", simd_json), ("serde_json", serde_json)];
        let mut best = [f64::MAX; 4];
        for _ in 0..ROUNDS {
            for ((_, read), best) in readers.iter().zip(&mut best) {
                let mut bytes = black_box(body.clone().into_bytes());
                let start = Instant::now();
                let count = read(&mut bytes)?;
                *best = best.min(start.elapsed().as_secs_f64());
                assert_eq!(count, ROWS * COLUMNS, "numbers were lost");
            }
        }
        for ((reader, _), best) in readers.iter().zip(best) {
            println!("  {reader:<10} {:6.0} µs {:6.0} MB/s", best * 1e6, body.len() as f64 / best / 1e6);
        }
    }
    Ok(())
}

/// Reads a body, which it may destroy, into a buffer of `f32`; how many there are.
type Reader = fn(&mut [u8]) -> Result<usize, Box<dyn Error>>;

fn ferrocast(body: &mut [u8]) -> Result<usize, Box<dyn Error>> {
    let spec = TensorSpec::new("x", Dtype::F32, vec![Dim::Batch, Dim::Fixed(COLUMNS)]);
    let request = decode_infer(body, None, "m", &Signature::new(vec![spec], vec![]))?;
    Ok(black_box(request).inputs.iter().map(ferrocast_engine::Tensor::len).sum())
}

fn sonic_rs(body: &mut [u8]) -> Result<usize, Box<dyn Error>> {
    Ok(count(sonic_rs::from_slice(body)?))
}

fn simd_json(body: &mut [u8]) -> Result<usize, Box<dyn Error>> {
    Ok(count(simd_json::serde::from_slice(body)?))
}

fn serde_json(body: &mut [u8]) -> Result<usize, Box<dyn Error>> {
    Ok(count(serde_json::from_slice(body)?))
}

fn count(request: Request) -> usize {
    black_box(request).inputs.iter().map(|input| input.data.len()).sum()
}
